/* The course of a trace in time: an observer. Live bytes and what was allocated, in all, by thread
 * or by context, in buckets of equal time; and phase by phase. Of samples, all are estimates.
 *
 * How long the recording lasted is known beforehand, so that buckets stay as they are. A series
 * holds those buckets only in which something changed. If that is too much for thousands of threads
 * or contexts, each two buckets of all series become one, as often as it takes.
 */
#ifndef MT_MODEL_TIMELINE_H
#define MT_MODEL_TIMELINE_H

#include "model/observe.h"
#include "model/weight.h"
#include "util/list.h"

enum {
    MT_TIMELINE_POINTS = 200,
    MT_TIMELINE_STORED = 1 << 20, /* points of all series: 64 MiB */
    MT_TIMELINE_LEAST = 16,       /* buckets that are not merged further */
};

enum timeline_by {
    TIMELINE_TOTAL,
    TIMELINE_BY_THREAD,
    TIMELINE_BY_CONTEXT, /* contexts of one hash are one */
};

struct timeline_options {
    enum timeline_by by;
    uint32_t points; /* buckets; 0: MT_TIMELINE_POINTS */
    size_t stored;   /* points in memory; 0: MT_TIMELINE_STORED */
};

/* What happened in a span of time. */
struct timeline_figures {
    double live; /* bytes at its end */
    double high; /* the most bytes that were live in it, what was at its beginning included */
    double live_blocks;
    double allocations;
    double allocated_bytes;
    double frees; /* blocks that ended */
    double freed_bytes;
};

struct timeline_point {
    uint32_t bucket;
    struct timeline_figures figures;
};

struct timeline_series {
    struct timeline_point *points; /* in order of their buckets */
    uint32_t count;
    uint32_t capacity;
    double live; /* bytes, now */
    double live_blocks;
    double peak;
    uint64_t peak_ticks;
};

/* From one phase to the next; the first may be before any. */
struct timeline_phase {
    const struct mark *mark; /* NULL: before the first */
    uint64_t since;          /* ticks */
    struct timeline_figures figures;
};

struct timeline {
    struct observer base;
    const struct trace *trace;
    struct weights weights;
    struct timeline_options options;
    uint64_t start; /* ticks */
    uint64_t last;
    uint64_t width; /* of a bucket */
    uint32_t buckets;
    uint32_t bucket; /* the current one */
    uint64_t bucket_end;
    struct timeline_series total;
    struct timeline_series *series; /* by group */
    size_t series_count;
    uint32_t *group_of; /* by context; NULL: groups are streams */
    uint32_t *first_of; /* by group, a context of it; or NULL */
    size_t stored;
    MT_LIST(struct timeline_phase) phases; /* in order of time */
    size_t phase;                          /* the current one */
    uint64_t phase_end;
};

/* Options: struct timeline_options; NULL for the defaults. */
extern const struct observer_ops timeline_ops;

static inline const struct timeline *timeline_of(const struct observer *observer) {
    return (const struct timeline *)observer;
}

/* The figures of every bucket, in room for timeline->buckets of them: what did not change goes on.
 * The observer is finished. */
void timeline_expand(const struct timeline *timeline, const struct timeline_series *series,
                     struct timeline_figures *figures);

/* The largest first: indices of groups, of those that have held anything. To be freed; NULL when
 * memory is short. */
uint32_t *timeline_order(const struct timeline *timeline, size_t *count);

#endif
