#include "model/advice/rules.h"

/* From so many on, calls are a pattern. */
enum { MANY = 10000, MANY_STEPS = 1000, MANY_SHRINKS = 100 };

/* A chain is grown a little at a time if every byte of the final blocks would have been copied more
 * often than growing by a quarter takes, and in more steps than a power of two would take. */
enum { MIN_REWRITTEN = 4, MIN_GROWTHS = 8 };

/* Blocks that are always grown to about the same size could have had it at once. */
enum { MIN_PREDICTABLE_GROWTHS = 3, MAX_FINAL_RATIO = 2 };

/* Up to this mean size, the overhead of a block is as much as what it holds. */
enum { TINY_MEAN = MT_ADVICE_SMALLEST / 2 };

/* Of a program that needs less, it is of no interest who holds it. */
enum { MIN_PEAK = 1 << 20 };

static bool churn(const struct rule_place *place, struct finding *finding) {
    const struct context_evidence *context = place->context;

    if (context->temporary == 0 || context->temporary * 2 < context->allocations)
        return false;
    finding->temporary = context->temporary;
    finding->temporary_bytes = context->temporary_bytes;
    finding->size_min = context->temporary_min;
    finding->size_max = context->temporary_max;
    finding->saves_ns = (double)context->temporary * MT_ADVICE_CALL_NS;
    return true;
}

static bool reallocs(const struct rule_place *place, struct finding *finding) {
    const struct regrowths *regrowth;
    bool little;

    if (!place->context->regrowth)
        return false;
    regrowth = &place->evidence->regrowth.contexts.items[place->context->regrowth - 1];
    little = regrowth->chain_growths >= MIN_GROWTHS * regrowth->chains &&
             regrowth->volume >= MIN_REWRITTEN * regrowth->final_bytes;
    finding->predictable = regrowth->chain_growths >= MIN_PREDICTABLE_GROWTHS * regrowth->chains &&
                           regrowth->final_max <= MAX_FINAL_RATIO * regrowth->final_min;
    if (!regrowth->chains || !(little || (finding->predictable && regrowth->chains > 1)))
        return false;
    finding->regrowth = *regrowth;
    finding->saves_ns =
        (double)regrowth->growths * MT_ADVICE_CALL_NS +
        (double)(regrowth->copied_bytes - regrowth->remapped_bytes) / MT_ADVICE_BYTES_PER_NS;
    return true;
}

static bool tiny(const struct rule_place *place, struct finding *finding) {
    const struct context_evidence *context = place->context;
    uint64_t lasting = context->allocations - context->temporary;
    uint64_t mean;

    if (context->tiny == 0 || context->tiny * 10 < lasting * 9 ||
        context->tiny_bytes > context->tiny * TINY_MEAN)
        return false;
    mean = context->tiny_bytes / context->tiny;
    finding->tiny = context->tiny;
    finding->tiny_bytes = context->tiny_bytes;
    finding->overhead_bytes = place->counters->peak_blocks * (MT_ADVICE_SMALLEST - mean);
    finding->saves_bytes = finding->overhead_bytes;
    finding->saves_ns = (double)context->tiny * MT_ADVICE_CALL_NS;
    return true;
}

static bool over_allocation(const struct rule_place *place, struct finding *finding) {
    const struct shrinks *shrinks;

    if (!place->context->shrinks)
        return false;
    shrinks = &place->evidence->shrinks.items[place->context->shrinks - 1];
    if (shrinks->blocks * 2 < place->context->allocations ||
        shrinks->given_back_bytes * 2 <= shrinks->before_bytes)
        return false;
    finding->shrinks = *shrinks;
    if (shrinks->epoch != place->evidence->epoch)
        finding->shrinks.at_peak_bytes = 0;
    finding->saves_bytes = finding->shrinks.at_peak_bytes;
    finding->saves_ns = (double)shrinks->blocks * MT_ADVICE_CALL_NS;
    return true;
}

static uint32_t thread_of(const struct evidence *evidence, uint32_t stream) {
    return evidence->trace->reader.streams[stream].thread;
}

/* Most first. */
static void take_pairs(const struct evidence *evidence, const struct thread_pairs *pairs,
                       struct finding *finding) {
    for (uint32_t i = 0; i < pairs->count; i++) {
        struct finding_pair pair = {thread_of(evidence, pairs->items[i].from),
                                    thread_of(evidence, pairs->items[i].to), pairs->items[i].frees};
        uint32_t at = finding->pair_count++;

        for (; at && finding->pairs[at - 1].frees < pair.frees; at--)
            finding->pairs[at] = finding->pairs[at - 1];
        finding->pairs[at] = pair;
    }
}

static bool cross_thread(const struct rule_place *place, struct finding *finding) {
    const struct context_evidence *context = place->context;

    if (!context->pairs || context->cross_frees * 2 < context->frees)
        return false;
    finding->cross_frees = context->cross_frees;
    take_pairs(place->evidence, &place->evidence->pairs.items[context->pairs - 1], finding);
    finding->saves_ns = (double)context->cross_frees * MT_ADVICE_CROSS_NS;
    return true;
}

static bool leak(const struct rule_place *place, struct finding *finding) {
    const struct counters *counters = place->counters;

    finding->unreachable_bytes = counters->unreachable_bytes;
    finding->unreachable_blocks = counters->unreachable_blocks;
    finding->indirect_bytes = counters->indirect_bytes;
    finding->saves_bytes = counters->unreachable_bytes;
    return counters->scanned && counters->unreachable_blocks > 0;
}

bool rule_applies(const struct rule_place *place, struct finding *finding) {
    if (finding->kind == FINDING_LEAK)
        return leak(place, finding);
    if (place->evidence->weights.sampled)
        return false;
    switch (finding->kind) {
    case FINDING_CHURN:
        return churn(place, finding);
    case FINDING_REALLOC:
        return reallocs(place, finding);
    case FINDING_TINY:
        return tiny(place, finding);
    case FINDING_OVER_ALLOCATION:
        return over_allocation(place, finding);
    case FINDING_CROSS_THREAD:
        return cross_thread(place, finding);
    default:
        return false;
    }
}

bool rule_enough(const struct finding *finding) {
    switch (finding->kind) {
    case FINDING_CHURN:
        return finding->temporary >= MANY;
    case FINDING_REALLOC:
        return finding->regrowth.growths >= MANY_STEPS;
    case FINDING_TINY:
        return finding->tiny >= MANY;
    case FINDING_OVER_ALLOCATION:
        return finding->shrinks.blocks >= MANY_SHRINKS;
    case FINDING_CROSS_THREAD:
        return finding->cross_frees >= MANY;
    default:
        return true;
    }
}

static bool is_first(const struct evidence *evidence, const struct thread_def *def,
                     uint32_t thread) {
    return def ? def->tid == evidence->trace->reader.header.pid : thread <= 1;
}

/* Where several threads do as much, by what they allocate. The first thread may well hold what all
 * work on. */
bool rule_thread(const struct evidence *evidence, struct finding *finding) {
    uint64_t allocated = 0;
    size_t busy = 0;

    for (size_t i = 0; i < evidence->stream_count; i++)
        allocated += evidence->streams[i].allocated_bytes;
    for (size_t i = 0; i < evidence->stream_count; i++)
        busy += evidence->streams[i].allocated_bytes * 20 >= allocated;
    if (busy < 3 || evidence->peak < MIN_PEAK)
        return false;
    for (size_t i = 0; i < evidence->stream_count; i++) {
        const struct stream_evidence *stream = &evidence->streams[i];
        uint32_t thread = thread_of(evidence, (uint32_t)i);
        const struct thread_def *def = defs_thread(&evidence->trace->defs, thread);

        if (stream->at_peak / 3 * 4 < evidence->peak || is_first(evidence, def, thread))
            continue;
        finding->thread = thread;
        finding->thread_def = def;
        finding->allocations = stream->allocations;
        finding->allocated_bytes = stream->allocated_bytes;
        finding->held_bytes = stream->at_peak;
        finding->saves_bytes = stream->at_peak - evidence->peak / busy;
        return true;
    }
    return false;
}
