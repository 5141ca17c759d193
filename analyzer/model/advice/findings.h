/* Advice: what evidence says could be better, each finding with its figures, the calling context
 * and what it would save. docs/advice.md describes the kinds, their thresholds and their limits.
 *
 * There are two kinds of thresholds. Those of the rules are numbers of blocks and bytes: whether
 * something is a pattern at all does not depend on how fast the machine was. Whether it is worth
 * anyone's while is what it saves: a share of the peak, or of the threads' time by what calls of an
 * allocator cost roughly.
 */
#ifndef MT_MODEL_ADVICE_FINDINGS_H
#define MT_MODEL_ADVICE_FINDINGS_H

#include "model/advice/collect.h"
#include "model/report.h"

enum finding_kind {
    FINDING_LEAK,
    FINDING_GROWTH,
    FINDING_CHURN,
    FINDING_REALLOC,
    FINDING_TINY,
    FINDING_OVER_ALLOCATION,
    FINDING_CROSS_THREAD,
    FINDING_THREAD_PEAK,
    FINDING_KINDS,
};

/* Costs that times are estimated by, in ns; see docs/advice.md. */
enum { MT_ADVICE_CALL_NS = 20, MT_ADVICE_CROSS_NS = 50, MT_ADVICE_BYTES_PER_NS = 10 };

/* glibc's smallest block, with its header; what tiny blocks cost at least. */
enum { MT_ADVICE_SMALLEST = 32 };

struct growth_figures {
    uint64_t rise;         /* from the beginning of the course to its end */
    uint64_t last;         /* bytes, at its end */
    double per_second;     /* 0: not known, like the next */
    double per_allocation; /* of the program */
    double tau;            /* see trend.h; of the largest */
    double fit;
};

struct finding_pair {
    uint32_t from; /* threads */
    uint32_t to;
    uint64_t frees;
};

struct finding {
    enum finding_kind kind;
    const struct trace *trace;   /* where it costs most */
    const struct chains *chains; /* NULL: of no place */
    uint32_t context;            /* the one of its group that costs most */
    uint64_t contexts;           /* of the group, that it was found in */
    uint64_t traces;

    uint64_t saves_bytes; /* of the peaks of its traces: */
    uint64_t peak_bytes;
    double saves_ns; /* of the times of all threads of its traces: */
    double thread_ns;
    double run_ns; /* of its traces, added up; 0: not known */
    double share;  /* the larger one, 0 to 1 */
    bool of_time;  /* that is */

    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees;
    uint64_t leaked_bytes;
    uint64_t leaked_blocks;

    struct growth_figures growth;
    uint64_t unreachable_bytes;
    uint64_t unreachable_blocks;
    uint64_t indirect_bytes;
    uint64_t temporary;
    uint64_t temporary_bytes;
    uint64_t size_min; /* of what is temporary */
    uint64_t size_max;
    struct regrowths regrowth;
    bool predictable; /* the final sizes are much alike */
    uint64_t tiny;
    uint64_t tiny_bytes;
    uint64_t overhead_bytes; /* of what is live at the peak */
    struct shrinks shrinks;
    uint64_t cross_frees;
    struct finding_pair pairs[MT_ADVICE_PAIRS]; /* of `trace`, most first */
    uint32_t pair_count;
    uint32_t thread;
    const struct thread_def *thread_def; /* may be NULL */
    uint64_t held_bytes;                 /* by the thread at the peak */

    double weight; /* what decides which context is shown */
    const struct trace *last_trace;
};

struct advice {
    MT_LIST(struct finding) findings; /* what saves most first */
    struct id_map of_key;
    uint64_t by_kind[FINDING_KINDS];
    uint64_t below; /* found, but they save too little */
    bool sampled;   /* at least one trace, of which little can be told */
};

struct advice_options {
    unsigned kinds;   /* bits; 0: all */
    double min_share; /* 0 to 1 */
};

/* From the evidence of the report's traces, in their order, whose contexts the report still has.
 * Always to be freed. */
bool advice_make(struct advice *advice, const struct report *report,
                 const struct evidence *const *evidence, const struct advice_options *options,
                 struct error *error);
void advice_free(struct advice *advice);

/* As options and JSON call it. */
const char *finding_kind_name(enum finding_kind kind);

#endif
