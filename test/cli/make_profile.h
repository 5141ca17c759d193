/* Traces that hold a profile instead of events. */
#ifndef MAKE_PROFILE_H
#define MAKE_PROFILE_H

#include "trace_builder.h"

/* 0 if the kind is not known. */
int make_profile(struct builder *builder, const char *kind);

#endif
