/* The custom allocators of one trace: what each pool handed out, kept apart from the heap, in whose
 * blocks most of that lies.
 *
 * A block of a pool ends when it is given back; with its pool, when that is given back as a whole;
 * with the heap's block that it lies in; or when the same pool hands its beginning out again. A
 * deallocation of what is no block of a pool but one of the heap, or has just been given back, is
 * that of a function that only passes it on. */
#ifndef MT_MODEL_POOLS_H
#define MT_MODEL_POOLS_H

#include "model/facts.h"
#include "model/pool_blocks.h"
#include "trace/trace.h"
#include "util/error.h"
#include "util/id_map.h"
#include "util/list.h"

/* How a block ends. */
enum pool_end {
    POOL_END_FREED, /* given back by itself, */
    POOL_END_WITH_POOL,
    POOL_END_WITH_HEAP, /* with the heap's block around it, */
    POOL_END_REUSED,    /* or handed out again while it was live */
    POOL_ENDS,
};

struct pool_counters {
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t ended[POOL_ENDS];
    uint64_t live;
    uint64_t live_blocks;
    uint64_t peak;
};

struct pool {
    const char *name; /* "" unknown */
    struct pool_counters counters;
    uint64_t unmatched_frees;
    uint64_t instances; /* with an identity, ever */
};

/* One of several pools of a name, told apart by a pointer or a number. */
struct pool_instance {
    uint32_t pool;
    uint32_t first;    /* see pool_blocks */
    uint64_t identity; /* 0: the pool is not told apart */
    struct pool_counters counters;
};

struct pools {
    MT_LIST(struct pool) pools;
    MT_LIST(struct pool_instance) instances; /* those with live blocks, and the largest others */
};

/* Goes through all events of the trace. The facts, unless NULL, become those of the pool named
 * `select`, as if it were the heap; then they are to be freed. Instances are sorted by pool, the
 * largest peak first. Damage that is found again is not counted again. */
bool pools_run(struct pools *pools, struct trace *trace, const char *select, struct facts *facts,
               struct error *error);
void pools_free(struct pools *pools);

void pool_counters_add(struct pool_counters *sum, const struct pool_counters *more);

/* Whether the trace knows of any custom allocator. */
bool pools_are_known(const struct trace *trace);

#endif
