/* Sampling: which allocations are kept, and which blocks those are.
 *
 * `sample=poisson:T`: bytes are points on a line on which samples lie as a Poisson process with one
 * in T bytes, as in tcmalloc and Go: an allocation of s bytes is kept with probability
 * 1 - exp(-s/T), whatever was kept before. A thread counts down the bytes to its next sample.
 *
 * `sample=tiered`: the probability is the rate of the size's tier, raised for contexts that
 * allocate often, and 1 for the first allocations of a context in a thread. It is rounded to
 * 1/65536 before the draw, so that the one stored with the event is the one that was used.
 *
 * Blocks that were kept are in a set; what is freed is looked for there, after a filter that nearly
 * always tells at once that it is not in it. So the free of a block is kept if its allocation was,
 * and no other is. docs/sampling.md tells what is made of it.
 *
 * Runs in the program's threads, outside of the event path (busy is not set) unless a function says
 * otherwise; none but the first event of the process and what is kept makes a system call.
 */
#ifndef MT_SAMPLE_H
#define MT_SAMPLE_H

#include "compiler.h"
#include "context.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_SAMPLE_CERTAIN 65536u /* a probability of 1, in these units */
#define MT_SAMPLE_FIRST 10u      /* of a context in a thread, which tiered keeps */

/* A thread's counts of allocations by context: direct-mapped by id, which are nearly consecutive.
 * What one pushes out begins anew, and so with allocations that are certainly kept. */
#define MT_SAMPLE_COUNTS 4096u
struct mt_sample_count {
    uint32_t context;
    uint32_t count;
};

struct mt_sampler {
    int64_t left; /* poisson: bytes up to the next sample, and it is kept; tiered: never above 0 */
    uint64_t random;
    bool seeded;
};
MT_THREAD_LOCAL_EXTERN struct mt_sampler mt_sampler;

/* Takes over the options; once, before any event. False if everything is kept. */
bool mt_sample_start(void);

/* After fork(), in both processes: the child's draws are other ones than its parent's and its
 * siblings'. */
void mt_sample_after_fork(bool child);

/* What entry points do where not everything is recorded: the event if it is kept, or nothing. The
 * time is taken for those alone. */
void *mt_sample_alloc(void *memory, size_t size, uintptr_t call);
void mt_sample_free(void *memory, uintptr_t call);

/* Around a realloc: before the call, the time if the old block was kept, which then is taken out of
 * the set; else 0. After it, both events, or that one. */
uint64_t mt_sample_before(const void *old);
void *mt_sample_reallocated(void *old, uint64_t before, void *memory, size_t size, uintptr_t call);

/* In the event path, for tiered: whether the next allocation of a context is kept, and with which
 * probability, 1 to MT_SAMPLE_CERTAIN; else 0. */
uint32_t mt_sample_choose(struct mt_sample_count *counts, struct mt_context_id context,
                          uint64_t size);

/* The filter: how many of the blocks that are kept fall to each place, neighbours side by side as
 * they are in memory, so that who uses a part of the heap uses a part of the filter. */
#define MT_SAMPLE_FILTER_BITS 20u
MT_EXTERN _Atomic uint8_t mt_sample_filter[1u << MT_SAMPLE_FILTER_BITS];

static inline _Atomic uint8_t *mt_sample_place(const void *block) {
    uintptr_t granule = (uintptr_t)block >> 4;

    return &mt_sample_filter[(granule + (granule >> MT_SAMPLE_FILTER_BITS) * 0x9e3779b1u) &
                             (sizeof mt_sample_filter - 1)];
}

/* Whether the block may be among those that are kept. */
static inline bool mt_sample_may_have(const void *block) {
    return atomic_load_explicit(mt_sample_place(block), memory_order_relaxed) != 0;
}

/* Puts a block among those that are kept, before the program has it; false, and the event counted
 * as lost, if there is no memory for that. Any time. */
bool mt_sample_add(const void *block);

/* What tells a reader how to weigh events, for the PROCESS block: "all", "poisson:524288", or
 * "tiered:..." with all its parameters. */
const char *mt_sample_description(void);

/* Sizes of events whose probability is below 1 have it in their upper 16 bits. */
#define MT_SAMPLE_SIZE_BITS 48

static inline uint64_t mt_sample_weighted_size(uint64_t size, uint32_t probability) {
    /* No block has that many bytes: see record_with_room() in thread.c. */
    if (size >> MT_SAMPLE_SIZE_BITS)
        size = 0;
    return size | (uint64_t)(probability & (MT_SAMPLE_CERTAIN - 1)) << MT_SAMPLE_SIZE_BITS;
}

/* The parts, for tests. */
struct mt_sample_rule {
    uint64_t large, medium;   /* bytes from which a size is */
    uint64_t rates[3];        /* large, medium, small; in millionths */
    uint64_t boost_threshold; /* allocations */
};
struct mt_sample_rule mt_sample_preset(int preset);
void mt_sample_use_rule(const struct mt_sample_rule *rule);
uint32_t mt_sample_probability(uint64_t size, uint32_t count);
void mt_sample_seed(struct mt_sampler *sampler, uint64_t seed);
uint64_t mt_sample_random(struct mt_sampler *sampler);

/* -ln(bits / 2^64), in units of 2^-40. */
uint64_t mt_sample_log(uint64_t bits);

/* Bytes up to the next sample, and it is kept. */
int64_t mt_sample_draw(struct mt_sampler *sampler, uint64_t mean);

/* Takes a block out again; false if it is not in there. */
bool mt_sample_take(const void *block);

#endif
