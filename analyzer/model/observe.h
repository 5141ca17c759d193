/* What looks on while the events of a trace are matched, to answer more than facts do. Of each
 * block it is told what facts are told, in the same order, and by the thread that matches: that the
 * block begins to live, that its memory is no longer held, and that a free of it was recorded. The
 * last two come together, but for a block whose free was missed, which ends only, and for one whose
 * free was recorded a little too late, which is told of its free when that is met.
 *
 * Blocks of custom allocators' pools, what a child inherited and what the selection or the scope's
 * places leave out are not told of. Where everything is gone through again to find errors,
 * observers see the first time.
 */
#ifndef MT_MODEL_OBSERVE_H
#define MT_MODEL_OBSERVE_H

#include "model/live_table.h"
#include "model/selection.h"
#include "trace/trace.h"

struct observer {
    const struct observer_ops *ops;
    bool failed;                     /* for lack of memory; set by itself, asked for at the end */
    const bool *places;              /* by context, whether it is told of; NULL: all */
    const struct selected *selected; /* at the end: allocations that count; NULL: all */
};

/* A recorded free. */
struct block_free {
    uint64_t ticks;
    uint32_t context; /* index, of the free */
    uint32_t stream;  /* index, of the thread that freed */
    uint8_t op;       /* enum mt_event_op */
};

struct observer_ops {
    /* For a trace whose definitions are read, which outlives it; contexts and streams are known by
     * their indices. NULL when memory is short. */
    struct observer *(*create)(const struct trace *trace, const void *options);

    /* Any of these may be NULL. `op` is MT_OP_ALLOC or MT_OP_REALLOC_ALLOC; the free that belongs
     * to the latter is, if it was recorded, the last event before it of the same thread. */
    void (*begins)(struct observer *observer, const struct live_block *block, unsigned op);
    void (*ends)(struct observer *observer, const struct live_block *block, uint64_t ticks);
    void (*freed)(struct observer *observer, const struct live_block *block,
                  const struct block_free *by);

    /* After the last event, with the blocks that are left; those that it was not told of are among
     * them: see observer_sees. */
    void (*finish)(struct observer *observer, const struct live_table *left, uint64_t last_ticks);
    void (*destroy)(struct observer *observer);

    bool all_places; /* is told of what the scope's places leave out, too */
};

/* A kind of observer that a command wants, one for each trace. */
struct observer_request {
    const struct observer_ops *ops;
    const void *options;
};

/* Those of one trace, in the order of the requests. */
struct observers {
    struct observer **items;
    size_t count;
    bool *places;
};

/* False when memory is short; then nothing is left to free. */
bool observers_create(struct observers *observers, const struct observer_request *requests,
                      size_t count, const struct trace *trace);
void observers_free(struct observers *observers);

/* Before the first event: which contexts they are told of. The array is to be freed by `free`, and
 * becomes the observers' own; NULL: all. */
void observers_limit(struct observers *observers, bool *places);

/* After the last event. False when memory was short for any of them. */
bool observers_finish(struct observers *observers, const struct live_table *left,
                      const struct selected *selected, uint64_t last_ticks);

/* In `finish`: whether the observer was told of the block. */
static inline bool observer_sees(const struct observer *observer, const struct live_block *block) {
    return (!observer->places || observer->places[block->context]) &&
           (!observer->selected || selected_block(observer->selected, block));
}

void observers_begin(const struct observers *observers, const struct live_block *block,
                     unsigned op);
void observers_end(const struct observers *observers, const struct live_block *block,
                   uint64_t ticks);
void observers_freed(const struct observers *observers, const struct live_block *block,
                     const struct block_free *by);

#endif
