/* Tables of buckets, each one cache line that is searched whole, so that nothing has to be kept in
 * order. The next table is four times as large. Blocks go into the last one where there is room, as
 * most blocks are looked for there first; it fits the most blocks there have been. */
#include "address_set.h"

#include "os_memory.h"

#include <errno.h>
#include <stddef.h>

#define BUCKET 8u
#define FIRST_BITS 9u /* of a bucket's number */

typedef _Atomic uintptr_t slot;

static size_t bytes_of(unsigned table) {
    return (BUCKET * sizeof(slot)) << (FIRST_BITS + 2 * table);
}

static slot *bucket_in(slot *slots, unsigned table, const void *block) {
    uint64_t hash = ((uintptr_t)block >> 4) * UINT64_C(0x9e3779b97f4a7c15);

    return &slots[(hash >> (64 - FIRST_BITS - 2 * table)) * BUCKET];
}

/* Makes the table, unless another thread does; false if the kernel has no memory. */
static bool add_table(struct mt_address_set *set, unsigned table) {
    slot *slots, *none = NULL;
    unsigned before = table;
    int saved = errno;

    if (table == MT_ADDRESS_SET_TABLES)
        return false;
    slots = mt_os_memory_map(bytes_of(table));
    errno = saved;
    if (!slots)
        return false;
    if (!atomic_compare_exchange_strong(&set->tables[table], &none, slots))
        mt_os_memory_unmap(slots, bytes_of(table));
    /* Pairs with what reads it: the table is there. */
    atomic_compare_exchange_strong_explicit(&set->count, &before, table + 1, memory_order_release,
                                            memory_order_relaxed);
    return true;
}

static bool replace(slot *bucket, uintptr_t old, uintptr_t new) {
    for (unsigned i = 0; i < BUCKET; i++) {
        uintptr_t expected = old;

        if (atomic_load_explicit(&bucket[i], memory_order_relaxed) == old &&
            atomic_compare_exchange_strong_explicit(&bucket[i], &expected, new,
                                                    memory_order_relaxed, memory_order_relaxed))
            return true;
    }
    return false;
}

/* In any table, one slot from `old` to `new`; sets *count to how many tables there are. */
static bool replace_in(struct mt_address_set *set, const void *block, uintptr_t old, uintptr_t new,
                       unsigned *count) {
    *count = atomic_load_explicit(&set->count, memory_order_acquire);
    for (unsigned table = *count; table-- > 0;) {
        slot *slots = atomic_load_explicit(&set->tables[table], memory_order_relaxed);

        if (replace(bucket_in(slots, table, block), old, new))
            return true;
    }
    return false;
}

bool mt_address_set_add(struct mt_address_set *set, const void *block) {
    unsigned count;

    while (!replace_in(set, block, 0, (uintptr_t)block, &count)) {
        if (!add_table(set, count))
            return false;
    }
    return true;
}

bool mt_address_set_remove(struct mt_address_set *set, const void *block) {
    unsigned count;

    return replace_in(set, block, (uintptr_t)block, 0, &count);
}
