#include "model/advice/collect.h"

#include "model/advice/group.h"

#include <stdlib.h>

/* A trend needs several allocations, and most contexts have but a few. */
enum { COURSE_FROM = 4 };

static struct evidence *mutable_evidence(struct observer *observer) {
    return (struct evidence *)observer;
}

/* Gives the context its group when it allocates for the first time. */
static bool find_group(struct evidence *evidence, uint32_t context) {
    uint64_t key = group_key(&evidence->trace->defs, context);
    uint32_t index = id_map_get(&evidence->group_of_key, key);

    if (index == MT_ID_MAP_NONE) {
        index = (uint32_t)evidence->group_count;
        if (!id_map_put(&evidence->group_of_key, key, index))
            return false;
        evidence->groups[evidence->group_count++].key = key;
    }
    evidence->contexts[context].group = index;
    return true;
}

static void destroy(struct observer *observer) {
    struct evidence *evidence = mutable_evidence(observer);

    free(evidence->contexts);
    free(evidence->groups);
    id_map_free(&evidence->group_of_key);
    free(evidence->streams);
    floors_free(&evidence->floors);
    regrowth_free(&evidence->regrowth);
    free(evidence->pairs.items);
    free(evidence->shrinks.items);
    free(evidence);
}

static struct observer *create(const struct trace *trace, const void *options) {
    struct evidence *evidence = calloc(1, sizeof(*evidence));
    bool good;

    (void)options;
    if (!evidence)
        return NULL;
    evidence->trace = trace;
    evidence->weights = weights_of(trace);
    evidence->context_count = trace->defs.contexts.count;
    evidence->stream_count = trace->reader.stream_count;
    evidence->contexts = calloc(evidence->context_count, sizeof(*evidence->contexts));
    evidence->streams = calloc(evidence->stream_count + 1, sizeof(*evidence->streams));
    evidence->groups = calloc(evidence->context_count, sizeof(*evidence->groups));
    floors_init(&evidence->floors);
    good = evidence->contexts && evidence->streams && evidence->groups &&
           regrowth_init(&evidence->regrowth);
    if (good)
        return &evidence->observer;
    destroy(&evidence->observer);
    return NULL;
}

/* The bytes that the block stands for. */
static inline uint64_t bytes_of(const struct evidence *evidence, const struct live_block *block) {
    return __builtin_expect(evidence->weights.sampled, 0)
               ? weights_rounded((double)block->size * weight_of(&evidence->weights, block))
               : block->size;
}

static void see_stream(struct evidence *evidence, struct stream_evidence *stream, uint64_t ticks) {
    if (!stream->first_ticks)
        stream->first_ticks = ticks;
    if (!evidence->first_ticks)
        evidence->first_ticks = ticks;
    stream->last_ticks = ticks;
}

static void count_live(struct evidence *evidence, const struct live_block *block, uint64_t bytes) {
    struct stream_evidence *stream = &evidence->streams[block->thread];

    if (stream->epoch != evidence->epoch) {
        stream->at_peak = stream->live;
        stream->epoch = evidence->epoch;
    }
    stream->live += bytes;
    evidence->live += bytes;
    if (evidence->live > evidence->peak) {
        evidence->peak = evidence->live;
        evidence->peak_ticks = block->ticks;
        evidence->epoch++;
    }
}

static void count_course(struct evidence *evidence, const struct live_block *block,
                         uint64_t bytes) {
    struct context_evidence *context = &evidence->contexts[block->context];
    struct group_evidence *group = &evidence->groups[context->group];

    floors_add(&evidence->floors, &context->floor, bytes);
    floors_add(&evidence->floors, &group->floor, bytes);
    if (__builtin_expect(context->allocations == COURSE_FROM, 0) &&
        !floors_start(&evidence->floors, &context->floor))
        evidence->observer.failed = true;
    if (__builtin_expect(group->allocations < COURSE_FROM, 0) &&
        ++group->allocations == COURSE_FROM && !floors_start(&evidence->floors, &group->floor))
        evidence->observer.failed = true;
    if (__builtin_expect(floors_tick(&evidence->floors), 0))
        floors_next(&evidence->floors,
                    &(struct interval_end){.ticks = block->ticks,
                                           .allocations = evidence->allocations,
                                           .frees = evidence->frees,
                                           .live = evidence->live,
                                           .allocated_bytes = evidence->allocated_bytes});
}

static void count_shrink(struct evidence *evidence, const struct live_block *from, uint64_t to) {
    struct context_evidence *context = &evidence->contexts[from->context];
    struct shrinks *shrinks;

    if (!context->shrinks) {
        struct shrinks *added = MT_LIST_ADD(evidence->shrinks);

        if (!added) {
            evidence->observer.failed = true;
            return;
        }
        *added = (struct shrinks){0};
        context->shrinks = (uint32_t)evidence->shrinks.count;
    }
    shrinks = &evidence->shrinks.items[context->shrinks - 1];
    shrinks->blocks++;
    shrinks->before_bytes += from->size;
    shrinks->given_back_bytes += from->size - to;
    if (shrinks->epoch != evidence->epoch) {
        shrinks->epoch = evidence->epoch;
        shrinks->at_peak_bytes = 0;
    }
    if (from->ticks <= evidence->peak_ticks)
        shrinks->at_peak_bytes += from->size - to;
}

static void add_step(struct evidence *evidence, const struct regrowth_step *step) {
    if (!regrowth_add(&evidence->regrowth, step, &evidence->contexts[step->to->context].regrowth))
        evidence->observer.failed = true;
}

/* What makes a realloc of the allocation: the free just before it. */
static void end_realloc(struct evidence *evidence, struct stream_evidence *stream,
                        const struct live_block *block, unsigned op) {
    stream->released = false;
    if (op != MT_OP_REALLOC_ALLOC) {
        if (stream->chain)
            regrowth_close(&evidence->regrowth, stream->chain);
        return;
    }
    add_step(evidence,
             &(struct regrowth_step){
                 .from = &stream->given, .to = block, .chain = stream->chain, .by_realloc = true});
    if (block->size < stream->given.size)
        count_shrink(evidence, &stream->given, block->size);
}

static void begins(struct observer *observer, const struct live_block *block, unsigned op) {
    struct evidence *evidence = mutable_evidence(observer);
    struct context_evidence *context = &evidence->contexts[block->context];
    struct stream_evidence *stream = &evidence->streams[block->thread];
    uint64_t bytes = bytes_of(evidence, block);

    if (__builtin_expect(context->allocations == 0, 0) && !find_group(evidence, block->context))
        observer->failed = true;
    see_stream(evidence, stream, block->ticks);
    evidence->allocations += op == MT_OP_ALLOC;
    evidence->allocated_bytes += bytes;
    context->allocations++;
    context->allocated_bytes += bytes;
    stream->allocations++;
    stream->allocated_bytes += bytes;
    count_live(evidence, block, bytes);
    count_course(evidence, block, bytes);
    if (block->size <= MT_ADVICE_TINY) {
        context->tiny++;
        context->tiny_bytes += block->size;
    }
    if (__builtin_expect(stream->released, 0))
        end_realloc(evidence, stream, block, op);
    context->before = context->last;
    context->last = block->address;
    stream->last = *block;
    stream->last_op = op;
}

static void ends(struct observer *observer, const struct live_block *block, uint64_t ticks) {
    struct evidence *evidence = mutable_evidence(observer);
    struct context_evidence *context = &evidence->contexts[block->context];
    struct group_evidence *group = &evidence->groups[context->group];
    struct stream_evidence *stream = &evidence->streams[block->thread];
    uint64_t bytes = bytes_of(evidence, block);

    (void)ticks;
    if (stream->epoch != evidence->epoch) {
        stream->at_peak = stream->live;
        stream->epoch = evidence->epoch;
    }
    stream->live -= bytes;
    evidence->live -= bytes;
    floors_subtract(&evidence->floors, &context->floor, bytes);
    floors_subtract(&evidence->floors, &group->floor, bytes);
}

static void count_cross_free(struct evidence *evidence, struct context_evidence *context,
                             uint32_t from, uint32_t to) {
    struct thread_pairs *pairs;

    context->cross_frees++;
    if (!context->pairs) {
        struct thread_pairs *added = MT_LIST_ADD(evidence->pairs);

        if (!added) {
            evidence->observer.failed = true;
            return;
        }
        *added = (struct thread_pairs){.count = 0};
        context->pairs = (uint32_t)evidence->pairs.count;
    }
    pairs = &evidence->pairs.items[context->pairs - 1];
    for (uint32_t i = 0; i < pairs->count; i++) {
        if (pairs->items[i].from == from && pairs->items[i].to == to) {
            pairs->items[i].frees++;
            return;
        }
    }
    if (pairs->count == MT_ADVICE_PAIRS)
        pairs->others++;
    else
        pairs->items[pairs->count++] = (struct thread_pair){from, to, 1};
}

static void count_temporary(struct context_evidence *context, const struct live_block *block) {
    uint32_t size = block->size < UINT32_MAX ? (uint32_t)block->size : UINT32_MAX;

    if (!context->temporary || size < context->temporary_min)
        context->temporary_min = size;
    if (size > context->temporary_max)
        context->temporary_max = size;
    context->temporary++;
    context->temporary_bytes += block->size;
    if (block->size <= MT_ADVICE_TINY) {
        context->tiny--;
        context->tiny_bytes -= block->size;
    }
}

/* A larger block of the context was allocated, then the one that had been its last is freed. */
static bool is_replaced(const struct stream_evidence *stream,
                        const struct context_evidence *context, const struct live_block *block) {
    return stream->last.context == block->context && stream->last.size > block->size &&
           stream->last_op == MT_OP_ALLOC && stream->last.address != block->address &&
           context->last == stream->last.address && context->before == block->address;
}

static void end_chain(struct evidence *evidence, const struct context_evidence *context,
                      const struct stream_evidence *stream, const struct live_block *block) {
    uint32_t chain = context->regrowth ? regrowth_take(&evidence->regrowth, block) : 0;

    if (is_replaced(stream, context, block))
        add_step(evidence,
                 &(struct regrowth_step){.from = block, .to = &stream->last, .chain = chain});
    else if (chain)
        regrowth_close(&evidence->regrowth, chain);
}

static void freed(struct observer *observer, const struct live_block *block,
                  const struct block_free *by) {
    struct evidence *evidence = mutable_evidence(observer);
    struct context_evidence *context = &evidence->contexts[block->context];
    struct stream_evidence *stream = &evidence->streams[by->stream];

    see_stream(evidence, stream, by->ticks);
    if (stream->released && stream->chain)
        regrowth_close(&evidence->regrowth, stream->chain);
    stream->released = by->op == MT_OP_REALLOC_FREE;
    context->frees++;
    if (by->stream != block->thread)
        count_cross_free(evidence, context, block->thread, by->stream);
    if (stream->released) {
        stream->chain = context->regrowth ? regrowth_take(&evidence->regrowth, block) : 0;
        stream->given = *block;
        return;
    }
    evidence->frees++;
    if (by->stream == block->thread && stream->last.address == block->address)
        count_temporary(context, block);
    end_chain(evidence, context, stream, block);
    /* What is gone is nobody's successor. */
    if (stream->last.address == block->address)
        stream->last.address = 0;
}

static void finish(struct observer *observer, const struct live_table *left, uint64_t last_ticks) {
    struct evidence *evidence = mutable_evidence(observer);

    (void)left;
    evidence->last_ticks = last_ticks;
    for (size_t i = 0; i < evidence->stream_count; i++) {
        struct stream_evidence *stream = &evidence->streams[i];

        if (stream->released && stream->chain)
            regrowth_close(&evidence->regrowth, stream->chain);
        if (stream->epoch != evidence->epoch)
            stream->at_peak = stream->live;
    }
    regrowth_finish(&evidence->regrowth);
}

const struct observer_ops advice_observer = {
    .create = create,
    .begins = begins,
    .ends = ends,
    .freed = freed,
    .finish = finish,
    .destroy = destroy,
    /* The peak, and what the program was doing, are those of all. */
    .all_places = true,
};
