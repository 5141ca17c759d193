/* The blocks that custom allocators have handed out and not taken back: found by their address, by
 * a range of addresses, or all those of one instance of a pool. Blocks of different pools may lie
 * in one another, even at one address. */
#ifndef MT_MODEL_POOL_BLOCKS_H
#define MT_MODEL_POOL_BLOCKS_H

#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_block {
    uint64_t address;
    uint64_t size;
    uint64_t ticks;   /* of its allocation */
    uint32_t context; /* index */
    uint32_t thread;  /* stream index */
    uint32_t pool;    /* the caller's, like the instance */
    uint32_t instance;
    uint32_t next;             /* index plus 1, 0 none: in the bucket, or of the free ones; */
    uint32_t next_of_instance; /* and among those of the instance */
    uint32_t previous_of_instance;
};

struct pool_blocks {
    MT_LIST(struct pool_block) blocks;
    uint32_t *buckets;
    size_t bucket_count; /* a power of two, or 0 */
    uint32_t unused;     /* first free one */
    size_t live;
};

void pool_blocks_free(struct pool_blocks *blocks);

/* `first` is the head of the list of the instance's blocks, 0 at first. False when memory is
 * short. */
bool pool_blocks_add(struct pool_blocks *blocks, const struct pool_block *block, uint32_t *first);

/* Indices plus 1; 0 for none. They hold until the block is removed. */

/* The block at the address: best of the instance, else of the pool, else, with `any`, the newest.
 */
uint32_t pool_blocks_find(const struct pool_blocks *blocks, uint64_t address, uint32_t pool,
                          uint32_t instance, bool any);

/* A look for all blocks that begin in [begin, end); with `instance` not UINT32_MAX only those of
 * that one. */
struct pool_range {
    uint64_t begin;
    uint64_t end;
    uint32_t instance;
    size_t bucket; /* 0 at first */
};

/* The next one. It must be removed before the look goes on. */
uint32_t pool_blocks_next(const struct pool_blocks *blocks, struct pool_range *range);

static inline struct pool_block *pool_blocks_at(struct pool_blocks *blocks, uint32_t at) {
    return &blocks->blocks.items[at - 1];
}

void pool_blocks_remove(struct pool_blocks *blocks, uint32_t at, uint32_t *first);

#endif
