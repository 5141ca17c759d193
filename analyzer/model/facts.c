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
    free(facts->mismatches);
    id_map_free(&facts->mismatch_of_pair);
    *facts = (struct facts){0};
}

void facts_finish(struct facts *facts) {
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

void facts_mismatch(struct facts *facts, uint32_t allocated_at, uint32_t freed_at) {
    uint64_t pair = (uint64_t)allocated_at << 32 | freed_at;
    uint32_t index = id_map_get(&facts->mismatch_of_pair, pair);

    facts->mismatched_frees++;
    if (!facts->mismatches) {
        facts->mismatches = calloc(MT_MISMATCHES_KEPT, sizeof(*facts->mismatches));
        if (!facts->mismatches)
            return;
    }
    if (index == MT_ID_MAP_NONE) {
        if (facts->mismatch_count == MT_MISMATCHES_KEPT ||
            !id_map_put(&facts->mismatch_of_pair, pair, (uint32_t)facts->mismatch_count))
            return;
        index = (uint32_t)facts->mismatch_count++;
        facts->mismatches[index] =
            (struct mismatch){.allocated_at = allocated_at, .freed_at = freed_at};
    }
    facts->mismatches[index].count++;
}
