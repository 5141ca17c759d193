/* The facts of one or more traces, added up and ordered for reading. Rows refer to the traces'
 * definitions, so the traces outlive the report.
 *
 * Addresses of different processes are never mixed: each trace is matched by itself. Peaks of
 * several processes need not coincide; their sum is an upper bound and is labelled so.
 */
#ifndef MT_MODEL_REPORT_H
#define MT_MODEL_REPORT_H

#include "model/chains.h"
#include "model/facts.h"
#include "model/moment.h"
#include "model/selection.h"
#include "trace/trace.h"

/* See estimates.h. */
struct variances {
    double allocations;
    double frees;
    double allocated_bytes;
    double peak_bytes;
    double peak_blocks;
    double leaked_bytes;
    double leaked_blocks;
};

struct counters {
    uint64_t allocations;
    uint64_t frees; /* of a row: of the blocks allocated there; of a thread: made by it */
    uint64_t allocated_bytes;
    uint64_t peak_bytes;  /* of a row: held at the peak; of a thread: its own peak */
    uint64_t peak_blocks; /* as peak_bytes; not of threads */
    uint64_t leaked_bytes;
    uint64_t leaked_blocks;
    uint64_t temporary;
    uint64_t temporary_bytes; /* not of threads */
    double lifetime_ns;       /* sum over the freed blocks */
    /* Of what leaked, by the scans at the traces' ends; of traces without one, it is in neither. */
    bool scanned; /* there was at least one */
    uint64_t reachable_bytes;
    uint64_t reachable_blocks;
    uint64_t unreachable_bytes;
    uint64_t unreachable_blocks;
    uint64_t indirect_bytes; /* of those: only by what is unreachable itself */
    uint64_t indirect_blocks;
    uint64_t kept_bytes; /* indirect ones, anywhere, that the direct ones of this row keep */
    uint64_t kept_blocks;
    /* Of sampled traces all of this are estimates, but `temporary` and `temporary_bytes`, which are
     * not known and 0. */
    bool sampled;
    uint64_t recorded; /* allocations in the traces */
    struct variances variances;
    struct variances largest; /* terms of those */
};

/* Of a figure, by its variance and the largest term of that. */
double counters_error(double variance, double largest);

void counters_add(struct counters *sum, const struct counters *more);

/* What the report tells apart; see report_group. */
enum report_by {
    REPORT_BY_CONTEXT,
    REPORT_BY_SITE,
    REPORT_BY_FUNCTION,
    REPORT_BY_FILE,
    REPORT_BY_TYPE,
    REPORT_BY_THREAD,
};

enum report_order {
    REPORT_ORDER_PEAK,
    REPORT_ORDER_LEAKED,
    REPORT_ORDER_ALLOCATED,
    REPORT_ORDER_COUNT,
    REPORT_ORDER_TEMPORARY,
    REPORT_ORDER_LIFETIME, /* in the mean, of blocks that were freed; not of threads and trees */
};

struct report_row {
    uint64_t key; /* rows of equal keys are one */
    const struct chains *chains;
    uint32_t context; /* one that belongs to the row */
    struct counters counters;
};

struct report_rows {
    struct report_row *items;
    size_t count;
    size_t capacity;
    struct id_map of_key;
};

struct report_thread {
    const struct trace *trace;
    uint32_t id;
    const struct thread_def *def; /* may be NULL */
    struct counters counters;
    uint64_t events;
    uint64_t freed_by_others;
};

/* A context of one of the traces; NULL: not known. */
struct report_place {
    const struct chains *chains;
    uint32_t context;
};

struct report_error {
    struct memory_error what; /* its traces and thread are those of the first occurrence */
    struct report_place allocated_at;
    struct report_place freed_at;
    struct report_place first_freed_at;
    uint32_t thread; /* id, in the trace of freed_at */
};

struct report_totals {
    struct counters counters;
    uint64_t events;
    uint64_t pool_events;                /* see facts.h */
    uint64_t threads;                    /* that recorded at least one event */
    uint64_t errors[MEMORY_ERROR_KINDS]; /* occurrences, of those too that are not listed */
    uint64_t unmatched_frees;            /* as in struct facts, like the next ones */
    uint64_t missed_frees;
    uint64_t inherited_frees;
    uint64_t orphan_frees;
    uint64_t profiles; /* traces */
    uint64_t incomplete_profiles;
    uint64_t unassigned_frees; /* as in struct facts, like the next ones */
    uint64_t untracked_blocks;
    uint64_t untracked_bytes;
    uint64_t dropped_events; /* the runtime says that it could not record them */
    uint64_t losses[MT_LOSS_REASONS];
    uint64_t lost_events; /* recorded, but damaged or cut off */
    uint64_t damaged_bytes;
    uint64_t damaged_places;
    uint64_t without_end; /* traces of which the last events are not known */
    uint64_t joined;      /* traces without end that a live file completes */
    uint64_t joined_events;
    uint64_t running;           /* of those, traces that are still being written */
    uint64_t cut_contexts;      /* allocations whose context is cut */
    uint64_t forked;            /* traces of processes that inherited memory of an unknown one */
    uint64_t interposed;        /* traces that also have what uninstrumented code did */
    uint64_t calls_only;        /* traces that say that they do not */
    uint64_t paused;            /* traces */
    const struct trace *orphan; /* one that has orphan frees, or NULL */
    uint64_t sites;
    uint64_t sites_without_debug_info;
    double duration_ns; /* of the longest */
    double peak_ns;     /* of the trace with the largest peak, since its start */
    uint64_t largest_peak;
    uint64_t sampled;  /* traces */
    uint64_t scanned;  /* traces */
    bool rate_unknown; /* of at least one trace's clock */
    bool cut;
};

/* The part of what was recorded that a report is about; zero: everything. */
struct report_scope {
    struct selection selection;
    const char *tag;    /* contexts under a tag of that text, whichever of several it is */
    const char *match;  /* POSIX extended regular expression: contexts with a frame whose function,
                           as written or as the linker knows it, or file it finds something in */
    const char *module; /* contexts whose first frame that is not folded is in that executable or
                           library: its path, or the last part of it */
};

struct report {
    struct report_totals totals;
    const char *pool; /* whose blocks it is about; NULL the heap */
    struct report_rows contexts;
    MT_LIST(struct report_thread) threads;
    MT_LIST(struct report_error) errors;
    struct id_map error_of_key;
    MT_LIST(struct chains *) traces; /* each with its chains */
    struct report_scope scope;       /* see filter.h */
    struct moment at;                /* whose holders `peak` tells of */
};

/* Makes a trace known. Those that others' facts may refer to come first, so that what is inherited
 * can be named; their order is that of the report. */
bool report_open(struct report *report, const struct trace *trace, struct error *error);

/* Adds a trace's finished facts, which may then be freed; its threads in the order of their ids. */
bool report_add(struct report *report, const struct trace *trace, const struct facts *facts,
                struct error *error);
void report_free(struct report *report);

/* The rows of the report by anything but thread. What is not a context is told apart by its first
 * frame that is not folded, without folding by the innermost. To be freed with report_rows_free. */
bool report_group(const struct report *report, enum report_by by, bool fold,
                  struct report_rows *rows, struct error *error);
void report_rows_free(struct report_rows *rows);

/* The index of the row that a context belongs to, of rows that were grouped so and not sorted;
 * MT_ID_MAP_NONE if there is none. */
uint32_t report_find_row(const struct report_rows *rows, enum report_by by, bool fold,
                         const struct chains *chains, uint32_t context);

/* Largest first; ties in an order that does not depend on the run. */
void report_sort(struct report_rows *rows, enum report_order order);
void report_sort_threads(struct report *report, enum report_order order);
void report_sort_errors(struct report *report);

/* All occurrences of all kinds. */
uint64_t report_error_count(const struct report *report);

uint64_t report_value(const struct counters *counters, enum report_order order);

/* Whether the bytes of an order are less; those of an order by numbers are what was allocated. */
bool report_too_small(const struct counters *counters, enum report_order order, uint64_t min_bytes);

/* The type that was allocated, "" if it is not known. */
const char *report_type(const struct report_row *row, bool fold);

/* Nothing is missing: the trace ends in good order, and nothing was lost or damaged. */
bool report_complete(const struct report *report);

#endif
