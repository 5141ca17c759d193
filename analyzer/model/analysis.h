/* From a trace to its facts. */
#ifndef MT_MODEL_ANALYSIS_H
#define MT_MODEL_ANALYSIS_H

#include "model/facts.h"
#include "trace/trace.h"

/* Is told now and then how many events are done; may be NULL. */
typedef void analysis_progress(void *context, uint64_t events);

/* Matches all events of the trace, whose damage grows by malformed blocks. The facts are to be
 * freed by the caller on success only. */
bool analysis_run(struct trace *trace, struct facts *facts, analysis_progress *progress,
                  void *context, struct error *error);

#endif
