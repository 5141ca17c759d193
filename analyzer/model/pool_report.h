/* The pools of one or more traces, by name, and the heap memory that their functions asked for. */
#ifndef MT_MODEL_POOL_REPORT_H
#define MT_MODEL_POOL_REPORT_H

#include "model/pools.h"
#include "model/report.h"

struct pool_row {
    const char *name;
    struct pool_counters counters;
    uint64_t unmatched_frees;
    uint64_t instances;
    struct counters heap; /* what was allocated while a function of the pool ran */
};

struct pool_report_instance {
    const struct trace *trace;
    uint32_t row;
    uint64_t identity;
    struct pool_counters counters;
};

struct pool_report {
    MT_LIST(struct pool_row) rows;                  /* the largest peak first */
    MT_LIST(struct pool_report_instance) instances; /* by row, the largest peak first */
    bool sampled; /* of at least one trace the blocks were not recorded, as it is a sample */
};

/* Of the report's traces, whose events are gone through again. */
bool pool_report_make(struct pool_report *pools, const struct report *report, struct error *error);
void pool_report_free(struct pool_report *pools);

/* A report over the blocks of one pool instead of the heap's, to be freed in any case. */
bool pool_report_select(struct report *selected, const struct report *report, const char *name,
                        struct error *error);

/* Whether any of the traces has such a pool. */
bool pool_report_knows(const struct report *report, const char *name);

#endif
