#include "model/analysis.h"

#include "model/heap.h"
#include "trace/merge.h"

static bool match_all(struct merge *merge, struct heap *heap, analysis_progress *progress,
                      void *context, struct error *error) {
    const struct event *events;
    size_t count;

    for (;;) {
        if (!merge_next(merge, &events, &count, error))
            return false;
        if (count == 0)
            break;
        if (!heap_process(heap, events, count, error))
            return false;
        if (progress)
            progress(context, merge->delivered);
    }
    heap_finish(heap);
    return true;
}

bool analysis_run(struct trace *trace, struct facts *facts, analysis_progress *progress,
                  void *context, struct error *error) {
    struct merge merge = {0};
    struct heap heap = {0};
    size_t threads = trace->reader.stream_count;
    bool done = false;

    if (!facts_init(facts, trace->defs.contexts.count, threads, error))
        return false;
    if (heap_init(&heap, &trace->defs, facts, threads <= 1, error)) {
        done = merge_begin(&merge, &trace->reader, error) &&
               match_all(&merge, &heap, progress, context, error);
        merge_end(&merge);
        heap_free(&heap);
    }
    if (done)
        facts_finish(facts);
    else
        facts_free(facts);
    return done;
}
