/* Which allocation each free ends, as the analyzer's model/heap.h finds it out: events come in
 * order of time, and those of different threads that come within a moment of each other may have
 * been stamped the wrong way round:
 *
 * - An allocation at a live address ends the old block. If a free of that address by another thread
 *   than the allocation's follows within the window, it was the old block's; else the old block's
 *   free was missed, as code did it that is not recorded.
 * - A free of an address that is not live ends the allocation of that address that another thread
 *   makes within the window; else it is unmatched. If yet another thread freed the address just
 *   before, either of the two frees may be the one that came too early.
 *
 * Besides, a few events come late: after events of later times. A thread that is in a realloc
 * records the end of the old block after it has ended. Those take their time in order:
 *
 * - A late free is never that of a block that began after it, but of one that this block has
 *   superseded.
 * - A late allocation at an address that is live, and began to be so later, has ended.
 *
 * What was settled is remembered for that, by a hash of the address: a later one in its place makes
 * the figures of frees wrong by one, and no others.
 *
 * All of it under the writer's lock.
 */
#ifndef MT_MATCH_H
#define MT_MATCH_H

#include "block.h"
#include "block_table.h"

#include <stdbool.h>
#include <stdint.h>

/* False: no memory. */
bool mt_match_start(void);

/* Forgets all. */
void mt_match_end(void);

/* Two microseconds in ticks. */
void mt_match_set_window(uint64_t ticks);

/* More than one thread has recorded: what follows on this may be in the wrong order. */
void mt_match_several_threads(void);

/* When the record is made, if the one before it is of that time. */
static inline uint64_t mt_match_next_ticks(const uint64_t *words, uint64_t ticks) {
    return MT_UNLIKELY(mt_record_is_extended(words))
               ? words[1]
               : ticks + (words[1] & ((1u << MT_RECORD_TICK_BITS) - 1));
}

/* The next records of the thread, up to `stop` or the first that is later than `until`; returns
 * where it stopped. *ticks, the time of the record before, follows. Records may be read ahead up to
 * `end`. */
const uint64_t *mt_match_run(const uint64_t *words, const uint64_t *stop, const uint64_t *end,
                             uint64_t until, uint64_t *ticks, uint32_t thread);

/* The next record of the thread, where one of a later time may have been given before. */
MT_COLD const uint64_t *mt_match_late(const uint64_t *words, uint64_t *ticks, uint32_t thread);

/* When there is no more: settles what is pending. */
void mt_match_finish(void);

MT_EXTERN struct mt_block_table mt_match_blocks;

#endif
