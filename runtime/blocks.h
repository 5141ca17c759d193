/* The blocks that are live, by address: open addressing, linear probing, deletion by shifting back,
 * so that its memory follows the most blocks ever live at once and lookups touch one cache line.
 * Under the writer's lock. */
#ifndef MT_BLOCKS_H
#define MT_BLOCKS_H

#include "totals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mt_blocks {
    struct mt_live_block *slots;
    size_t mask;  /* slots less 1; a power of two less 1 */
    size_t count; /* whoever fills or empties a slot keeps it */
    size_t limit; /* grow before `count` exceeds it */
};

bool mt_blocks_start(struct mt_blocks *blocks);
void mt_blocks_end(struct mt_blocks *blocks);

/* False, and all is as before, if there is no memory. */
bool mt_blocks_grow(struct mt_blocks *blocks);

static inline size_t mt_blocks_slot(const struct mt_blocks *blocks, uint64_t address) {
    uint64_t hash = address * UINT64_C(0x9fb21c651e98df25);

    return (hash ^ hash >> 32) & blocks->mask;
}

/* Always inline: gcc takes calls of a function that does nothing else for calls without effect. */
static inline __attribute__((always_inline)) void mt_blocks_prefetch(const struct mt_blocks *blocks,
                                                                     uint64_t address) {
    const struct mt_live_block *slot = &blocks->slots[mt_blocks_slot(blocks, address)];

    /* A search may go on in the next line, and a removal always looks there. */
    __builtin_prefetch(slot, 1);
    __builtin_prefetch(slot + 1, 1);
}

/* The slot of the address, or the empty one where it would go. */
static inline struct mt_live_block *mt_blocks_find(const struct mt_blocks *blocks,
                                                   uint64_t address) {
    size_t slot = mt_blocks_slot(blocks, address);

    while (blocks->slots[slot].address != address && blocks->slots[slot].address != 0)
        slot = (slot + 1) & blocks->mask;
    return &blocks->slots[slot];
}

/* Empties a full slot; pointers into the table are worthless afterwards. */
static inline void mt_blocks_remove(struct mt_blocks *blocks, struct mt_live_block *block) {
    size_t hole = (size_t)(block - blocks->slots);
    size_t next = (hole + 1) & blocks->mask;

    blocks->count--;
    while (blocks->slots[next].address != 0) {
        size_t home = mt_blocks_slot(blocks, blocks->slots[next].address);

        if (((next - home) & blocks->mask) >= ((next - hole) & blocks->mask)) {
            blocks->slots[hole] = blocks->slots[next];
            hole = next;
        }
        next = (next + 1) & blocks->mask;
    }
    blocks->slots[hole].address = 0;
}

#endif
