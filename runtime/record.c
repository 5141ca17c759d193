/* The event path's common case, kept apart from the entry points so that these need no stack of
 * their own. What is not common leaves by a tail call, with all it needs in registers. */
#include "record.h"

#include "guard.h"
#include "hidden.h"
#include "sample.h"
#include "stack.h"
#include "stamp.h"
#include "tags.h"
#include "thread.h"

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

/* With links that have not been found in this order before, or far from the usual. */
static __attribute__((noinline)) void *record_alloc_first(void *memory, size_t size, uintptr_t call,
                                                          uint64_t ticks) {
    struct mt_local *local = &mt_local;
    struct mt_event event = {MT_OP_ALLOC, memory, size, call, ticks};

    store(local, &event, context_of(local, MT_OP_ALLOC, call));
    end(local);
    return memory;
}

static inline bool slot_is(const struct mt_context_slot *slot, struct mt_context_id parent,
                           uintptr_t call) {
    return atomic_load_explicit(&slot->site, memory_order_relaxed) == mt_record_site(call) &&
           slot->parent.value == parent.value;
}

/* No address of a link. */
#define FAR ((memtrack_context)1)

/* The link of what the call was made in, which can be read without asking; 0 if there is none. FAR
 * if that is not so, or if the thread has tags. */
static inline __attribute__((always_inline)) memtrack_context callers_of(struct mt_local *local,
                                                                         uintptr_t call) {
    memtrack_context context = __memtrack_context;

    if (call & MT_SITE_LINKED) {
        if (MT_UNLIKELY(!mt_record_is_close(local, context)))
            return FAR;
        context = ((const struct memtrack_link *)context)->caller;
    }
    if (!context)
        return MT_UNLIKELY(local->tags != 0) ? FAR : 0;
    return MT_LIKELY(mt_record_is_close(local, context)) ? context : FAR;
}

/* What new links lead to, if they have been looked up in this order; else NULL. */
static inline __attribute__((always_inline)) const struct mt_context_path *
known_path(const struct mt_local *local, uintptr_t call, memtrack_context callers) {
    const struct mt_context_path *path;
    struct mt_context_id from;
    uint64_t hash;

    if (MT_UNLIKELY(mt_context_sites_only ||
                    !mt_context_hash(callers, local->stack_low + local->untagged_size,
                                     mt_record_site(call), &hash, &from)))
        return NULL;
    path = mt_context_path_of(local->paths, hash);
    return MT_LIKELY(path->hash == hash && path->from.value == from.value) ? path : NULL;
}

static __attribute__((noinline)) void *record_alloc_anew(void *memory, size_t size, uintptr_t call,
                                                         uint64_t ticks, memtrack_context callers) {
    struct mt_local *local = &mt_local;
    struct mt_event event = {MT_OP_ALLOC, memory, size, call, ticks};
    const struct mt_context_path *path = known_path(local, call, callers);

    if (MT_UNLIKELY(!path))
        return record_alloc_first(memory, size, call, ticks);
    store(local, &event, path->to);
    end(local);
    return memory;
}

/* Whether the innermost of the callers is new. */
static inline bool are_new(memtrack_context callers) {
    return callers && !mt_context_is_known((const struct memtrack_link *)callers);
}

/* The context of a call whose callers are known, if the cache has it; else NULL. */
static inline __attribute__((always_inline)) const struct mt_context_slot *
known_slot(const struct mt_local *local, uintptr_t call, memtrack_context callers) {
    struct mt_context_id parent = MT_CONTEXT_ROOT;
    const struct mt_context_slot *slot;

    if (callers)
        parent = mt_context_known_id((const struct memtrack_link *)callers);
    slot = mt_context_slot_of(local->cache, parent, mt_record_site(call));
    return MT_LIKELY(slot_is(slot, parent, call)) ? slot : NULL;
}

static inline __attribute__((always_inline)) void *
record_alloc(struct mt_local *local, void *memory, size_t size, uintptr_t call, uint64_t ticks) {
    struct mt_event event = {MT_OP_ALLOC, memory, size, call, ticks};
    const struct mt_context_slot *slot;
    memtrack_context callers;

    if (MT_UNLIKELY(local->busy)) {
        record_one_special(MT_OP_ALLOC, memory, size, call, ticks);
        return memory;
    }
    begin(local);
    if (MT_UNLIKELY(!has_room(local, &event, 1))) {
        record_one_slow(MT_OP_ALLOC, memory, size, call, ticks);
        return memory;
    }
    callers = callers_of(local, call);
    if (MT_UNLIKELY(callers == FAR))
        return record_alloc_first(memory, size, call, ticks);
    if (are_new(callers))
        return record_alloc_anew(memory, size, call, ticks, callers);
    slot = known_slot(local, call, callers);
    if (MT_UNLIKELY(!slot))
        return record_alloc_first(memory, size, call, ticks);
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

    if (mt_stamp_kind_now() == MT_STAMP_CLOCK || mt_stamp_is_due(local, memory))
        return record_alloc_stamped(memory, size, call);
    return record_alloc(local, memory, size, call, local->stamp);
}

void *mt_record_alloc(void *memory, size_t size, uintptr_t call) {
    if (MT_UNLIKELY(mt_stamp_kind_now() != MT_STAMP_COUNTER))
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

    if (mt_stamp_kind_now() == MT_STAMP_CLOCK || mt_stamp_is_due(local, memory))
        record_free_stamped(memory, call);
    else
        record_free(local, memory, call, local->stamp);
}

void mt_record_free(void *memory, uintptr_t call) {
    if (MT_UNLIKELY(mt_stamp_kind_now() != MT_STAMP_COUNTER))
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

/* Sampling by tiers */

/* `busy` is set. The context is known, so that it is not looked up again on the slow path. */
static void keep(struct mt_local *local, void *memory, size_t size, uint32_t probability,
                 struct mt_context_id context) {
    struct mt_event event = {MT_OP_ALLOC, memory, mt_sample_weighted_size(size, probability),
                             mt_context_word(context), 0};

    if (!mt_sample_add(memory))
        return;
    event.ticks = mt_stamp(local, memory);
    if (MT_LIKELY(has_room(local, &event, 1)))
        store(local, &event, context);
    else
        mt_thread_record_slow(local, &event, 1);
}

static struct mt_context_id quick_context(struct mt_local *local, uintptr_t call) {
    memtrack_context callers = callers_of(local, call);
    const struct mt_context_path *path;
    const struct mt_context_slot *slot;

    if (callers != FAR && are_new(callers)) {
        path = known_path(local, call, callers);
        if (MT_LIKELY(path != NULL))
            return path->to;
    } else if (callers != FAR) {
        slot = known_slot(local, call, callers);
        if (MT_LIKELY(slot != NULL))
            return slot->id;
    }
    return mt_record_context(local, MT_OP_ALLOC, call);
}

static void record_tiered(struct mt_local *local, void *memory, size_t size, uintptr_t call) {
    struct mt_context_id context;
    uint32_t probability;

    begin(local);
    context = quick_context(local, call);
    probability = mt_sample_choose(local->thread->counts, context, size);
    if (probability)
        keep(local, memory, size, probability, context);
    end(local);
}

/* Without a thread that counts, or in a handler that may have interrupted the count, what is
 * recorded is recorded for certain. */
static MT_COLD void *record_certain(void *memory, size_t size, uintptr_t call) {
    return mt_sample_add(memory) ? mt_record_alloc(memory, size, call) : memory;
}

/* The cases of record_special(). */
static MT_COLD void *tiered_special(void *memory, size_t size, uintptr_t call) {
    struct mt_local *local = &mt_local;
    uint32_t busy;

    mt_guard_drop_dead(local);
    if (local->guard || (local->busy >= MT_LOCAL_OWN && !mt_interposed))
        return memory;
    if (local->busy & 1 || !local->thread)
        return record_certain(memory, size, call);
    if (local->busy >= MT_LOCAL_OWN)
        call = mt_call_foreign(local->own_address, MT_API_UNKNOWN);
    busy = local->busy;
    record_tiered(local, memory, size, call);
    MT_SIGNAL_FENCE();
    local->busy = busy;
    return memory;
}

void *mt_record_tiered(void *memory, size_t size, uintptr_t call) {
    struct mt_local *local = &mt_local;

    if (MT_UNLIKELY(local->busy || !local->thread))
        return tiered_special(memory, size, call);
    record_tiered(local, memory, size, call);
    return memory;
}
