/* How long blocks live and how large they are, by powers of two: an observer. In all and by
 * context; and which contexts allocate large blocks that die soon, or small ones that stay.
 *
 * Lifetimes are those of blocks whose free was recorded. What is live at the end has an age, which
 * counts for what stays only.
 *
 * By context a histogram takes no more than its span of sizes or times, and none while there is one
 * bucket only, so that a million contexts cost some 100 MiB.
 */
#ifndef MT_MODEL_HISTOGRAMS_H
#define MT_MODEL_HISTOGRAMS_H

#include "model/observe.h"
#include "model/weight.h"

/* Bucket 0 is of 0, bucket k of what is at least 2^(k-1) and less than 2^k. */
enum { HISTOGRAM_BUCKETS = 65 };

static inline unsigned histogram_bucket(uint64_t value) {
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* The least value of a bucket. */
static inline uint64_t histogram_from(unsigned bucket) {
    return bucket ? UINT64_C(1) << (bucket - 1) : 0;
}

/* Blocks by bucket, from `first` on; nothing else. */
struct histogram {
    union {
        double one;     /* if count is 1 */
        double *blocks; /* if it is more */
    };
    uint8_t first;
    uint8_t count;
};

static inline double histogram_at(const struct histogram *histogram, unsigned bucket) {
    if (bucket < histogram->first || bucket - histogram->first >= histogram->count)
        return 0;
    return histogram->count == 1 ? histogram->one : histogram->blocks[bucket - histogram->first];
}

/* False when memory is short. */
bool histogram_add(struct histogram *histogram, unsigned bucket, double blocks);
bool histogram_merge(struct histogram *sum, const struct histogram *more);
void histogram_free(struct histogram *histogram);

double histogram_total(const struct histogram *histogram);

/* The bucket that the share (0 to 1) of the blocks, least first, comes up to. */
unsigned histogram_quantile(const struct histogram *histogram, double share);

struct histogram_total {
    double blocks;
    double bytes;
};

struct context_histograms {
    struct histogram lifetimes; /* ns */
    struct histogram sizes;     /* of all blocks, when they begin */
    double lifetime_ns;         /* sum, of the freed ones */
    struct histogram_total short_large;
    struct histogram_total long_small;
};

/* Zero: the defaults. */
struct histograms_options {
    double short_ns; /* large blocks freed before are told of; default 1 ms */
    uint64_t large;  /* bytes and more; default 16 KiB */
    double long_ns;  /* small blocks that lived so long are; default half of the recording */
    uint64_t small;  /* bytes and less; default 64 */
};

struct histograms {
    struct observer base;
    const struct trace *trace;
    struct weights weights;
    struct histograms_options options; /* with the defaults put in */
    struct histogram_total lifetimes[HISTOGRAM_BUCKETS];
    struct histogram_total sizes[HISTOGRAM_BUCKETS];
    struct histogram_total unknown; /* ended without a recorded free */
    struct histogram_total left;    /* live at the end */
    struct context_histograms *contexts;
    size_t context_count;
};

/* Options: struct histograms_options; NULL for the defaults. */
extern const struct observer_ops histograms_ops;

static inline const struct histograms *histograms_of(const struct observer *observer) {
    return (const struct histograms *)observer;
}

#endif
