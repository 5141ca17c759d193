#include "model/heap.h"

#include <stdlib.h>
#include <string.h>

/* Far enough ahead to hide a miss of the last-level cache behind the events in between. */
enum { PREFETCH_DISTANCE = 12 };

/* An unknown time stamp counter is taken for one of this speed. */
static const double assumed_ns_per_tick = 1 / 3.0;

bool heap_init(struct heap *heap, const struct defs *defs, struct facts *facts, bool one_thread,
               struct error *error) {
    double ns_per_tick = defs->rate_known ? defs->ns_per_tick : assumed_ns_per_tick;
    double window = MT_HEAP_WINDOW_NS / ns_per_tick;

    *heap = (struct heap){.facts = facts, .defs = defs, .one_thread = one_thread};
    heap->window = window < 1e15 ? (uint64_t)window : (uint64_t)1e15;
    heap->api_of_context = malloc(defs->contexts.count);
    if (!heap->api_of_context || !live_table_init(&heap->table)) {
        heap_free(heap);
        return error_no_memory(error);
    }
    for (size_t i = 0; i < defs->contexts.count; i++)
        heap->api_of_context[i] = defs_site(defs, (uint32_t)i)->api;
    return true;
}

void heap_free(struct heap *heap) {
    free(heap->api_of_context);
    heap->api_of_context = NULL;
    live_table_free(&heap->table);
}

static void settle(struct heap *heap, unsigned index) {
    struct pending *pending = &heap->pending[index];

    if (pending->is_free)
        heap->facts->unmatched_frees++;
    else
        heap->facts->missed_frees++;
}

static void drop_pending(struct heap *heap, unsigned first, unsigned count) {
    heap->pending_count -= count;
    memmove(&heap->pending[first], &heap->pending[first + count],
            (heap->pending_count - first) * sizeof(heap->pending[0]));
}

static void expire(struct heap *heap, uint64_t now) {
    unsigned old = 0;

    while (old < heap->pending_count && now - heap->pending[old].ticks > heap->window)
        settle(heap, old++);
    drop_pending(heap, 0, old);
}

static void add_pending(struct heap *heap, const struct event *event,
                        const struct live_block *block, bool is_free) {
    if (heap->pending_count == MT_HEAP_PENDING) {
        settle(heap, 0);
        drop_pending(heap, 0, 1);
    }
    heap->pending[heap->pending_count++] = (struct pending){.block = *block,
                                                            .ticks = event->ticks,
                                                            .thread = event->stream,
                                                            .other = event->stream,
                                                            .is_free = is_free};
    if (heap->one_thread) {
        settle(heap, 0);
        heap->pending_count = 0;
    }
}

/* The oldest pending event of the kind at the address that another thread made, or -1. */
static int find_pending(const struct heap *heap, const struct event *event, bool is_free) {
    for (unsigned i = 0; i < heap->pending_count; i++) {
        const struct pending *pending = &heap->pending[i];

        if (pending->is_free == is_free && pending->block.address == event->address &&
            (pending->thread != event->stream || pending->other != event->stream))
            return (int)i;
    }
    return -1;
}

/* The thread that made a pending event which is now taken for one of another thread. */
static uint32_t pending_thread(const struct pending *pending, const struct event *event) {
    return pending->thread != event->stream ? pending->thread : pending->other;
}

/* Whether the event is a free of the address by another thread; then *thread is set. */
static bool freed_by_another(const struct event *earlier, const struct event *event,
                             uint32_t *thread) {
    if (event_is_allocation(earlier) || event_is_of_pool(earlier) ||
        earlier->address != event->address || earlier->stream == event->stream)
        return false;
    *thread = earlier->stream;
    return true;
}

/* The thread other than the event's that freed its address within the window before it, or the
 * event's own. `first` begins the events that are being processed. */
static uint32_t freed_before_by(const struct heap *heap, const struct event *event,
                                const struct event *first) {
    uint32_t thread = event->stream;
    const struct event *at = event;
    size_t i = heap->recent_count;

    while (at > first && event - at < MT_HEAP_LOOK_BACK) {
        at--;
        if (event->ticks - at->ticks > heap->window || freed_by_another(at, event, &thread))
            return thread;
    }
    while (i > 0) {
        i--;
        if (event->ticks - heap->recent[i].ticks > heap->window ||
            freed_by_another(&heap->recent[i], event, &thread))
            return thread;
    }
    return thread;
}

static void keep_recent(struct heap *heap, const struct event *events, size_t count) {
    size_t keep = count < MT_HEAP_LOOK_BACK ? count : MT_HEAP_LOOK_BACK;
    size_t old = MT_HEAP_LOOK_BACK - keep;

    old = old < heap->recent_count ? old : heap->recent_count;
    memmove(heap->recent, heap->recent + heap->recent_count - old, old * sizeof(*events));
    memcpy(heap->recent + old, events + count - keep, keep * sizeof(*events));
    heap->recent_count = old + keep;
}

static inline void check_api(struct heap *heap, uint32_t allocated_at, uint32_t freed_at) {
    uint8_t allocated = heap->api_of_context[allocated_at];
    uint8_t freed = heap->api_of_context[freed_at];

    if (__builtin_expect(allocated != freed && allocated && freed, 0))
        facts_mismatch(heap->facts, allocated_at, freed_at);
}

/* An allocation whose free by another thread was recorded first lives no longer than this event,
 * even if the address is live: then the next allocation was recorded first, too. */
static bool freed_already(struct heap *heap, const struct live_block *block,
                          const struct event *event) {
    int index = find_pending(heap, event, true);
    const struct pending *pending;

    if (index < 0)
        return false;
    pending = &heap->pending[index];
    facts_block_begins(heap->facts, block);
    facts_block_ends(heap->facts, block);
    facts_block_freed(heap->facts, block, pending_thread(pending, event), event->ticks);
    check_api(heap, block->context, pending->block.context);
    drop_pending(heap, (unsigned)index, 1);
    return true;
}

static bool allocate(struct heap *heap, const struct event *event, uint32_t context,
                     struct error *error) {
    const struct live_block block = {
        .address = event->address,
        .size = event->size,
        .ticks = event->ticks,
        .context = context,
        .thread = event->stream,
    };
    struct live_block *slot;

    if (__builtin_expect(heap->pending_count != 0, 0) && freed_already(heap, &block, event))
        return true;
    if (__builtin_expect(heap->table.count >= heap->table.limit, 0) &&
        !live_table_grow(&heap->table))
        return error_set(error, "not enough memory for %zu live blocks", heap->table.count);
    slot = live_table_find(&heap->table, event->address);
    if (__builtin_expect(slot->address != 0, 0)) {
        facts_block_ends(heap->facts, slot);
        add_pending(heap, event, slot, false);
        heap->table.count--;
    }
    *slot = block;
    heap->table.count++;
    facts_block_begins(heap->facts, &block);
    return true;
}

static void release(struct heap *heap, const struct event *event, uint32_t context,
                    const struct event *first) {
    struct live_block *slot;

    heap->facts->threads[event->stream].frees++;
    if (__builtin_expect(heap->pending_count != 0, 0)) {
        int old = find_pending(heap, event, false);

        if (old >= 0) {
            const struct pending *pending = &heap->pending[old];

            facts_block_freed(heap->facts, &pending->block, event->stream, pending->ticks);
            check_api(heap, pending->block.context, context);
            drop_pending(heap, (unsigned)old, 1);
            return;
        }
    }
    slot = live_table_find(&heap->table, event->address);
    if (__builtin_expect(slot->address == 0, 0)) {
        struct live_block freed = {.address = event->address, .context = context};

        add_pending(heap, event, &freed, true);
        if (heap->pending_count)
            heap->pending[heap->pending_count - 1].other = freed_before_by(heap, event, first);
        return;
    }
    facts_block_ends(heap->facts, slot);
    facts_block_freed(heap->facts, slot, event->stream, event->ticks);
    check_api(heap, slot->context, context);
    live_table_remove(&heap->table, slot);
}

bool heap_process(struct heap *heap, const struct event *events, size_t count,
                  struct error *error) {
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &events[i];
        uint32_t context = defs_context(heap->defs, event->context);

        if (i + PREFETCH_DISTANCE < count)
            live_table_prefetch(&heap->table, events[i + PREFETCH_DISTANCE].address);
        if (__builtin_expect(heap->pending_count != 0, 0))
            expire(heap, event->ticks);
        if (__builtin_expect(event_is_of_pool(event), 0)) {
            heap->facts->pool_events += event->op != MT_OP_IN_POOL;
            continue;
        }
        heap->facts->threads[event->stream].events++;
        if (!event_is_allocation(event))
            release(heap, event, context, events);
        else if (!allocate(heap, event, context, error))
            return false;
    }
    if (count)
        heap->facts->last_ticks = events[count - 1].ticks;
    if (!heap->one_thread)
        keep_recent(heap, events, count);
    return true;
}

void heap_finish(struct heap *heap) {
    for (unsigned i = 0; i < heap->pending_count; i++)
        settle(heap, i);
    heap->pending_count = 0;
}
