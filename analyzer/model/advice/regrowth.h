/* Buffers that are made larger, time and again: by realloc, or, as C++ containers do, by getting a
 * larger block, copying, and freeing the old one. Each such block carries its chain: all the
 * smaller blocks that it was before. Memory follows the number of such blocks that are live, and of
 * contexts that make them.
 */
#ifndef MT_MODEL_ADVICE_REGROWTH_H
#define MT_MODEL_ADVICE_REGROWTH_H

#include "model/live_table.h"
#include "util/list.h"

/* What one context did; of a realloc, the context that called it. */
struct regrowths {
    uint32_t context;
    bool by_realloc; /* or by an allocation and a free */
    uint64_t steps;  /* all of them: to larger, smaller and equal sizes */
    uint64_t growths;
    uint64_t moved;          /* steps to another address */
    uint64_t copied_bytes;   /* by these: the smaller of both sizes, added up */
    uint64_t remapped_bytes; /* of those: in all likelihood the kernel moved them without a copy */

    /* Of chains that ended, counted where their last step was. */
    uint64_t chains;
    uint64_t chain_growths;
    uint64_t longest;     /* growths */
    uint64_t final_bytes; /* the last size of each, added up, like the next */
    uint64_t volume;      /* what would have been copied if every growth had moved */
    uint64_t final_min;
    uint64_t final_max;
};

struct chain_of_blocks {
    uint32_t figures; /* where its last step counts: index from 1 */
    uint32_t block;   /* context of the block, so that it can be told from another */
    uint32_t growths;
    uint32_t next_free;
    uint64_t size; /* the last */
    uint64_t volume;
};

struct regrowth {
    struct live_table table; /* of blocks with a chain; its context is the chain's index */
    MT_LIST(struct chain_of_blocks) chains;
    uint32_t first_free; /* index from 1 */
    MT_LIST(struct regrowths) contexts;
};

/* One step of a chain. */
struct regrowth_step {
    const struct live_block *from;
    const struct live_block *to;
    uint32_t chain; /* from's: as regrowth_take gave it */
    bool by_realloc;
};

bool regrowth_init(struct regrowth *regrowth);
void regrowth_free(struct regrowth *regrowth);

/* Takes the chain of a block that ends; 0 if it has none. */
uint32_t regrowth_take(struct regrowth *regrowth, const struct live_block *block);

/* `*index`, from 1, is where the figures of the step's context are; 0 at first. False when memory
 * is short. */
bool regrowth_add(struct regrowth *regrowth, const struct regrowth_step *step, uint32_t *index);

/* The chain that was taken goes on in no other block. */
void regrowth_close(struct regrowth *regrowth, uint32_t chain);

/* Ends all chains. */
void regrowth_finish(struct regrowth *regrowth);

#endif
