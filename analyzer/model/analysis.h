/* From traces to their facts. */
#ifndef MT_MODEL_ANALYSIS_H
#define MT_MODEL_ANALYSIS_H

#include "model/facts.h"
#include "model/moment.h"
#include "model/observe.h"
#include "model/selection.h"
#include "trace/trace.h"

/* Is told now and then how many events are done, of how many; may be NULL. */
typedef void analysis_progress(void *context, uint64_t done, uint64_t total);

/* How it is to be done; zero: everything is told of, to nobody. */
struct analysis_request {
    const struct selection *selection; /* NULL: all */
    const struct moment *at;           /* whose holders take the place of the peak's; NULL: none */
    struct observers *observers;       /* of each trace; or NULL */
    analysis_progress *progress;
    void *context; /* of progress */
};

/* Matches all events of the traces, whose damage grows by malformed blocks. A trace whose parent is
 * among them inherits its memory. facts[i] is of traces[i]; all are to be freed by the caller, on
 * success only. */
bool analysis_run(struct trace *traces, size_t count, struct facts *facts,
                  const struct analysis_request *request, struct error *error);

#endif
