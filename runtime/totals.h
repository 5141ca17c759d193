/* What a profile's events add up to: overall, per context and per thread, in segments of the live
 * file, where they are safe whatever becomes of the process. The writer's lock guards all of it.
 *
 * Which contexts held the peak is known without ever copying them: each new peak begins an epoch,
 * and a context about to change for the first time in an epoch still holds what it held at the peak
 * that began it. analyzer/model/facts.h keeps the same books.
 */
#ifndef MT_TOTALS_H
#define MT_TOTALS_H

#include "block.h"
#include "compiler.h"
#include "memtrack/trace_format.h"

#include <stdbool.h>
#include <stdint.h>

/* A block that is live, as blocks.h keeps it. */
struct mt_live_block {
    uint64_t address;
    uint64_t size;
    uint64_t ticks; /* of its allocation */
    uint32_t context;
    uint32_t thread;
};

struct mt_totals {
    struct mt_profile_totals *sums; /* NULL: not started */
    struct mt_profile_context **contexts;
    struct mt_profile_thread **threads;
};
MT_EXTERN struct mt_totals mt_totals;

/* Once before anything is counted, and again after mt_totals_forget(). False: no memory. */
bool mt_totals_start(void);

/* In a forked child: its parent's segments are gone already. */
void mt_totals_forget(void);

/* The entries of ids met for the first time; that of id 0 when memory is short. */
MT_COLD struct mt_profile_context *mt_totals_new_context(uint32_t id);
MT_COLD struct mt_profile_thread *mt_totals_new_thread(uint32_t id);

/* Notes where the memory stands, for a course in time: the writer calls it now and then, and no
 * more than MT_PROFILE_POINTS points are kept of any length of time. */
void mt_totals_note_point(uint64_t ticks);

/* The PROFILE blocks, one a call: false when all have been appended. `out` needs
 * MT_TOTALS_BLOCK_MAX of room. The cursor starts as zeros but for its serial number, which is
 * higher than that of what was written before. */
#define MT_TOTALS_BLOCK_MAX ((256u << 10) + MT_BLOCK_OVERHEAD)
struct mt_totals_cursor {
    uint64_t serial;
    uint32_t kind; /* enum mt_profile_record of the next record, less 1 */
    uint32_t index;
};
bool mt_totals_put(struct mt_totals_cursor *cursor, struct mt_bytes *out);

static inline struct mt_profile_context *mt_totals_context(uint32_t id) {
    struct mt_profile_context *segment =
        mt_totals.contexts[(id & ((1u << MT_CONTEXT_ID_BITS) - 1)) / MT_LIVE_PROFILE_ENTRIES];

    return MT_LIKELY(segment) ? &segment[id % MT_LIVE_PROFILE_ENTRIES] : mt_totals_new_context(id);
}

static inline struct mt_profile_thread *mt_totals_thread(uint32_t id) {
    uint32_t place = MT_LIKELY(id < MT_PROFILE_THREADS) ? id : 0;
    struct mt_profile_thread *segment = mt_totals.threads[place / MT_LIVE_PROFILE_ENTRIES];

    return MT_LIKELY(segment) ? &segment[place % MT_LIVE_PROFILE_ENTRIES]
                              : mt_totals_new_thread(id);
}

static inline void mt_totals_touch(struct mt_profile_context *context) {
    if (context->epoch != mt_totals.sums->epoch) {
        context->at_peak = context->live;
        context->blocks_at_peak = context->live_blocks;
        context->epoch = mt_totals.sums->epoch;
    }
}

/* An allocation, whether it can be followed or not. */
static inline void mt_totals_allocated(const struct mt_live_block *block,
                                       struct mt_profile_context *context,
                                       struct mt_profile_thread *thread) {
    context->allocations++;
    context->allocated_bytes += block->size;
    thread->allocations++;
    thread->allocated_bytes += block->size;
    thread->last_allocation = block->address;
    mt_totals.sums->allocations++;
}

static inline void mt_totals_block_begins(const struct mt_live_block *block) {
    struct mt_profile_context *context = mt_totals_context(block->context);
    struct mt_profile_thread *thread = mt_totals_thread(block->thread);
    struct mt_profile_totals *sums = mt_totals.sums;

    mt_totals_allocated(block, context, thread);
    mt_totals_touch(context);
    context->live += block->size;
    context->live_blocks++;
    thread->live += block->size;
    thread->live_blocks++;
    if (thread->live > thread->peak)
        thread->peak = thread->live;
    sums->live += block->size;
    sums->live_blocks++;
    if (sums->live > sums->peak) {
        sums->peak = sums->live;
        sums->peak_ticks = block->ticks;
        sums->epoch++;
    }
}

/* The block's memory is no longer held; whether a free was recorded is told apart from this. */
static inline void mt_totals_block_ends(const struct mt_live_block *block) {
    struct mt_profile_context *context = mt_totals_context(block->context);
    struct mt_profile_thread *thread = mt_totals_thread(block->thread);
    struct mt_profile_totals *sums = mt_totals.sums;

    mt_totals_touch(context);
    context->live -= block->size;
    context->live_blocks--;
    thread->live -= block->size;
    thread->live_blocks--;
    sums->live -= block->size;
    sums->live_blocks--;
}

/* A recorded free of the block by a thread. */
static inline void mt_totals_block_freed(const struct mt_live_block *block, uint32_t thread,
                                         uint64_t ticks) {
    struct mt_profile_context *context = mt_totals_context(block->context);
    struct mt_profile_thread *owner = mt_totals_thread(block->thread);

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
