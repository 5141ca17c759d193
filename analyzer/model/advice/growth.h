/* Where the live bytes of a trace grow without end. Used by findings.c only. */
#ifndef MT_MODEL_ADVICE_GROWTH_H
#define MT_MODEL_ADVICE_GROWTH_H

#include "model/advice/findings.h"

/* One group that grows, or a context by itself. */
struct grown {
    uint32_t context; /* whose bytes rose most */
    uint64_t contexts;
    struct growth_figures growth;
    uint64_t allocations; /* of these contexts, like the rest */
    uint64_t allocated_bytes;
    uint64_t frees;
    uint64_t leaked_bytes;
    uint64_t most; /* by how much the bytes of `context` rose */
};

/* False when memory is short. */
typedef bool growth_taker(void *data, const struct grown *grown);

/* Tells of each. `kept`: by context, whether it is of the report. Of a group that grows, all
 * contexts count together, since recursion and many callers spread one growth over many; else those
 * that grow by themselves do. False when memory is short. */
bool growth_find(const struct evidence *evidence, const bool *kept, growth_taker *take, void *data);

#endif
