/* What the events of a sampled trace say of all events, those included that were not recorded:
 * Horvitz-Thompson estimates (1952). An allocation that is recorded with probability p stands for
 * 1/p; each sum is then unbiased, and the sum of x^2 (1-p)/p^2 over what is recorded is an unbiased
 * estimate of its variance, as allocations are drawn one by one. The largest term of that is kept
 * beside it, and added once for the standard error: few events of small probability decide how well
 * the variance is known, and where none of them happened to be recorded it is too small.
 *
 * The peak is the largest estimate of what was live: its error is that of the estimate at that
 * moment, without the largest term, and it tends to be a little high, since the moment was chosen
 * by it.
 *
 * Kept beside the facts, which count what is recorded; told of the same blocks.
 */
#ifndef MT_MODEL_ESTIMATES_H
#define MT_MODEL_ESTIMATES_H

#include "model/live_table.h"
#include "trace/trace.h"

struct estimate {
    double value;
    double variance;
    double largest; /* of the variance's terms; not of what is live before the end */
};

struct context_estimates {
    struct estimate allocations;
    struct estimate allocated_bytes;
    struct estimate frees;
    struct estimate live; /* exact once estimates_block_is_left has been told of all blocks */
    struct estimate live_blocks;
    struct estimate at_peak; /* right once estimates_finish has run, like blocks_at_peak */
    struct estimate blocks_at_peak;
    double lifetime_ticks;
    uint64_t epoch; /* see facts.h */
};

struct thread_estimates {
    struct estimate allocations;
    struct estimate allocated_bytes;
    struct estimate frees; /* made by the thread */
    struct estimate live;
    struct estimate left_blocks;
    struct estimate peak;
    struct estimate freed_by_others;
};

struct estimates {
    uint64_t mean; /* sample=poisson: bytes from sample to sample; 0: events have probabilities */
    struct context_estimates *contexts;
    size_t context_count;
    struct thread_estimates *threads;
    size_t thread_count;
    double live;
    double peak;
    uint64_t peak_ticks;
    uint64_t epoch;
};

/* Contexts and threads are numbered from 0. NULL when memory is short. */
struct estimates *estimates_create(const struct trace *trace, size_t contexts, size_t threads);
void estimates_free(struct estimates *estimates);

/* After the last event: the peak, and for blocks to begin that are left. Those are summed up anew,
 * as sums that are undone leave what rounding has lost. */
void estimates_finish(struct estimates *estimates);
void estimates_block_is_left(struct estimates *estimates, const struct live_block *block);

/* As in facts.h. */
void estimates_freeze(struct estimates *estimates, uint64_t ticks);
void estimates_block_begins(struct estimates *estimates, const struct live_block *block);
void estimates_block_ends(struct estimates *estimates, const struct live_block *block);
void estimates_block_freed(struct estimates *estimates, const struct live_block *block,
                           uint32_t thread, uint64_t ticks);

/* By a process that is sampled as its parent, whose block it was. */
void estimates_inherited_freed(struct estimates *estimates, const struct live_block *block,
                               uint32_t thread);

/* How probable it was that the block's allocation is recorded: more than 0. */
double estimates_probability(const struct estimates *estimates, const struct live_block *block);

#endif
