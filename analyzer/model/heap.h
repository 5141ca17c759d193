/* The matching engine: which allocation each free ends. Events come in order of time; the order of
 * events of different threads may be wrong within a short window, which is put right here:
 *
 * - An allocation at a live address ends the old block. If a free of that address by another
 *   thread than the allocation's follows within the window, it was the old block's, and the two
 *   were recorded the wrong way round; else the old block's free was missed, as it happened in code
 *   that is not instrumented.
 * - A free of an address that is not live ends the allocation of that address that another thread
 *   makes within the window; else the free is unmatched. If yet another thread freed the address
 *   just before, either of the two frees may be the one that came too early.
 *
 * A process that was forked starts with what was live in its parent, whose heap waits meanwhile
 * where it was at that moment. Nothing of it is copied; the child keeps the addresses that it
 * ended. What is inherited is counted in the parent's facts only.
 *
 * Whether an unmatched free is an error can only be said once all events were seen, so errors take
 * a second heap over the same events: the first one collects the addresses, the second one knows
 * their past when it comes to them.
 */
#ifndef MT_MODEL_HEAP_H
#define MT_MODEL_HEAP_H

#include "model/facts.h"
#include "model/lived.h"
#include "model/observe.h"
#include "model/selection.h"
#include "model/suspects.h"
#include "trace/decode.h"
#include "trace/trace.h"

/* Times are exact to a microsecond in most traces, and as many events may have the same. */
enum { MT_HEAP_WINDOW_NS = 2000, MT_HEAP_PENDING = 256, MT_HEAP_LOOK_BACK = 256 };

/* One half of a pair that may have been recorded the wrong way round. */
struct pending {
    struct live_block block;  /* superseded block; or of a free: address, context and thread */
    const struct heap *owner; /* whose block it is, or who freed */
    struct past past;         /* of a free's address, if it is followed */
    uint64_t ticks;           /* of the event */
    uint32_t thread;          /* that made the event */
    uint32_t other;           /* thread whose event may stand for it as well; else `thread` */
    bool is_free;
    uint8_t op; /* of a free: enum mt_event_op */
};

/* What a heap works on and for; all of it outlives the heap. */
struct heap_setup {
    const struct trace *trace;
    struct facts *facts;       /* with room for all contexts */
    const struct heap *parent; /* of the process that forked this one; or NULL */

    const struct selected *selected; /* allocations that count; NULL: all */
    struct observers *observers;     /* the first time; may be NULL */

    /* The first time: takes the addresses of unmatched frees. NULL if they are of no interest. */
    struct suspects *suspects;

    /* The second time, else NULL: where errors are counted, and the addresses that are followed. */
    struct facts *verdicts;
    const struct suspects *followed;
    bool explained; /* unmatched frees are none; from this time on, too: */
    uint64_t pause_ticks;
    bool orphan; /* memory may be inherited from a process whose trace is not there */
};

struct heap {
    struct heap_setup setup;
    struct live_table table;
    struct live_table ended; /* addresses: blocks of the parent's that live here no longer */
    struct history history;  /* the second time */
    struct lived *lived; /* if the trace has a scan to look it up for, the first time; else NULL */
    struct facts *facts;
    const struct defs *defs;
    uint8_t *api_of_context;
    uint64_t window; /* ticks */
    /* In order of time; the oldest is dropped when it is full. */
    struct pending pending[MT_HEAP_PENDING];
    unsigned pending_count;
    /* The events before those being processed, to look back at. */
    struct event recent[MT_HEAP_LOOK_BACK];
    size_t recent_count;
    bool one_thread;
    bool plain; /* nobody but the facts is told, of all blocks */
    bool out_of_memory;
};

/* What the selection leaves out lives, but is not told of. */
static inline bool heap_selects(const struct heap *heap, const struct live_block *block) {
    return __builtin_expect(!heap->setup.selected, 1) ||
           selected_block(heap->setup.selected, block);
}

/* To be freed on success only. */
bool heap_init(struct heap *heap, const struct heap_setup *setup, struct error *error);
bool heap_process(struct heap *heap, const struct event *events, size_t count, struct error *error);

/* After the last event: settles what is pending. False when memory is short. */
bool heap_finish(struct heap *heap, struct error *error);
void heap_free(struct heap *heap);

#endif
