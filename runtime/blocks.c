#define _GNU_SOURCE
#include "blocks.h"

#include "os_memory.h"

#include <sys/mman.h>

#define FIRST_SLOTS ((size_t)1 << 13)

static struct mt_live_block *map(size_t count) {
    size_t size = count * sizeof(struct mt_live_block);
    struct mt_live_block *slots = mt_os_memory_map(size);

    /* Lookups in a large table spend most of their time in misses of the TLB otherwise. */
    if (slots && size >= 4u << 20)
        madvise(slots, size, MADV_HUGEPAGE);
    return slots;
}

static void use(struct mt_blocks *blocks, struct mt_live_block *slots, size_t count) {
    blocks->slots = slots;
    blocks->mask = count - 1;
    blocks->limit = count / 2;
}

bool mt_blocks_start(struct mt_blocks *blocks) {
    struct mt_live_block *slots = map(FIRST_SLOTS);

    blocks->count = 0;
    if (slots)
        use(blocks, slots, FIRST_SLOTS);
    return slots != NULL;
}

void mt_blocks_end(struct mt_blocks *blocks) {
    if (blocks->slots)
        mt_os_memory_unmap(blocks->slots, (blocks->mask + 1) * sizeof *blocks->slots);
    *blocks = (struct mt_blocks){0};
}

bool mt_blocks_grow(struct mt_blocks *blocks) {
    struct mt_live_block *old = blocks->slots, *slots;
    size_t count = blocks->mask + 1;

    if (count > SIZE_MAX / 4 / sizeof *old || !(slots = map(2 * count)))
        return false;
    use(blocks, slots, 2 * count);
    for (size_t i = 0; i < count; i++)
        if (old[i].address)
            *mt_blocks_find(blocks, old[i].address) = old[i];
    mt_os_memory_unmap(old, count * sizeof *old);
    return true;
}
