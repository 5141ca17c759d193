#define _GNU_SOURCE
#include "model/live_table.h"

#include "util/id_map.h"

#include <sys/mman.h>

#ifdef MEMTRACK_FUZZ_SMALL
enum { FIRST_SLOTS = 1 << 8, CACHED_SLOTS = 1 << 20, RELEASED_SLOTS = 1 << 16 };
#else
enum { FIRST_SLOTS = 1 << 14, CACHED_SLOTS = 1 << 20, RELEASED_SLOTS = 1 << 16 };
#endif

/* Mapped at a multiple of its size, so that huge pages fit; the kernel only gives the memory that
 * is touched. */
static struct live_block *map_slots(size_t count) {
    size_t size = count * sizeof(struct live_block);
    uintptr_t mapped, aligned;
    void *slots;

    if (count > SIZE_MAX / 2 / sizeof(struct live_block))
        return NULL;
    slots = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slots == MAP_FAILED)
        return NULL;
    mapped = (uintptr_t)slots;
    aligned = (mapped + size - 1) & ~(uintptr_t)(size - 1);
    if (aligned > mapped)
        munmap(slots, aligned - mapped);
    munmap((void *)(aligned + size), mapped + size - aligned);
    /* Random access to gigabytes spends most of its time in TLB misses otherwise. */
    madvise((void *)aligned, size, MADV_HUGEPAGE);
    return (void *)aligned;
}

static void set_slots(struct live_table *table, struct live_block *slots, size_t count) {
    table->slots = slots;
    table->mask = count - 1;
    table->shift = (unsigned)__builtin_clzll(count) + 1;
    /* Half full already costs a third more time, in probes and in misses of the branch predictor.
     * What no cache holds is better dense: memory is slower than probes. */
    table->limit = count / 8 * (count <= CACHED_SLOTS ? 3 : 5);
}

bool live_table_init(struct live_table *table) {
    struct live_block *slots = map_slots(FIRST_SLOTS);

    *table = (struct live_table){.seed = id_hash_seed()};
    if (slots)
        set_slots(table, slots, FIRST_SLOTS);
    return slots != NULL;
}

void live_table_free(struct live_table *table) {
    if (table->slots)
        munmap(table->slots, (table->mask + 1) * sizeof(*table->slots));
    *table = (struct live_table){0};
}

bool live_table_grow(struct live_table *table) {
    struct live_block *old = table->slots;
    size_t old_count = table->mask + 1;
    struct live_block *slots = map_slots(old_count * 2);

    if (!slots)
        return false;
    set_slots(table, slots, old_count * 2);
    /* Both are gone through in the same order, so that the old one can go as the new one comes. */
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].address)
            *live_table_find(table, old[i].address) = old[i];
        if ((i + 1) % RELEASED_SLOTS == 0)
            munmap(&old[i + 1 - RELEASED_SLOTS], RELEASED_SLOTS * sizeof(*old));
    }
    if (old_count < RELEASED_SLOTS)
        munmap(old, old_count * sizeof(*old));
    return true;
}
