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

/* A block that is live, as block_table.h keeps it. */
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

/* What a block belongs to. Found once for all that happens to it, since the compiler has to take
 * every counter that is written for a pointer that it may have changed. */
struct mt_totals_of {
    struct mt_profile_totals *sums;
    struct mt_profile_context *context;
    struct mt_profile_thread *thread;
};

static inline struct mt_totals_of mt_totals_of(const struct mt_live_block *block) {
    return (struct mt_totals_of){mt_totals.sums, mt_totals_context(block->context),
                                 mt_totals_thread(block->thread)};
}

static inline void mt_totals_touch(const struct mt_profile_totals *sums,
                                   struct mt_profile_context *context) {
    if (context->epoch != sums->epoch) {
        context->at_peak = context->live;
        context->blocks_at_peak = context->live_blocks;
        context->epoch = sums->epoch;
    }
}

/* An allocation, whether it can be followed or not. */
static inline void mt_totals_allocated(struct mt_totals_of of, const struct mt_live_block *block) {
    of.context->allocations++;
    of.context->allocated_bytes += block->size;
    of.thread->allocations++;
    of.thread->allocated_bytes += block->size;
    of.thread->last_allocation = block->address;
    of.sums->allocations++;
}

static inline void mt_totals_begins(struct mt_totals_of of, const struct mt_live_block *block) {
    uint64_t live = of.sums->live + block->size;
    uint64_t thread_live = of.thread->live + block->size;

    mt_totals_allocated(of, block);
    mt_totals_touch(of.sums, of.context);
    of.context->live += block->size;
    of.context->live_blocks++;
    of.thread->live = thread_live;
    of.thread->live_blocks++;
    if (thread_live > of.thread->peak)
        of.thread->peak = thread_live;
    of.sums->live = live;
    of.sums->live_blocks++;
    if (live > of.sums->peak) {
        of.sums->peak = live;
        of.sums->peak_ticks = block->ticks;
        of.sums->epoch++;
    }
}

/* The block's memory is no longer held; whether a free was recorded is told apart from this. */
static inline void mt_totals_ends(struct mt_totals_of of, const struct mt_live_block *block) {
    mt_totals_touch(of.sums, of.context);
    of.context->live -= block->size;
    of.context->live_blocks--;
    of.thread->live -= block->size;
    of.thread->live_blocks--;
    of.sums->live -= block->size;
    of.sums->live_blocks--;
}

/* A recorded free of the block by a thread. */
static inline void mt_totals_freed(struct mt_totals_of of, const struct mt_live_block *block,
                                   uint32_t thread, uint64_t ticks) {
    of.context->frees++;
    if (ticks > block->ticks)
        of.context->lifetime_ticks += (double)(int64_t)(ticks - block->ticks);
    if (thread != block->thread) {
        of.thread->freed_by_others++;
    } else if (of.thread->last_allocation == block->address) {
        of.context->temporary++;
        of.context->temporary_bytes += block->size;
        of.thread->temporary++;
    }
}

#endif
