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
 */
#ifndef MT_MODEL_HEAP_H
#define MT_MODEL_HEAP_H

#include "model/facts.h"
#include "trace/decode.h"
#include "trace/defs.h"

enum { MT_HEAP_WINDOW_NS = 2000, MT_HEAP_PENDING = 64, MT_HEAP_LOOK_BACK = 64 };

/* One half of a pair that may have been recorded the wrong way round. */
struct pending {
    struct live_block block; /* superseded block; or of a free: address, context and thread */
    uint64_t ticks;          /* of the event */
    uint32_t thread;         /* that made the event */
    uint32_t other;          /* thread whose event may stand for it as well; else `thread` */
    bool is_free;
};

struct heap {
    struct live_table table;
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
};

/* The defs and the facts, which have room for all their contexts, outlive the heap. */
bool heap_init(struct heap *heap, const struct defs *defs, struct facts *facts, bool one_thread,
               struct error *error);
bool heap_process(struct heap *heap, const struct event *events, size_t count, struct error *error);

/* After the last event: settles what is pending. */
void heap_finish(struct heap *heap);
void heap_free(struct heap *heap);

#endif
