#include "model/heap.h"

#include "model/inherit.h"
#include "model/reach.h"

#include <stdlib.h>
#include <string.h>

/* Far enough ahead to hide a miss of the last-level cache behind the events in between. */
enum { PREFETCH_DISTANCE = 12 };

/* An unknown time stamp counter is taken for one of this speed. */
static const double assumed_ns_per_tick = 1 / 3.0;

bool heap_init(struct heap *heap, const struct heap_setup *setup, struct error *error) {
    const struct defs *defs = &setup->trace->defs;
    double ns_per_tick = defs->rate_known ? defs->ns_per_tick : assumed_ns_per_tick;
    double window = MT_HEAP_WINDOW_NS / ns_per_tick;
    bool good;

    *heap = (struct heap){.setup = *setup, .facts = setup->facts, .defs = defs};
    heap->one_thread = setup->trace->reader.stream_count <= 1;
    heap->window = window < 1e15 ? (uint64_t)window : (uint64_t)1e15;
    heap->api_of_context = malloc(defs->contexts.count);
    good = heap->api_of_context && live_table_init(&heap->table);
    if (good && setup->trace->defs.scan.present && !setup->verdicts) {
        heap->lived = lived_create();
        good = heap->lived != NULL;
    }
    if (good && setup->followed)
        good = history_init(&heap->history, setup->followed,
                            setup->parent ? &setup->parent->history : NULL);
    if (!good) {
        heap_free(heap);
        return error_no_memory(error);
    }
    heap->plain =
        !setup->selected && !setup->observers && !heap->history.items && !setup->facts->estimates;
    for (size_t i = 0; i < defs->contexts.count; i++)
        heap->api_of_context[i] = defs_site(defs, (uint32_t)i)->api;
    return true;
}

void heap_free(struct heap *heap) {
    free(heap->api_of_context);
    heap->api_of_context = NULL;
    live_table_free(&heap->table);
    live_table_free(&heap->ended);
    lived_free(heap->lived);
    heap->lived = NULL;
    history_free(&heap->history);
}

static struct origin origin_of(const struct heap *heap, uint32_t context) {
    return (struct origin){heap->setup.trace, context};
}

/* An unmatched free, seen for the second time. */
static void judge(struct heap *heap, const struct pending *pending) {
    const struct past *past = &pending->past;
    struct facts *facts = heap->setup.verdicts;
    struct past *now = history_find(&heap->history, pending->block.address);
    struct memory_error error = {
        .kind = MEMORY_INVALID_FREE,
        .freed_at = origin_of(heap, pending->block.context),
        .address = pending->block.address,
        .ticks = pending->ticks,
        .stream = pending->thread,
    };

    if (!now || heap->setup.explained ||
        pending->ticks + heap->setup.trace->reader.early_ticks >= heap->setup.pause_ticks)
        return;
    if (past->freed) {
        error.kind = MEMORY_DOUBLE_FREE;
        error.allocated_at = past->block;
        error.first_freed_at = past->by;
        error.block = error.address;
        error.size = past->size;
    } else if (past->around) {
        error.allocated_at = past->around_at;
        error.inner = true;
        error.block = past->around;
        error.size = past->around_size;
    } else if (heap->setup.orphan) {
        *now = (struct past){.freed = true, .by = error.freed_at};
        facts->orphan_frees++;
        facts->unmatched_frees--;
        return;
    }
    errors_add(&facts->errors, &error);
    facts->unmatched_frees--;
}

static void settle(struct heap *heap, unsigned index) {
    struct pending *pending = &heap->pending[index];

    if (!pending->is_free) {
        heap->facts->missed_frees++;
        return;
    }
    heap->facts->unmatched_frees++;
    if (heap->setup.followed)
        judge(heap, pending);
    else if (heap->setup.suspects && !suspects_add(heap->setup.suspects, pending->block.address))
        heap->out_of_memory = true;
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

static void add_pending(struct heap *heap, const struct pending *pending) {
    if (heap->pending_count == MT_HEAP_PENDING) {
        settle(heap, 0);
        drop_pending(heap, 0, 1);
    }
    heap->pending[heap->pending_count++] = *pending;
    if (heap->one_thread) {
        settle(heap, 0);
        heap->pending_count = 0;
    }
}

/* A block whose address is given out again. */
static void supersede(struct heap *heap, const struct event *event, const struct live_block *block,
                      const struct heap *owner) {
    const struct pending pending = {.block = *block,
                                    .owner = owner,
                                    .ticks = event->ticks,
                                    .thread = event->stream,
                                    .other = event->stream};

    add_pending(heap, &pending);
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

/* The block is one of the owner's, which is the heap itself or an ancestor. */
static inline void check_api(struct heap *heap, const struct heap *owner,
                             const struct live_block *block, const struct block_free *by) {
    uint8_t allocated = owner->api_of_context[block->context];
    uint8_t freed = heap->api_of_context[by->context];

    if (__builtin_expect(allocated != freed && allocated && freed, 0)) {
        const struct memory_error error = {
            .kind = MEMORY_MISMATCHED_FREE,
            .allocated_at = origin_of(owner, block->context),
            .freed_at = origin_of(heap, by->context),
            .address = block->address,
            .block = block->address,
            .size = block->size,
            .ticks = by->ticks,
            .stream = by->stream,
        };

        errors_add(&heap->facts->errors, &error);
    }
}

/* What is more than facts of all blocks. */

static void tell_begin(struct heap *heap, const struct live_block *block, unsigned op) {
    if (heap_selects(heap, block)) {
        facts_block_begins(heap->facts, block);
        if (heap->facts->estimates)
            estimates_block_begins(heap->facts->estimates, block);
        if (heap->setup.observers)
            observers_begin(heap->setup.observers, block, op);
    }
    if (heap->history.items)
        history_begins(&heap->history, block, origin_of(heap, block->context));
}

static void tell_end(struct heap *heap, const struct live_block *block, uint64_t ticks) {
    if (heap_selects(heap, block)) {
        facts_block_ends(heap->facts, block);
        if (heap->facts->estimates)
            estimates_block_ends(heap->facts->estimates, block);
        if (heap->setup.observers)
            observers_end(heap->setup.observers, block, ticks);
    }
    if (heap->history.items)
        history_ends(&heap->history, block);
}

static void remember(struct heap *heap, const struct heap *owner, const struct live_block *block,
                     uint32_t freed_at) {
    struct past *past = history_find(&heap->history, block->address);

    if (!past)
        return;
    past->freed = true;
    past->size = block->size;
    past->block = origin_of(owner, block->context);
    past->by = origin_of(heap, freed_at);
}

static void free_inherited(struct heap *heap, const struct live_block *block, uint32_t stream) {
    heap->facts->inherited_frees++;
    if (heap->facts->estimates)
        estimates_inherited_freed(heap->facts->estimates, block, stream);
}

static void tell_freed(struct heap *heap, const struct live_block *block,
                       const struct block_free *by) {
    if (!heap_selects(heap, block))
        return;
    facts_block_freed(heap->facts, block, by->stream, by->ticks);
    if (heap->facts->estimates)
        estimates_block_freed(heap->facts->estimates, block, by->stream, by->ticks);
    if (heap->setup.selected)
        heap->facts->threads[by->stream].frees++;
    if (heap->setup.observers)
        observers_freed(heap->setup.observers, block, by);
}

/* A recorded free of a block, the heap's own or an ancestor's. */
static void free_block(struct heap *heap, const struct heap *owner, const struct live_block *block,
                       const struct block_free *by) {
    if (owner != heap)
        free_inherited(heap, block, by->stream);
    else
        tell_freed(heap, block, by);
    check_api(heap, owner, block, by);
    if (heap->history.items)
        remember(heap, owner, block, by->context);
}

static inline struct live_block block_of(const struct event *event, uint32_t context) {
    return (struct live_block){
        .address = event->address,
        .size = event->size,
        .probability = event->probability,
        .ticks = event->ticks,
        .context = context,
        .thread = event->stream,
    };
}

/* An allocation whose free by another thread was recorded first lives no longer than this event,
 * even if the address is live: then the next allocation was recorded first, too. */
static bool freed_already(struct heap *heap, const struct event *event, uint32_t context) {
    const struct live_block block = block_of(event, context);
    int index = find_pending(heap, event, true);
    const struct pending *pending;

    if (index < 0)
        return false;
    pending = &heap->pending[index];
    tell_begin(heap, &block, event->op);
    tell_end(heap, &block, event->ticks);
    free_block(heap, heap, &block,
               &(struct block_free){event->ticks, pending->block.context,
                                    pending_thread(pending, event), pending->op});
    drop_pending(heap, (unsigned)index, 1);
    return true;
}

/* The address was the parent's: the child freed it, but that was missed. */
static bool supersede_inherited(struct heap *heap, const struct event *event) {
    const struct heap *owner;
    const struct live_block *block = inherit_find(heap, event->address, &owner);

    if (!block)
        return true;
    if (!inherit_end(heap, event->address))
        return false;
    if (heap->history.items)
        history_ends(&heap->history, block);
    supersede(heap, event, block, owner);
    return true;
}

static bool allocate(struct heap *heap, const struct event *event, uint32_t context,
                     struct error *error) {
    const struct live_block block = block_of(event, context);
    struct live_block *slot;

    if (__builtin_expect(heap->pending_count != 0, 0) && freed_already(heap, event, context))
        return true;
    if (__builtin_expect(heap->table.count >= heap->table.limit, 0) &&
        !live_table_grow(&heap->table))
        return error_set(error, "not enough memory for %zu live blocks", heap->table.count);
    slot = live_table_find(&heap->table, event->address);
    if (__builtin_expect(slot->address != 0, 0)) {
        tell_end(heap, slot, event->ticks);
        supersede(heap, event, slot, heap);
        heap->table.count--;
    } else if (__builtin_expect(heap->setup.parent != NULL, 0) &&
               !supersede_inherited(heap, event)) {
        return error_no_memory(error);
    }
    *slot = block;
    heap->table.count++;
    if (heap->lived)
        lived_note(heap->lived, event->address, event->size);
    if (__builtin_expect(heap->plain, 1))
        facts_block_begins(heap->facts, &block);
    else
        tell_begin(heap, slot, event->op);
    return true;
}

/* Ends the parent's block at the address; false if it has none. */
static bool release_inherited(struct heap *heap, const struct event *event, uint32_t context) {
    const struct heap *owner;
    const struct live_block *block = inherit_find(heap, event->address, &owner);

    if (!block)
        return false;
    if (!inherit_end(heap, event->address))
        heap->out_of_memory = true;
    if (heap->history.items)
        history_ends(&heap->history, block);
    free_block(heap, owner, block,
               &(struct block_free){event->ticks, context, event->stream, event->op});
    return true;
}

static void release_unknown(struct heap *heap, const struct event *event, uint32_t context,
                            const struct event *first) {
    const struct past *past = NULL;
    struct pending pending = {
        .block = {.address = event->address, .context = context},
        .owner = heap,
        .ticks = event->ticks,
        .thread = event->stream,
        .other = heap->one_thread ? event->stream : freed_before_by(heap, event, first),
        .is_free = true,
        .op = event->op,
    };

    if (heap->setup.parent && release_inherited(heap, event, context))
        return;
    if (heap->history.items)
        past = history_find(&heap->history, event->address);
    if (past)
        pending.past = *past;
    add_pending(heap, &pending);
}

static void release(struct heap *heap, const struct event *event, uint32_t context,
                    const struct event *first) {
    struct live_block *slot;

    /* Of a selection, the frees of what is selected count. */
    heap->facts->threads[event->stream].frees += heap->setup.selected == NULL;
    if (__builtin_expect(heap->pending_count != 0, 0)) {
        int old = find_pending(heap, event, false);

        if (old >= 0) {
            const struct pending *pending = &heap->pending[old];

            free_block(heap, pending->owner, &pending->block,
                       &(struct block_free){pending->ticks, context, event->stream, event->op});
            drop_pending(heap, (unsigned)old, 1);
            return;
        }
    }
    slot = live_table_find(&heap->table, event->address);
    if (__builtin_expect(slot->address == 0, 0)) {
        release_unknown(heap, event, context, first);
        return;
    }
    if (__builtin_expect(heap->plain, 1)) {
        /* A copy, which the compiler knows that no store changes. */
        const struct live_block block = *slot;

        live_table_remove(&heap->table, slot);
        facts_block_ends(heap->facts, &block);
        facts_block_freed(heap->facts, &block, event->stream, event->ticks);
        check_api(heap, heap, &block,
                  &(struct block_free){event->ticks, context, event->stream, event->op});
        return;
    }
    tell_end(heap, slot, event->ticks);
    free_block(heap, heap, slot,
               &(struct block_free){event->ticks, context, event->stream, event->op});
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
    return !heap->out_of_memory || error_no_memory(error);
}

static void estimate_leaks(struct heap *heap) {
    estimates_finish(heap->facts->estimates);
    for (size_t i = 0; i <= heap->table.mask; i++) {
        const struct live_block *block = &heap->table.slots[i];

        if (block->address && heap_selects(heap, block))
            estimates_block_is_left(heap->facts->estimates, block);
    }
}

bool heap_finish(struct heap *heap, struct error *error) {
    for (unsigned i = 0; i < heap->pending_count; i++)
        settle(heap, i);
    heap->pending_count = 0;
    if (heap->facts->estimates)
        estimate_leaks(heap);
    if (heap->setup.observers && !observers_finish(heap->setup.observers, &heap->table,
                                                   heap->setup.selected, heap->facts->last_ticks))
        heap->out_of_memory = true;
    if (heap->out_of_memory)
        return error_no_memory(error);
    return heap->setup.verdicts || reach_find(heap, &heap->facts->reach, error);
}
