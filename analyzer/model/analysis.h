/* From traces to their facts. */
#ifndef MT_MODEL_ANALYSIS_H
#define MT_MODEL_ANALYSIS_H

#include "model/facts.h"
#include "trace/trace.h"

/* Is told now and then how many events are done, of how many; may be NULL. */
typedef void analysis_progress(void *context, uint64_t done, uint64_t total);

/* Matches all events of the traces, whose damage grows by malformed blocks. A trace whose parent is
 * among them inherits its memory. facts[i] is of traces[i]; all are to be freed by the caller, on
 * success only. */
bool analysis_run(struct trace *traces, size_t count, struct facts *facts,
                  analysis_progress *progress, void *context, struct error *error);

#endif
