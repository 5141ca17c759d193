/* What a block counts for: itself, and in a sampled trace those too that were not recorded. */
#ifndef MT_MODEL_WEIGHT_H
#define MT_MODEL_WEIGHT_H

#include "model/estimates.h"

struct weights {
    bool sampled;
    struct estimates how;
};

static inline struct weights weights_of(const struct trace *trace) {
    return (struct weights){trace_sampled(trace), {.mean = trace_sample_mean(trace)}};
}

static inline double weight_of(const struct weights *weights, const struct live_block *block) {
    if (__builtin_expect(!weights->sampled, 1))
        return 1;
    return 1 / estimates_probability(&weights->how, block);
}

/* An estimate as a figure: rounding may have left a little less than nothing. */
static inline uint64_t weights_rounded(double value) {
    return value <= 0 ? 0 : value >= 1.8e19 ? UINT64_MAX : (uint64_t)(value + 0.5);
}

#endif
