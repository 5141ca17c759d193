/* The event path's common case, kept apart from the entry points so that these need no stack of
 * their own. What is not common leaves by a tail call, with all it needs in registers. */
#include "record.h"

#include "guard.h"
#include "hidden.h"
#include "stack.h"
#include "stamp.h"
#include "tags.h"

static inline __attribute__((always_inline)) struct mt_context_id
context_of(struct mt_local *local, enum mt_event_op op, uintptr_t call) {
    const struct memtrack_site *site = mt_record_site(call);
    struct mt_context_id callers = MT_CONTEXT_ROOT;

    if (mt_record_has_callers(op)) {
        if (!mt_context_sites_only)
            return mt_context_find(local, mt_record_caller(local, call), site);
        callers = mt_tags_context(local, local->cache, callers);
    }
    return mt_context_child(local->cache, callers, site, true);
}

struct mt_context_id mt_record_context(struct mt_local *local, enum mt_event_op op,
                                       uintptr_t call) {
    return context_of(local, op, call);
}

static inline bool has_room(const struct mt_local *local, const struct mt_event *event,
                            unsigned count) {
    return (uintptr_t)local->limit - (uintptr_t)local->cursor >=
               count * MT_RECORD_WORDS * sizeof *local->cursor &&
           mt_record_fits(event, local->last_ticks);
}

static inline void begin(struct mt_local *local) {
    local->busy = 1;
    MT_SIGNAL_FENCE();
}

static MT_COLD void drain_nested(void) {
    mt_thread_drain_nested(&mt_local);
}

static inline __attribute__((always_inline)) void end(struct mt_local *local) {
    MT_SIGNAL_FENCE();
    local->busy = 0;
    /* A handler that came before this line has left its events; one that comes after it records
     * them itself. */
    MT_SIGNAL_FENCE();
    if (MT_UNLIKELY(atomic_load_explicit(&local->nested, memory_order_relaxed)))
        drain_nested();
}

static inline __attribute__((always_inline)) void
store(struct mt_local *local, const struct mt_event *event, struct mt_context_id context) {
    uint64_t *slot = local->cursor;

    mt_record_store(slot, event, context, local->last_ticks);
    local->last_ticks = event->ticks;
    mt_record_publish(local, slot + MT_RECORD_WORDS);
}

/* `busy` is the caller's to set in what follows, and these functions' to clear. */

static void record_slow(struct mt_local *local, const struct mt_event *events, unsigned count) {
    mt_thread_record_slow(local, events, count);
    end(local);
}

static MT_COLD void record_one_slow(enum mt_event_op op, void *memory, size_t size, uintptr_t call,
                                    uint64_t ticks) {
    struct mt_event event = {op, memory, size, call, ticks};

    record_slow(&mt_local, &event, 1);
}

static void record_events(struct mt_local *local, const struct mt_event *events, unsigned count);

/* `busy` is set, or blocks are hidden. */
static MT_COLD void record_special(const struct mt_event *events, unsigned count) {
    struct mt_local *local = &mt_local;

    mt_guard_drop_dead(local);
    if (local->busy & MT_LOCAL_GUARDED || local->busy >= MT_LOCAL_OWN)
        mt_guard_record(local, events, count);
    else if (mt_guard_hides(events, count))
        return;
    else if (local->busy & 1)
        mt_thread_record_nested(local, events, count);
    else if (local->busy)
        mt_guard_record_outside(local, events, count);
    else
        record_events(local, events, count);
}

static MT_COLD void record_one_special(enum mt_event_op op, void *memory, size_t size,
                                       uintptr_t call, uint64_t ticks) {
    struct mt_event event = {op, memory, size, call, ticks};

    record_special(&event, 1);
}

/* With links that are new, or a context that is not in the cache. */
static __attribute__((noinline)) void *record_alloc_anew(void *memory, size_t size, uintptr_t call,
                                                         uint64_t ticks) {
    struct mt_local *local = &mt_local;
    struct mt_event event = {MT_OP_ALLOC, memory, size, call, ticks};

    store(local, &event, context_of(local, MT_OP_ALLOC, call));
    end(local);
    return memory;
}

/* The slot that may hold the context of `call`, whose callers have been looked up before, or which
 * has none; NULL if that is not so, if callers do not count, or if there are tags. */
static inline __attribute__((always_inline)) const struct mt_context_slot *
known_slot(struct mt_local *local, uintptr_t call, struct mt_context_id *parent) {
    const struct memtrack_link *link = (const void *)__memtrack_context;

    if (call & MT_SITE_LINKED) {
        if (MT_UNLIKELY(!mt_record_is_close(local, (memtrack_context)link)))
            return NULL;
        link = (const void *)link->caller;
    }
    if (!link && !local->tags)
        return mt_context_slot_of(local->cache, *parent, mt_record_site(call));
    if (!mt_record_is_close(local, (memtrack_context)link) || !mt_context_is_known(link))
        return NULL;
    *parent = mt_context_known_id(link);
    return mt_context_slot_of(local->cache, *parent, mt_record_site(call));
}

static inline bool slot_is(const struct mt_context_slot *slot, struct mt_context_id parent,
                           uintptr_t call) {
    return atomic_load_explicit(&slot->site, memory_order_relaxed) == mt_record_site(call) &&
           slot->parent.value == parent.value;
}

static inline __attribute__((always_inline)) void *
record_alloc(struct mt_local *local, void *memory, size_t size, uintptr_t call, uint64_t ticks) {
    struct mt_event event = {MT_OP_ALLOC, memory, size, call, ticks};
    struct mt_context_id parent = MT_CONTEXT_ROOT;
    const struct mt_context_slot *slot;

    if (MT_UNLIKELY(local->busy)) {
        record_one_special(MT_OP_ALLOC, memory, size, call, ticks);
        return memory;
    }
    begin(local);
    if (MT_UNLIKELY(!has_room(local, &event, 1))) {
        record_one_slow(MT_OP_ALLOC, memory, size, call, ticks);
        return memory;
    }
    slot = known_slot(local, call, &parent);
    if (MT_UNLIKELY(!slot || !slot_is(slot, parent, call)))
        return record_alloc_anew(memory, size, call, ticks);
    store(local, &event, slot->id);
    end(local);
    return memory;
}

/* Copies of the path for each kind of stamp, so that only the one that may ask the kernel for the
 * time needs a stack. */
static __attribute__((noinline)) void *record_alloc_stamped(void *memory, size_t size,
                                                            uintptr_t call) {
    return record_alloc(&mt_local, memory, size, call, mt_stamp_now(&mt_local));
}

static __attribute__((noinline)) void *record_alloc_otherwise(void *memory, size_t size,
                                                              uintptr_t call) {
    struct mt_local *local = &mt_local;

    if (mt_stamp_kind == MT_STAMP_CLOCK || mt_stamp_is_due(local, memory))
        return record_alloc_stamped(memory, size, call);
    return record_alloc(local, memory, size, call, local->stamp);
}

void *mt_record_alloc(void *memory, size_t size, uintptr_t call) {
    if (MT_UNLIKELY(mt_stamp_kind != MT_STAMP_COUNTER))
        return record_alloc_otherwise(memory, size, call);
    return record_alloc(&mt_local, memory, size, call, mt_clock_counter());
}

/* Whether a deallocation has to be looked at. */
static inline bool is_special(const struct mt_local *local) {
    return local->busy | atomic_load_explicit(&mt_hidden_any, memory_order_relaxed);
}

static inline __attribute__((always_inline)) void record_free(struct mt_local *local, void *memory,
                                                              uintptr_t call, uint64_t ticks) {
    struct mt_event event = {MT_OP_FREE, memory, 0, call, ticks};
    const struct mt_context_slot *slot;

    if (MT_UNLIKELY(is_special(local))) {
        record_one_special(MT_OP_FREE, memory, 0, call, ticks);
        return;
    }
    begin(local);
    if (MT_UNLIKELY(!has_room(local, &event, 1))) {
        record_one_slow(MT_OP_FREE, memory, 0, call, ticks);
        return;
    }
    slot = mt_context_slot_of(local->cache, MT_CONTEXT_ROOT, mt_record_site(call));
    if (MT_UNLIKELY(!slot_is(slot, MT_CONTEXT_ROOT, call))) {
        record_one_slow(MT_OP_FREE, memory, 0, call, ticks);
        return;
    }
    store(local, &event, slot->id);
    end(local);
}

static __attribute__((noinline)) void record_free_stamped(void *memory, uintptr_t call) {
    record_free(&mt_local, memory, call, mt_stamp_now(&mt_local));
}

static __attribute__((noinline)) void record_free_otherwise(void *memory, uintptr_t call) {
    struct mt_local *local = &mt_local;

    if (mt_stamp_kind == MT_STAMP_CLOCK || mt_stamp_is_due(local, memory))
        record_free_stamped(memory, call);
    else
        record_free(local, memory, call, local->stamp);
}

void mt_record_free(void *memory, uintptr_t call) {
    if (MT_UNLIKELY(mt_stamp_kind != MT_STAMP_COUNTER))
        record_free_otherwise(memory, call);
    else
        record_free(&mt_local, memory, call, mt_clock_counter());
}

static void record_events(struct mt_local *local, const struct mt_event *events, unsigned count) {
    struct mt_context_id context;

    begin(local);
    if (MT_UNLIKELY(!has_room(local, &events[0], count) ||
                    (count == 2 && !mt_record_fits(&events[1], events[0].ticks)))) {
        record_slow(local, events, count);
        return;
    }
    context = context_of(local, events[count - 1].op, events[count - 1].call);
    store(local, &events[0], context);
    if (count == 2)
        store(local, &events[1], context);
    end(local);
}

void mt_record_events(const struct mt_event *events, unsigned count) {
    struct mt_local *local = &mt_local;

    if (MT_UNLIKELY(is_special(local)))
        record_special(events, count);
    else
        record_events(local, events, count);
}

void *mt_record_realloc(void *memory, size_t size, uintptr_t call, void *old, uint64_t before) {
    const struct mt_event events[2] = {
        {MT_OP_REALLOC_FREE, old, 0, call, before},
        {MT_OP_REALLOC_ALLOC, memory, size, call, mt_stamp(&mt_local, memory)},
    };

    mt_record_events(events, 2);
    return memory;
}
