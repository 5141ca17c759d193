#include "model/profile.h"

#include <stdlib.h>

static void add_context(struct facts *facts, const struct profile_context *from,
                        struct context_facts *to) {
    to->live += from->live;
    to->live_blocks += (uint32_t)from->live_blocks;
    to->allocations += from->allocations;
    to->allocated_bytes += from->allocated_bytes;
    to->frees += from->frees;
    to->temporary += from->temporary;
    to->temporary_bytes += from->temporary_bytes;
    to->lifetime_ticks += from->lifetime_ticks;
    facts->allocations += from->allocations;
    facts->allocated_bytes += from->allocated_bytes;
    facts->temporary += from->temporary;
    facts->temporary_bytes += from->temporary_bytes;
    facts->live += from->live;
    facts->live_blocks += from->live_blocks;
}

/* Either the events after the profile have a higher peak than it, or none of them was there at it.
 */
static void add_peak(struct facts *facts, const struct trace *trace) {
    const struct profile *profile = &trace->defs.profile;
    bool later = facts->events && profile->totals.live + facts->peak > profile->totals.peak;

    if (!later) {
        facts->peak = profile->totals.peak;
        facts->peak_ticks = profile->totals.peak_ticks;
        facts->peak_blocks = 0;
        for (size_t i = 0; i < facts->context_count; i++)
            facts->contexts[i].at_peak = facts->contexts[i].blocks_at_peak = 0;
    } else {
        facts->peak += profile->totals.live;
    }
    for (size_t i = 0; i < profile->contexts.count; i++) {
        const struct profile_context *from = &profile->contexts.items[i];
        struct context_facts *to = &facts->contexts[defs_context(&trace->defs, (uint32_t)from->id)];
        uint64_t blocks = later ? from->live_blocks : from->blocks_at_peak;

        to->at_peak += later ? from->live : from->at_peak;
        to->blocks_at_peak += (uint32_t)blocks;
        facts->peak_blocks += blocks;
    }
}

static void add_thread(struct facts *facts, const struct profile_thread *from,
                       struct thread_facts *to) {
    uint64_t peak = to->peak ? from->live + to->peak : 0;

    to->id = (uint32_t)from->id;
    to->events += from->events;
    to->allocations += from->allocations;
    to->frees += from->frees;
    to->allocated_bytes += from->allocated_bytes;
    to->live += from->live;
    to->peak = peak > from->peak ? peak : from->peak;
    to->leaked_blocks += from->live_blocks;
    to->freed_by_others += from->freed_by_others;
    to->temporary += from->temporary;
    facts->events += from->events;
    facts->frees += from->frees;
}

/* Those of which the trace has no events come after the others. */
static bool add_threads(struct facts *facts, const struct trace *trace) {
    const struct profile *profile = &trace->defs.profile;
    struct thread_facts *threads =
        realloc(facts->threads,
                (facts->thread_count + profile->threads.count + 1) * sizeof(*facts->threads));

    if (!threads)
        return false;
    facts->threads = threads;
    for (size_t i = 0; i < profile->threads.count; i++) {
        const struct profile_thread *from = &profile->threads.items[i];
        uint32_t index = id_map_get(&trace->reader.stream_of_thread, from->id);

        if (index == MT_ID_MAP_NONE) {
            index = (uint32_t)facts->thread_count++;
            threads[index] = (struct thread_facts){0};
        }
        add_thread(facts, from, &threads[index]);
    }
    return true;
}

bool profile_add(struct facts *facts, const struct trace *trace) {
    const struct profile *profile = &trace->defs.profile;
    const struct profile_totals *totals = &profile->totals;

    if (!profile->present)
        return true;
    add_peak(facts, trace);
    for (size_t i = 0; i < profile->contexts.count; i++) {
        const struct profile_context *from = &profile->contexts.items[i];

        add_context(facts, from, &facts->contexts[defs_context(&trace->defs, (uint32_t)from->id)]);
    }
    if (!add_threads(facts, trace))
        return false;
    facts->unassigned_frees = facts->unmatched_frees;
    facts->unmatched_frees = totals->unmatched_frees;
    facts->missed_frees += totals->missed_frees;
    facts->pool_events += totals->pool_events;
    facts->untracked_blocks = totals->untracked_blocks;
    facts->untracked_bytes = totals->untracked_bytes;
    if (totals->last_ticks > facts->last_ticks)
        facts->last_ticks = totals->last_ticks;
    return true;
}
