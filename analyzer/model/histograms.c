#include "model/histograms.h"

#include <stdlib.h>
#include <string.h>

/* Makes the span reach to the bucket; it may only grow. */
static bool extend(struct histogram *histogram, unsigned bucket) {
    unsigned first = bucket < histogram->first ? bucket : histogram->first;
    unsigned end = histogram->first + histogram->count;
    double *blocks;

    end = bucket >= end ? bucket + 1 : end;
    blocks = calloc(end - first, sizeof(*blocks));
    if (!blocks)
        return false;
    for (unsigned i = 0; i < histogram->count; i++)
        blocks[histogram->first - first + i] = histogram_at(histogram, histogram->first + i);
    if (histogram->count > 1)
        free(histogram->blocks);
    histogram->blocks = blocks;
    histogram->first = (uint8_t)first;
    histogram->count = (uint8_t)(end - first);
    return true;
}

bool histogram_add(struct histogram *histogram, unsigned bucket, double blocks) {
    if (histogram->count == 0) {
        *histogram = (struct histogram){.one = blocks, .first = (uint8_t)bucket, .count = 1};
        return true;
    }
    if ((bucket < histogram->first || bucket - histogram->first >= histogram->count) &&
        !extend(histogram, bucket))
        return false;
    if (histogram->count == 1)
        histogram->one += blocks;
    else
        histogram->blocks[bucket - histogram->first] += blocks;
    return true;
}

bool histogram_merge(struct histogram *sum, const struct histogram *more) {
    for (unsigned i = 0; i < more->count; i++) {
        unsigned bucket = more->first + i;

        if (!histogram_add(sum, bucket, histogram_at(more, bucket)))
            return false;
    }
    return true;
}

void histogram_free(struct histogram *histogram) {
    if (histogram->count > 1)
        free(histogram->blocks);
    *histogram = (struct histogram){.one = 0};
}

double histogram_total(const struct histogram *histogram) {
    double sum = 0;

    for (unsigned i = 0; i < histogram->count; i++)
        sum += histogram_at(histogram, histogram->first + i);
    return sum;
}

unsigned histogram_quantile(const struct histogram *histogram, double share) {
    double left = histogram_total(histogram) * share;
    unsigned bucket = histogram->first;

    for (unsigned i = 0; i < histogram->count; i++) {
        double blocks = histogram_at(histogram, histogram->first + i);

        if (blocks > 0)
            bucket = histogram->first + i;
        left -= blocks;
        if (left <= 0)
            break;
    }
    return bucket;
}

static struct histograms *self_of(struct observer *observer) {
    return (struct histograms *)observer;
}

static void destroy(struct observer *observer) {
    struct histograms *histograms = self_of(observer);

    for (size_t i = 0; histograms->contexts && i < histograms->context_count; i++) {
        histogram_free(&histograms->contexts[i].lifetimes);
        histogram_free(&histograms->contexts[i].sizes);
    }
    free(histograms->contexts);
    free(histograms);
}

static struct observer *create(const struct trace *trace, const void *options) {
    struct histograms *histograms = calloc(1, sizeof(*histograms));

    if (!histograms)
        return NULL;
    histograms->trace = trace;
    histograms->weights = weights_of(trace);
    if (options)
        histograms->options = *(const struct histograms_options *)options;
    if (histograms->options.short_ns <= 0)
        histograms->options.short_ns = 1e6;
    if (!histograms->options.large)
        histograms->options.large = 16 << 10;
    if (histograms->options.long_ns <= 0)
        histograms->options.long_ns = trace_ns(trace, trace_last_ticks(trace)) / 2;
    if (!histograms->options.small)
        histograms->options.small = 64;
    histograms->context_count = trace->defs.contexts.count;
    histograms->contexts = calloc(histograms->context_count, sizeof(*histograms->contexts));
    if (histograms->contexts)
        return &histograms->base;
    destroy(&histograms->base);
    return NULL;
}

static inline void add(struct histogram_total *sum, double weight, const struct live_block *block) {
    sum->blocks += weight;
    sum->bytes += weight * (double)block->size;
}

static double lived_ns(const struct histograms *histograms, const struct live_block *block,
                       uint64_t until) {
    uint64_t ticks = until > block->ticks ? until - block->ticks : 0;

    return (double)ticks * histograms->trace->defs.ns_per_tick;
}

static void begins(struct observer *observer, const struct live_block *block, unsigned op) {
    struct histograms *histograms = self_of(observer);
    double weight = weight_of(&histograms->weights, block);
    unsigned bucket = histogram_bucket(block->size);

    (void)op;
    add(&histograms->sizes[bucket], weight, block);
    if (!histogram_add(&histograms->contexts[block->context].sizes, bucket, weight))
        histograms->base.failed = true;
}

/* What is not freed, or left, in the end. */
static void ends(struct observer *observer, const struct live_block *block, uint64_t ticks) {
    struct histograms *histograms = self_of(observer);

    (void)ticks;
    add(&histograms->unknown, weight_of(&histograms->weights, block), block);
}

static void note_long(struct histograms *histograms, const struct live_block *block, double ns,
                      double weight) {
    if (ns >= histograms->options.long_ns && block->size <= histograms->options.small)
        add(&histograms->contexts[block->context].long_small, weight, block);
}

static void freed(struct observer *observer, const struct live_block *block,
                  const struct block_free *by) {
    struct histograms *histograms = self_of(observer);
    struct context_histograms *context = &histograms->contexts[block->context];
    double weight = weight_of(&histograms->weights, block);
    double ns = lived_ns(histograms, block, by->ticks);
    unsigned bucket = histogram_bucket(weights_rounded(ns));

    add(&histograms->unknown, -weight, block);
    add(&histograms->lifetimes[bucket], weight, block);
    context->lifetime_ns += weight * ns;
    if (!histogram_add(&context->lifetimes, bucket, weight))
        histograms->base.failed = true;
    if (ns < histograms->options.short_ns && block->size >= histograms->options.large)
        add(&context->short_large, weight, block);
    note_long(histograms, block, ns, weight);
}

static void finish(struct observer *observer, const struct live_table *left, uint64_t last_ticks) {
    struct histograms *histograms = self_of(observer);
    uint64_t end = trace_last_ticks(histograms->trace);

    end = end > last_ticks ? end : last_ticks;
    for (size_t i = 0; i <= left->mask; i++) {
        const struct live_block *block = &left->slots[i];
        double weight;

        if (!block->address || !observer_sees(observer, block))
            continue;
        weight = weight_of(&histograms->weights, block);
        add(&histograms->left, weight, block);
        note_long(histograms, block, lived_ns(histograms, block, end), weight);
    }
}

const struct observer_ops histograms_ops = {.create = create,
                                            .begins = begins,
                                            .ends = ends,
                                            .freed = freed,
                                            .finish = finish,
                                            .destroy = destroy};
