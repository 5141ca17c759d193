/* A builder's file with its facts, as one observer saw it. */
#ifndef ANALYZER_OBSERVED_H
#define ANALYZER_OBSERVED_H

#include "test.h"

#include "model/observe.h"

struct observed {
    struct trace trace;
    struct facts facts;
    struct observers observers;
    struct observer *observer;
};

/* `request` may be NULL; of `places` and the rest see observe.h and analysis.h. */
static inline void observe(struct observed *observed, const struct builder *builder,
                           const struct observer_ops *ops, const void *options,
                           const struct analysis_request *request, bool *places) {
    const struct observer_request what = {ops, options};
    struct analysis_request how = request ? *request : (struct analysis_request){0};
    struct error error = {""};

    if (!trace_open_bytes(&observed->trace, builder->file.data, builder->file.size, &error))
        fail_msg("%s", error.text);
    assert_true(observers_create(&observed->observers, &what, 1, &observed->trace));
    observers_limit(&observed->observers, places);
    observed->observer = observed->observers.items[0];
    how.observers = &observed->observers;
    if (!analysis_run(&observed->trace, 1, &observed->facts, &how, &error))
        fail_msg("%s", error.text);
}

static inline void observed_free(struct observed *observed) {
    observers_free(&observed->observers);
    facts_free(&observed->facts);
    trace_close(&observed->trace);
}

#endif
