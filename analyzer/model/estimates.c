#include "model/estimates.h"

#include <math.h>
#include <stdlib.h>

struct estimates *estimates_create(const struct trace *trace, size_t contexts, size_t threads) {
    struct estimates *estimates = calloc(1, sizeof(*estimates));

    if (!estimates)
        return NULL;
    estimates->mean = trace_sample_mean(trace);
    estimates->context_count = contexts;
    estimates->thread_count = threads;
    estimates->contexts = calloc(contexts, sizeof(*estimates->contexts));
    estimates->threads = calloc(threads + 1, sizeof(*estimates->threads));
    if (estimates->contexts && estimates->threads)
        return estimates;
    estimates_free(estimates);
    return NULL;
}

void estimates_free(struct estimates *estimates) {
    if (!estimates)
        return;
    free(estimates->contexts);
    free(estimates->threads);
    free(estimates);
}

double estimates_probability(const struct estimates *estimates, const struct live_block *block) {
    if (block->probability)
        return block->probability / 65536.0;
    if (!estimates->mean)
        return 1;
    return -expm1(-(block->size ? (double)block->size : 1) / (double)estimates->mean);
}

/* Of a block: what a figure x of it adds to an estimate is x * value and x^2 * variance. */
static struct estimate weigh(const struct estimates *estimates, const struct live_block *block) {
    double p = estimates_probability(estimates, block);

    return (struct estimate){.value = 1 / p, .variance = (1 - p) / (p * p)};
}

static void change_live(struct estimate *sum, struct estimate weight, double figure, int sign) {
    sum->value += sign * figure * weight.value;
    sum->variance += sign * figure * figure * weight.variance;
}

static void add(struct estimate *sum, struct estimate weight, double figure) {
    double term = figure * figure * weight.variance;

    sum->value += figure * weight.value;
    sum->variance += term;
    if (term > sum->largest)
        sum->largest = term;
}

static void touch(const struct estimates *estimates, struct context_estimates *context) {
    if (context->epoch != estimates->epoch) {
        context->at_peak = context->live;
        context->blocks_at_peak = context->live_blocks;
        context->epoch = estimates->epoch;
    }
}

void estimates_block_begins(struct estimates *estimates, const struct live_block *block) {
    struct context_estimates *context = &estimates->contexts[block->context];
    struct thread_estimates *thread = &estimates->threads[block->thread];
    struct estimate weight = weigh(estimates, block);
    double size = (double)block->size;

    touch(estimates, context);
    add(&context->allocations, weight, 1);
    add(&context->allocated_bytes, weight, size);
    change_live(&context->live, weight, size, 1);
    change_live(&context->live_blocks, weight, 1, 1);
    add(&thread->allocations, weight, 1);
    add(&thread->allocated_bytes, weight, size);
    change_live(&thread->live, weight, size, 1);
    if (thread->live.value > thread->peak.value)
        thread->peak = thread->live;
    estimates->live += size * weight.value;
    if (estimates->live > estimates->peak) {
        estimates->peak = estimates->live;
        estimates->peak_ticks = block->ticks;
        estimates->epoch++;
    }
}

void estimates_block_ends(struct estimates *estimates, const struct live_block *block) {
    struct context_estimates *context = &estimates->contexts[block->context];
    struct thread_estimates *thread = &estimates->threads[block->thread];
    struct estimate weight = weigh(estimates, block);
    double size = (double)block->size;

    touch(estimates, context);
    change_live(&context->live, weight, size, -1);
    change_live(&context->live_blocks, weight, 1, -1);
    change_live(&thread->live, weight, size, -1);
    estimates->live -= size * weight.value;
}

void estimates_block_freed(struct estimates *estimates, const struct live_block *block,
                           uint32_t thread, uint64_t ticks) {
    struct context_estimates *context = &estimates->contexts[block->context];
    struct estimate weight = weigh(estimates, block);

    add(&context->frees, weight, 1);
    add(&estimates->threads[thread].frees, weight, 1);
    if (ticks > block->ticks)
        context->lifetime_ticks += (double)(ticks - block->ticks) * weight.value;
    if (thread != block->thread)
        add(&estimates->threads[block->thread].freed_by_others, weight, 1);
}

void estimates_inherited_freed(struct estimates *estimates, const struct live_block *block,
                               uint32_t thread) {
    add(&estimates->threads[thread].frees, weigh(estimates, block), 1);
}

void estimates_freeze(struct estimates *estimates, uint64_t ticks) {
    estimates->peak = INFINITY;
    estimates->peak_ticks = ticks;
    estimates->epoch++;
}

void estimates_finish(struct estimates *estimates) {
    const struct estimate none = {0};

    for (size_t i = 0; i < estimates->context_count; i++) {
        struct context_estimates *context = &estimates->contexts[i];

        touch(estimates, context);
        context->live = context->live_blocks = none;
    }
    for (size_t i = 0; i < estimates->thread_count; i++)
        estimates->threads[i].live = none;
}

void estimates_block_is_left(struct estimates *estimates, const struct live_block *block) {
    struct context_estimates *context = &estimates->contexts[block->context];
    struct thread_estimates *thread = &estimates->threads[block->thread];
    struct estimate weight = weigh(estimates, block);

    add(&context->live, weight, (double)block->size);
    add(&context->live_blocks, weight, 1);
    add(&thread->live, weight, (double)block->size);
    add(&thread->left_blocks, weight, 1);
}
