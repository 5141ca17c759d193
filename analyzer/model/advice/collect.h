/* The observer that collects, of one trace, what advice is computed from: per context a few counts,
 * the course of its live bytes, that of its group, who frees its blocks, and how buffers are made
 * larger. Memory is bounded by contexts, threads, and live blocks that were reallocated.
 */
#ifndef MT_MODEL_ADVICE_COLLECT_H
#define MT_MODEL_ADVICE_COLLECT_H

#include "model/advice/floors.h"
#include "model/advice/regrowth.h"
#include "model/observe.h"
#include "model/weight.h"
#include "util/id_map.h"

/* Blocks up to this size are tiny. */
enum { MT_ADVICE_TINY = 32 };

/* How many pairs of threads are told apart, of each context: the first ones. */
enum { MT_ADVICE_PAIRS = 8 };

/* Zero at first, so that what is never allocated from takes no memory. */
struct context_evidence {
    struct floor floor;
    uint32_t group;    /* index */
    uint32_t regrowth; /* index from 1; 0: none */
    uint32_t pairs;    /* the same */
    uint32_t shrinks;  /* the same */
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t temporary; /* as in the report, but for what a realloc ended */
    uint64_t temporary_bytes;
    uint32_t temporary_min;
    uint32_t temporary_max;
    uint64_t tiny; /* allocations that were not temporary */
    uint64_t tiny_bytes;
    uint64_t frees;
    uint64_t cross_frees; /* by other threads */
    uint64_t last;        /* addresses of the last allocation and that before */
    uint64_t before;
};

struct thread_pair {
    uint32_t from; /* streams */
    uint32_t to;
    uint64_t frees;
};

struct thread_pairs {
    struct thread_pair items[MT_ADVICE_PAIRS];
    uint32_t count;
    uint64_t others; /* frees */
};

/* Of blocks that were made smaller, by where they were allocated. */
struct shrinks {
    uint64_t blocks;
    uint64_t before_bytes;
    uint64_t given_back_bytes;
    uint64_t epoch;         /* of the peak: */
    uint64_t at_peak_bytes; /* what of the bytes given back was held at it */
};

struct stream_evidence {
    uint64_t first_ticks;
    uint64_t last_ticks;
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t live;
    uint64_t at_peak;
    uint64_t epoch;
    struct live_block last; /* its last allocation; address 0: none */
    unsigned last_op;
    bool released; /* its last event was the first half of a realloc, */
    uint32_t chain;
    struct live_block given; /* which was given this block */
};

struct group_evidence {
    struct floor floor;
    uint64_t key;
    uint32_t allocations; /* up to where its course begins */
};

struct evidence {
    struct observer observer;
    const struct trace *trace;
    struct weights weights; /* of a sampled trace there are only courses, of estimates */
    struct context_evidence *contexts;
    size_t context_count;
    struct group_evidence *groups; /* those with allocations; room for as many as contexts */
    size_t group_count;
    struct id_map group_of_key;
    struct stream_evidence *streams;
    size_t stream_count;
    struct floors floors;
    struct regrowth regrowth;
    MT_LIST(struct thread_pairs) pairs;
    MT_LIST(struct shrinks) shrinks;
    uint64_t allocations; /* none by realloc, like frees */
    uint64_t frees;
    uint64_t allocated_bytes;
    uint64_t live;
    uint64_t peak;
    uint64_t peak_ticks;
    uint64_t epoch; /* of the peak */
    uint64_t first_ticks;
    uint64_t last_ticks;
};

extern const struct observer_ops advice_observer;

static inline const struct evidence *evidence_of(const struct observer *observer) {
    return (const struct evidence *)observer;
}

#endif
