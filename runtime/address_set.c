/* Tables of buckets, each one cache line that is searched whole, so that nothing has to be kept in
 * order. A block goes into the first table whose bucket has room; the next table is four times as
 * large. */
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

/* Made at first use; NULL if the kernel has no memory. */
static slot *table_of(struct mt_address_set *set, unsigned table) {
    slot *slots = atomic_load_explicit(&set->tables[table], memory_order_acquire), *none = NULL;
    int saved = errno;

    if (slots)
        return slots;
    slots = mt_os_memory_map(bytes_of(table));
    if (slots && !atomic_compare_exchange_strong(&set->tables[table], &none, slots)) {
        mt_os_memory_unmap(slots, bytes_of(table));
        slots = none;
    }
    errno = saved;
    return slots;
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

bool mt_address_set_add(struct mt_address_set *set, const void *block) {
    for (unsigned table = 0; table < MT_ADDRESS_SET_TABLES; table++) {
        slot *slots = table_of(set, table);

        if (!slots)
            return false;
        if (replace(bucket_in(slots, table, block), 0, (uintptr_t)block))
            return true;
    }
    return false;
}

bool mt_address_set_remove(struct mt_address_set *set, const void *block) {
    for (unsigned table = 0; table < MT_ADDRESS_SET_TABLES; table++) {
        slot *slots = atomic_load_explicit(&set->tables[table], memory_order_acquire);

        if (!slots)
            break;
        if (replace(bucket_in(slots, table, block), (uintptr_t)block, 0))
            return true;
    }
    return false;
}
