/* The blocks that are live, by address. An index of small slots (open addressing, linear probing,
 * deletion by shifting back) leads to entries that stay where they are, which are used again last
 * freed first: what a program allocates in a row lies in a row, and only the index is searched,
 * eight slots to a cache line. Memory follows the most blocks ever live at once. Under the writer's
 * lock.
 */
#ifndef MT_BLOCK_TABLE_H
#define MT_BLOCK_TABLE_H

#include "totals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_BLOCK_TABLE_CHUNK 65536u /* entries */
#define MT_BLOCK_TABLE_CHUNKS 16384u

/* A slot: the hash of the address, and the number of the entry, from 1; 0 marks an empty one. */
struct mt_block_table {
    uint64_t *slots;
    size_t mask;    /* slots less 1; a power of two less 1 */
    unsigned shift; /* of a hash: where in the index it belongs */
    size_t count;
    size_t limit;   /* grow before `count` exceeds it */
    uint32_t used;  /* entries ever */
    uint32_t freed; /* the number of the last entry given back, 0 none; its `context` is the next */
    struct mt_live_block **chunks;
};

bool mt_block_table_start(struct mt_block_table *blocks);
void mt_block_table_end(struct mt_block_table *blocks);

/* Makes room for another entry, in a chunk of its own or a larger index. False, and all is as
 * before, if there is no memory. */
MT_COLD bool mt_block_table_grow(struct mt_block_table *blocks);
MT_COLD bool mt_block_table_add_chunk(struct mt_block_table *blocks);

static inline uint32_t mt_block_table_hash(uint64_t address) {
    return (uint32_t)(address * UINT64_C(0x9fb21c651e98df25) >> 32);
}

static inline struct mt_live_block *mt_block_table_entry(const struct mt_block_table *blocks,
                                                         uint64_t slot) {
    uint32_t number = (uint32_t)slot - 1;

    return &blocks->chunks[number / MT_BLOCK_TABLE_CHUNK][number % MT_BLOCK_TABLE_CHUNK];
}

/* The two below are always inline: gcc takes calls of a function that does nothing else for calls
 * without effect. The first brings the index near, the second, some time later, the entry. */
static inline __attribute__((always_inline)) void
mt_block_table_prefetch(const struct mt_block_table *blocks, uint64_t address) {
    __builtin_prefetch(&blocks->slots[mt_block_table_hash(address) >> blocks->shift], 1);
}

static inline __attribute__((always_inline)) void
mt_block_table_prefetch_entry(const struct mt_block_table *blocks, uint64_t address) {
    uint32_t hash = mt_block_table_hash(address);
    uint64_t slot = blocks->slots[hash >> blocks->shift];

    if (slot >> 32 == hash && slot)
        __builtin_prefetch(mt_block_table_entry(blocks, slot), 1);
}

/* The slot of the address, or the empty one where it would go. */
static inline uint64_t *mt_block_table_find(const struct mt_block_table *blocks, uint64_t address) {
    uint32_t hash = mt_block_table_hash(address);
    size_t at = hash >> blocks->shift;
    uint64_t slot;

    while ((slot = blocks->slots[at]) != 0 &&
           (slot >> 32 != hash || mt_block_table_entry(blocks, slot)->address != address))
        at = (at + 1) & blocks->mask;
    return &blocks->slots[at];
}

/* A new block, whose address has no slot yet. False if there is no memory. */
static inline bool mt_block_table_add(struct mt_block_table *blocks, uint64_t *empty,
                                      const struct mt_live_block *block) {
    uint32_t number = blocks->freed;

    if (MT_UNLIKELY(blocks->count >= blocks->limit)) {
        if (!mt_block_table_grow(blocks))
            return false;
        empty = mt_block_table_find(blocks, block->address);
    }
    if (number) {
        blocks->freed = mt_block_table_entry(blocks, number)->context;
    } else {
        if (MT_UNLIKELY(blocks->used % MT_BLOCK_TABLE_CHUNK == 0) &&
            !mt_block_table_add_chunk(blocks))
            return false;
        number = ++blocks->used;
    }
    *mt_block_table_entry(blocks, number) = *block;
    *empty = (uint64_t)mt_block_table_hash(block->address) << 32 | number;
    blocks->count++;
    return true;
}

/* Empties a full slot; pointers to slots are worthless afterwards. */
static inline void mt_block_table_remove(struct mt_block_table *blocks, const uint64_t *full) {
    size_t hole = (size_t)(full - blocks->slots);
    size_t next = (hole + 1) & blocks->mask;
    uint64_t slot;

    mt_block_table_entry(blocks, *full)->context = blocks->freed;
    blocks->freed = (uint32_t)*full;
    blocks->count--;
    while ((slot = blocks->slots[next]) != 0) {
        size_t home = (uint32_t)(slot >> 32) >> blocks->shift;

        if (((next - home) & blocks->mask) >= ((next - hole) & blocks->mask)) {
            blocks->slots[hole] = slot;
            hole = next;
        }
        next = (next + 1) & blocks->mask;
    }
    blocks->slots[hole] = 0;
}

#endif
