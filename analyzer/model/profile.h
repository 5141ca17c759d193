/* A profile's figures as facts. */
#ifndef MT_MODEL_PROFILE_H
#define MT_MODEL_PROFILE_H

#include "model/facts.h"
#include "trace/trace.h"

/* Adds those that the trace's profile holds, if it has one, to the finished facts of its events:
 * those that were recorded after it. False when memory is short. */
bool profile_add(struct facts *facts, const struct trace *trace);

#endif
