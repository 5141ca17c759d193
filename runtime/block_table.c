#define _GNU_SOURCE
#include "block_table.h"

#include "os_memory.h"

#include <string.h>
#include <sys/mman.h>

#define FIRST_BITS 13u
#define LAST_BITS 31u /* as many as hashes can tell apart, and entries there can be */

static struct mt_live_block *chunks[MT_BLOCK_TABLE_CHUNKS];

static bool use(struct mt_block_table *blocks, unsigned bits) {
    size_t size = (size_t)8 << bits;
    uint64_t *slots = bits > LAST_BITS ? NULL : mt_os_memory_map(size);

    if (!slots)
        return false;
    /* Lookups in a large index spend most of their time in misses of the TLB otherwise. */
    if (size >= 4u << 20)
        madvise(slots, size, MADV_HUGEPAGE);
    blocks->slots = slots;
    blocks->mask = ((size_t)1 << bits) - 1;
    blocks->shift = 32 - bits;
    blocks->limit = ((size_t)1 << bits) / 8 * 5;
    return true;
}

bool mt_block_table_start(struct mt_block_table *blocks) {
    *blocks = (struct mt_block_table){.chunks = chunks};
    return use(blocks, FIRST_BITS);
}

void mt_block_table_end(struct mt_block_table *blocks) {
    if (blocks->slots)
        mt_os_memory_unmap(blocks->slots, (blocks->mask + 1) * sizeof *blocks->slots);
    for (unsigned i = 0; i < MT_BLOCK_TABLE_CHUNKS && chunks[i]; i++) {
        mt_os_memory_unmap(chunks[i], MT_BLOCK_TABLE_CHUNK * sizeof *chunks[i]);
        chunks[i] = NULL;
    }
    *blocks = (struct mt_block_table){0};
}

/* The index's order is that of the hashes, the larger one's, too: both are gone through once. */
bool mt_block_table_grow(struct mt_block_table *blocks) {
    uint64_t *old = blocks->slots;
    size_t count = blocks->mask + 1;

    if (!use(blocks, 33 - blocks->shift))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t at = (uint32_t)(old[i] >> 32) >> blocks->shift;

        if (!old[i])
            continue;
        while (blocks->slots[at])
            at = (at + 1) & blocks->mask;
        blocks->slots[at] = old[i];
    }
    mt_os_memory_unmap(old, count * sizeof *old);
    return true;
}

/* Where a huge page can lie. */
static void *map_chunk(void) {
    const size_t size = MT_BLOCK_TABLE_CHUNK * sizeof(struct mt_live_block);
    char *memory = mt_os_memory_map(2 * size);
    size_t before;

    if (!memory)
        return mt_os_memory_map(size);
    before = -(uintptr_t)memory & (size - 1);
    if (before)
        mt_os_memory_unmap(memory, before);
    mt_os_memory_unmap(memory + before + size, size - before);
    return memory + before;
}

bool mt_block_table_add_chunk(struct mt_block_table *blocks) {
    uint32_t chunk = blocks->used / MT_BLOCK_TABLE_CHUNK;

    if (chunk == MT_BLOCK_TABLE_CHUNKS)
        return false;
    blocks->chunks[chunk] = map_chunk();
    if (blocks->chunks[chunk] && chunk)
        madvise(blocks->chunks[chunk], MT_BLOCK_TABLE_CHUNK * sizeof(struct mt_live_block),
                MADV_HUGEPAGE);
    return blocks->chunks[chunk] != NULL;
}
