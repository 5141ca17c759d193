/* Addresses that were freed although no block was known to live there, and what is told of them
 * when the events are gone through a second time. Only then is it known which addresses matter, so
 * that of blocks that are gone nothing has to be remembered but where these are concerned: however
 * long ago a block was freed, a second free of it is known for one.
 */
#ifndef MT_MODEL_SUSPECTS_H
#define MT_MODEL_SUSPECTS_H

#include "model/errors.h"
#include "model/live_table.h"

/* Addresses that are followed; frees of others are left unexplained. */
enum { MT_SUSPECTS_KEPT = 1 << 14 };

struct suspects {
    MT_LIST(uint64_t) addresses; /* sorted by suspects_sort */
    struct id_map of_address;
};

/* False when memory is short. */
bool suspects_add(struct suspects *suspects, uint64_t address);
bool suspects_sort(struct suspects *suspects);
void suspects_free(struct suspects *suspects);

/* What a process knows of one of the addresses. */
struct past {
    bool freed;          /* a block that began there was freed, the last time: */
    uint64_t size;       /* of the block */
    struct origin block; /* where it was allocated; may be unknown */
    struct origin by;    /* where it was freed */

    uint64_t around; /* address of a live block with this one inside it; 0 none */
    uint64_t around_size;
    struct origin around_at;
};

struct history {
    const struct suspects *suspects;
    struct past *items; /* one for each */
    uint64_t work;      /* steps that blocks around addresses have cost */
};

/* `before` is what the parent knew at the fork, or NULL. False when memory is short. */
bool history_init(struct history *history, const struct suspects *suspects,
                  const struct history *before);
void history_free(struct history *history);

/* The past of an address that is followed, else NULL. */
struct past *history_find(const struct history *history, uint64_t address);

/* A block begins and ceases to live. */
void history_begins(struct history *history, const struct live_block *block, struct origin at);
void history_ends(struct history *history, const struct live_block *block);

#endif
