#include "model/pool_blocks.h"

#include "util/id_map.h"

#include <stdlib.h>
#include <string.h>

/* Blocks that begin in one granule share a bucket: few enough to look through, and a range has few
 * granules. */
enum { GRANULE_BITS = 9, FIRST_BUCKETS = 1 << 10 };

static uint32_t *bucket_of(const struct pool_blocks *blocks, uint64_t address) {
    return &blocks->buckets[id_hash(address >> GRANULE_BITS) & (blocks->bucket_count - 1)];
}

void pool_blocks_free(struct pool_blocks *blocks) {
    free(blocks->blocks.items);
    free(blocks->buckets);
    *blocks = (struct pool_blocks){0};
}

static bool grow(struct pool_blocks *blocks) {
    size_t count = blocks->bucket_count ? 2 * blocks->bucket_count : FIRST_BUCKETS;
    uint32_t *old = blocks->buckets;
    size_t old_count = blocks->bucket_count;
    uint32_t *buckets = calloc(count, sizeof(*buckets));

    if (!buckets)
        return false;
    blocks->buckets = buckets;
    blocks->bucket_count = count;
    for (size_t i = 0; i < old_count; i++) {
        for (uint32_t at = old[i], next; at; at = next) {
            struct pool_block *block = pool_blocks_at(blocks, at);
            uint32_t *bucket = bucket_of(blocks, block->address);

            next = block->next;
            block->next = *bucket;
            *bucket = at;
        }
    }
    free(old);
    return true;
}

bool pool_blocks_add(struct pool_blocks *blocks, const struct pool_block *block, uint32_t *first) {
    uint32_t at = blocks->unused;
    struct pool_block *added;
    uint32_t *bucket;

    if (blocks->live >= blocks->bucket_count && !grow(blocks))
        return false;
    if (at) {
        added = pool_blocks_at(blocks, at);
        blocks->unused = added->next;
    } else {
        if (blocks->blocks.count >= UINT32_MAX - 1 || !MT_LIST_ADD(blocks->blocks))
            return false;
        at = (uint32_t)blocks->blocks.count;
        added = pool_blocks_at(blocks, at);
    }
    bucket = bucket_of(blocks, block->address);
    *added = *block;
    added->next = *bucket;
    added->previous_of_instance = 0;
    added->next_of_instance = *first;
    if (*first)
        pool_blocks_at(blocks, *first)->previous_of_instance = at;
    *first = *bucket = at;
    blocks->live++;
    return true;
}

uint32_t pool_blocks_find(const struct pool_blocks *blocks, uint64_t address, uint32_t pool,
                          uint32_t instance, bool any) {
    uint32_t found = 0;
    int best = any ? 0 : 1;

    if (!blocks->live)
        return 0;
    for (uint32_t at = *bucket_of(blocks, address); at; at = blocks->blocks.items[at - 1].next) {
        const struct pool_block *block = &blocks->blocks.items[at - 1];
        int rank = block->instance == instance ? 3 : block->pool == pool ? 2 : 1;

        if (block->address == address && rank > best) {
            found = at;
            best = rank;
        }
    }
    return found;
}

static uint32_t find_in_bucket(const struct pool_blocks *blocks, uint32_t at,
                               const struct pool_range *range) {
    while (at) {
        const struct pool_block *block = &blocks->blocks.items[at - 1];

        if (block->address >= range->begin && block->address < range->end &&
            (range->instance == UINT32_MAX || block->instance == range->instance))
            break;
        at = block->next;
    }
    return at;
}

uint32_t pool_blocks_next(const struct pool_blocks *blocks, struct pool_range *range) {
    uint32_t found = 0;

    if (!blocks->live)
        return 0;
    /* Of more granules than buckets, each bucket is looked at once. */
    if (range->bucket || (range->end - range->begin) >> GRANULE_BITS > blocks->bucket_count) {
        while (!found && range->bucket < blocks->bucket_count) {
            found = find_in_bucket(blocks, blocks->buckets[range->bucket], range);
            range->bucket += !found;
        }
        return found;
    }
    while (!found && range->begin < range->end) {
        found = find_in_bucket(blocks, *bucket_of(blocks, range->begin), range);
        if (!found) {
            range->begin = ((range->begin >> GRANULE_BITS) + 1) << GRANULE_BITS;
            if (range->begin == 0)
                range->end = 0;
        }
    }
    return found;
}

void pool_blocks_remove(struct pool_blocks *blocks, uint32_t at, uint32_t *first) {
    struct pool_block *block = pool_blocks_at(blocks, at);
    uint32_t *link = bucket_of(blocks, block->address);

    while (*link != at)
        link = &pool_blocks_at(blocks, *link)->next;
    *link = block->next;
    if (block->previous_of_instance)
        pool_blocks_at(blocks, block->previous_of_instance)->next_of_instance =
            block->next_of_instance;
    else
        *first = block->next_of_instance;
    if (block->next_of_instance)
        pool_blocks_at(blocks, block->next_of_instance)->previous_of_instance =
            block->previous_of_instance;
    block->next = blocks->unused;
    blocks->unused = at;
    blocks->live--;
}
