#include "model/facts.h"

#include <stdlib.h>

bool facts_init(struct facts *facts, size_t contexts, size_t threads, struct error *error) {
    *facts = (struct facts){.context_count = contexts, .thread_count = threads};
    facts->contexts = calloc(contexts, sizeof(*facts->contexts));
    facts->threads = calloc(threads + 1, sizeof(*facts->threads));
    if (facts->contexts && facts->threads)
        return true;
    facts_free(facts);
    return error_no_memory(error);
}

void facts_free(struct facts *facts) {
    free(facts->contexts);
    free(facts->threads);
    errors_free(&facts->errors);
    estimates_free(facts->estimates);
    reach_free(facts->reach);
    *facts = (struct facts){0};
}

void facts_freeze(struct facts *facts, uint64_t ticks) {
    facts->frozen = true;
    facts->at_freeze = facts->live;
    facts->peak = UINT64_MAX; /* which nothing exceeds */
    facts->peak_ticks = ticks;
    facts->epoch++;
    if (facts->estimates)
        estimates_freeze(facts->estimates, ticks);
}

void facts_finish(struct facts *facts) {
    if (facts->frozen)
        facts->peak = facts->at_freeze;
    for (size_t i = 0; i < facts->context_count; i++) {
        struct context_facts *context = &facts->contexts[i];

        facts_touch(facts, context);
        facts->allocations += context->allocations;
        facts->allocated_bytes += context->allocated_bytes;
        facts->temporary += context->temporary;
        facts->temporary_bytes += context->temporary_bytes;
        facts->peak_blocks += context->blocks_at_peak;
    }
    for (size_t i = 0; i < facts->thread_count; i++) {
        facts->frees += facts->threads[i].frees;
        facts->live_blocks += facts->threads[i].leaked_blocks;
        facts->events += facts->threads[i].events;
    }
}
