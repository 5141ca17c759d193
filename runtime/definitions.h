/* What sites, contexts and threads are: a stream of records in segments of the live file, written
 * when something is first met, by the thread that meets it. So a reader knows all that an event
 * refers to as soon as the event is stored, and the writer only has to carry the stream over into
 * the trace. docs/trace-format.md: DEFINITIONS.
 *
 * Any thread, signal handlers included, except where a function says otherwise; errno is kept.
 */
#ifndef MT_DEFINITIONS_H
#define MT_DEFINITIONS_H

#include "block.h"
#include "thread.h"

#include <stdbool.h>
#include <stdint.h>

/* One record: `payload` is that of a block of this kind with one record. False, and nothing is
 * written, if there is no memory. */
bool mt_definitions_add(enum mt_block_kind kind, const struct mt_bytes *payload);

bool mt_definitions_add_site(struct mt_context_id id, const struct memtrack_site *site);
bool mt_definitions_add_context(struct mt_context_id id, struct mt_context_id parent,
                                struct mt_context_id site);
void mt_definitions_add_thread(const struct mt_thread *thread);

/* For the writer. What has been added and not taken yet is appended to `out` as a block, or a part
 * of it, which needs MT_DEFINITIONS_MAX of room; false if there is nothing. */
#define MT_DEFINITIONS_MAX ((12u << 20) + MT_BLOCK_OVERHEAD)
bool mt_definitions_put(struct mt_bytes *out);

/* For the writer: what has been taken is in the trace, its segments can go. */
void mt_definitions_release(void);

/* Around fork(): the child starts with none. */
void mt_definitions_before_fork(void);
void mt_definitions_after_fork(bool child);

#endif
