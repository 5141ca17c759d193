/* The hooks around calls of custom allocators. They run in the program's threads, like entry.c's
 * entry points, and are as little to be noticed.
 *
 * An allocator that only passes on what another one gave it adds nothing: the other one's event, of
 * the heap or of a pool, is the event. It is found in the thread's buffer, where the records since
 * the hook before the call are those made during the call. No store on the path of other
 * allocations is needed for that.
 */
#include "pools.h"

#include "compiler.h"
#include "guard.h"
#include "memtrack/abi.h"
#include "record.h"
#include "stamp.h"
#include "thread.h"

/* The address of the site, and perhaps MT_SITE_LINKED; 0 where the pass could not give it one. */
typedef uintptr_t site_pointer;

#define HOOK(type, name, ...)                                                                      \
    MT_EXPORT type __memtrack_pool_##name(__VA_ARGS__);                                            \
    MT_EXPORT type __memtrack_pool_##name(__VA_ARGS__)

enum {
    LOOK_BACK = 64, /* records */
    /* What is larger than two blocks and this is a chunk that holds many, even if the first one is
     * at its start. */
    CHUNK_SLACK = 64,
};

struct allocation {
    uintptr_t address;
    uint64_t size;
};

static bool allocates(unsigned op) {
    return op == MT_OP_ALLOC || op == MT_OP_REALLOC_ALLOC || op == MT_OP_POOL_ALLOC;
}

/* The last allocation among the records from `first` up to `end`; false if there is none. Read
 * backwards, an extended record shows its operation, which no address is as small as. */
static bool find_last(const uint64_t *first, const uint64_t *end, struct allocation *last) {
    for (int i = 0; i < LOOK_BACK && end - first >= MT_RECORD_WORDS; i++) {
        const uint64_t *words = end - MT_RECORD_WORDS;
        unsigned op = mt_record_op(words);

        if (words[0] <= MT_OP_MASK && end - first >= MT_RECORD_EXTENDED_WORDS) {
            words = end - MT_RECORD_EXTENDED_WORDS;
            op = (unsigned)words[4];
            *last = (struct allocation){words[2], words[3]};
        } else {
            last->address = words[0] & ((UINT64_C(1) << MT_RECORD_ADDRESS_BITS) - 1);
            last->size = words[0] >> 51 << 12 | words[1] >> 52;
        }
        if (allocates(op))
            return true;
        end = words;
    }
    return false;
}

void mt_pools_buffer_ends(struct mt_local *local) {
    struct allocation last = {0, 0};

    if (!find_last(local->buffer->words, local->cursor, &last))
        last = (struct allocation){0, 0};
    local->thread->last_address = last.address;
    local->thread->last_size = last.size;
}

/* In a signal handler that interrupted the event path, events wait elsewhere. */
static bool find_nested(struct mt_local *local, struct allocation *last) {
    uint32_t count = atomic_load_explicit(&local->nested, memory_order_relaxed);
    const struct mt_event *event;

    if (count == 0 || !local->thread)
        return false;
    event = &local->thread->nested[count - 1];
    *last = (struct allocation){(uintptr_t)event->address, event->size};
    return allocates(event->op);
}

/* What the thread allocated last, if that was after the hook that returned `position`. */
static bool find_inner(struct mt_local *local, uint64_t position, struct allocation *last) {
    const uint64_t *start = (const void *)(uintptr_t)position;

    if (!local->buffer)
        return false;
    if (local->busy)
        return find_nested(local, last);
    if (start >= local->buffer->words && start <= local->cursor)
        return find_last(start, local->cursor, last);
    if (find_last(local->buffer->words, local->cursor, last))
        return true;
    *last = (struct allocation){local->thread->last_address, local->thread->last_size};
    return last->address != 0;
}

/* Whether `block` is just what another allocator returned during the call. */
static bool is_passed_on(struct mt_local *local, const void *block, uint64_t size,
                         uint64_t position) {
    struct allocation inner;

    return find_inner(local, position, &inner) && inner.address == (uintptr_t)block &&
           inner.size / 2 <= size + CHUNK_SLACK / 2;
}

static void record(enum mt_event_op op, const void *block, uint64_t size, const void *pool,
                   uint64_t ticks, site_pointer site) {
    const struct mt_event events[2] = {
        {MT_OP_IN_POOL, pool, 0, site, ticks},
        {op, block, size, site, ticks},
    };
    const struct mt_local *local = &mt_local;

    /* Of memory at yet another level: how the program's own malloc works. */
    if (local->guard || local->busy >= MT_LOCAL_OWN)
        return;
    mt_stamp_be_precise();
    if (pool)
        mt_record_events(events, 2);
    else
        mt_record_events(&events[1], 1);
}

/* With sampling, it is not known which blocks an allocator only passes on: none is recorded. */
static bool is_recorded(void) {
    return mt_record_enabled() && !mt_record_samples();
}

HOOK(uint64_t, position, void) {
    return (uintptr_t)mt_local.cursor;
}

HOOK(uint64_t, ticks, void) {
    return mt_stamp_now(&mt_local);
}

static void allocated(const void *block, uint64_t size, const void *pool, site_pointer site) {
    if (block && mt_record_allocations())
        record(MT_OP_POOL_ALLOC, block, size, pool, mt_stamp_now(&mt_local), site);
}

HOOK(void, alloc, const void *block, uint64_t size, const void *pool, uint64_t position,
     site_pointer site) {
    if (site && is_recorded() && !is_passed_on(&mt_local, block, size, position))
        allocated(block, size, pool, site);
}

HOOK(void, free, const void *block, const void *pool, site_pointer site) {
    if (block && site && is_recorded())
        record(MT_OP_POOL_FREE, block, 0, pool, mt_stamp_now(&mt_local), site);
}

/* The end of all of a pool is the end of what lies at its own address. */
HOOK(void, free_all, const void *pool, site_pointer site) {
    if (pool && site && is_recorded())
        record(MT_OP_POOL_FREE, pool, 0, pool, mt_stamp_now(&mt_local), site);
}

HOOK(void, realloc, const void *block, uint64_t size, const void *pool, uint64_t position,
     uint64_t before, const void *old, site_pointer site) {
    if (!site || !is_recorded() || is_passed_on(&mt_local, block, size, position))
        return;
    /* Null for a size of 0 is a deallocation, else a failure. */
    if (old && (block || size == 0))
        record(MT_OP_POOL_FREE, old, 0, pool, before, site);
    allocated(block, size, pool, site);
}
