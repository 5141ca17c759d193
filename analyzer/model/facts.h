/* What the events of one trace add up to: per calling context, per thread and in total. The
 * matching engine reports beginnings and ends of blocks here, and to the estimates if there are
 * any; nothing here knows addresses.
 *
 * Which contexts held the peak is known without ever copying them: each new peak starts an epoch,
 * and a context that is about to change for the first time in an epoch still holds what it held at
 * the peak that began the epoch.
 */
#ifndef MT_MODEL_FACTS_H
#define MT_MODEL_FACTS_H

#include "model/errors.h"
#include "model/estimates.h"
#include "model/live_table.h"
#include "model/reach.h"
#include "util/error.h"
#include "util/id_map.h"

struct context_facts {
    uint64_t live;
    uint64_t at_peak; /* right once facts_finish has run, like blocks_at_peak */
    uint64_t epoch;
    uint32_t live_blocks; /* memory for more would not suffice */
    uint32_t blocks_at_peak;
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees; /* of blocks allocated here, by anyone */
    uint64_t temporary;
    uint64_t temporary_bytes;
    double lifetime_ticks; /* sum over the freed blocks */
};

struct thread_facts {
    uint32_t id; /* of a thread that the trace has no events of: its stream knows it else */
    uint64_t events;
    uint64_t allocations; /* made by the thread, like frees */
    uint64_t frees;
    uint64_t allocated_bytes;
    uint64_t live; /* bytes allocated by the thread, whoever frees them */
    uint64_t peak; /* the most that live ever was */
    uint64_t leaked_blocks;
    uint64_t freed_by_others;
    uint64_t temporary;
    uint64_t last_allocation; /* address */
};

struct facts {
    struct context_facts *contexts;
    size_t context_count;
    struct thread_facts *threads;
    size_t thread_count;
    struct errors errors;
    struct estimates *estimates; /* of a sampled trace, whose facts are of its events alone */
    struct reach *reach;         /* of what is live at the end; NULL if the trace does not tell */
    uint64_t events;
    uint64_t pool_events; /* of custom allocators; none of the others counts them */
    uint64_t allocations;
    uint64_t frees; /* all recorded ones */
    uint64_t allocated_bytes;
    uint64_t temporary;
    uint64_t temporary_bytes;
    uint64_t live;
    uint64_t live_blocks;
    uint64_t peak;
    uint64_t peak_blocks;
    uint64_t peak_ticks;
    uint64_t epoch;
    bool frozen; /* see facts_freeze */
    uint64_t at_freeze;
    uint64_t last_ticks;
    uint64_t unmatched_frees; /* of unknown memory, for all that is known no errors */
    uint64_t missed_frees;
    uint64_t inherited_frees; /* of memory that the parent process allocated, by its trace; */
    uint64_t orphan_frees;    /* or by all appearances, without it */

    /* Of a profile; see model/profile.h. */
    uint64_t unassigned_frees; /* after it, of blocks that it counts as live */
    uint64_t untracked_blocks; /* that could not be followed, and may or may not be live */
    uint64_t untracked_bytes;
};

/* Contexts and threads are numbered from 0. Without estimates. */
bool facts_init(struct facts *facts, size_t contexts, size_t threads, struct error *error);
void facts_free(struct facts *facts);

/* From now on no moment counts as the peak: what is held now, after the events up to the time,
 * takes its place. Threads' own peaks remain. */
void facts_freeze(struct facts *facts, uint64_t ticks);

/* After the last event. */
void facts_finish(struct facts *facts);

static inline void facts_touch(const struct facts *facts, struct context_facts *context) {
    if (context->epoch != facts->epoch) {
        context->at_peak = context->live;
        context->blocks_at_peak = context->live_blocks;
        context->epoch = facts->epoch;
    }
}

static inline void facts_block_begins(struct facts *facts, const struct live_block *block) {
    struct context_facts *context = &facts->contexts[block->context];
    struct thread_facts *thread = &facts->threads[block->thread];

    facts_touch(facts, context);
    context->live += block->size;
    context->live_blocks++;
    context->allocations++;
    context->allocated_bytes += block->size;
    thread->allocations++;
    thread->allocated_bytes += block->size;
    thread->live += block->size;
    if (thread->live > thread->peak)
        thread->peak = thread->live;
    thread->leaked_blocks++;
    thread->last_allocation = block->address;
    facts->live += block->size;
    if (facts->live > facts->peak) {
        facts->peak = facts->live;
        facts->peak_ticks = block->ticks;
        facts->epoch++;
    }
}

/* The block's memory is no longer held; whether a free was recorded is told apart from this. */
static inline void facts_block_ends(struct facts *facts, const struct live_block *block) {
    struct context_facts *context = &facts->contexts[block->context];
    struct thread_facts *thread = &facts->threads[block->thread];

    facts_touch(facts, context);
    context->live -= block->size;
    context->live_blocks--;
    thread->live -= block->size;
    thread->leaked_blocks--;
    facts->live -= block->size;
}

/* A recorded free of the block by a thread. */
static inline void facts_block_freed(struct facts *facts, const struct live_block *block,
                                     uint32_t thread, uint64_t ticks) {
    struct context_facts *context = &facts->contexts[block->context];
    struct thread_facts *owner = &facts->threads[block->thread];

    context->frees++;
    if (ticks > block->ticks)
        context->lifetime_ticks += (double)(ticks - block->ticks);
    if (thread != block->thread) {
        owner->freed_by_others++;
    } else if (owner->last_allocation == block->address) {
        context->temporary++;
        context->temporary_bytes += block->size;
        owner->temporary++;
    }
}

#endif
