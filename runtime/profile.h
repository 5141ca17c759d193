/* mode=profile: what the program's threads record is not written to the trace but matched in the
 * process, and only what it adds up to is kept. docs/profile.md.
 *
 * Buffers of different threads come in any order. So they wait here, and are taken together: all
 * records up to a moment, in order of time, when whatever was recorded until then is known. Of each
 * thread, buffers come in their order.
 *
 * All of it under the writer's lock.
 */
#ifndef MT_PROFILE_H
#define MT_PROFILE_H

#include "record.h"
#include "totals.h"

#include <stdbool.h>
#include <stdint.h>

/* Once before all else, and again after mt_profile_forget(). False: no memory. */
bool mt_profile_start(void);

/* In a forked child: its profile is to be another. */
void mt_profile_forget(void);

/* A full buffer, or the last one of a thread: it waits here until it is given back by
 * mt_profile_take(). False, and it stays the caller's, if there is no memory. */
bool mt_profile_add(struct mt_buffer *buffer);

/* A buffer that its thread is filling: its records up to `end` belong to the next take, and after
 * that all others are added. What is of no matter for lack of memory can wait for another take. */
void mt_profile_see(struct mt_buffer *buffer, const uint64_t *end);

/* Takes what was recorded up to this time, and gives back the buffers of which nothing is left. For
 * all threads, what they have recorded until then has been added or is to be seen. What comes later
 * nevertheless takes part in the next take. */
void mt_profile_take(uint64_t until, void (*give_back)(struct mt_buffer *buffer));

/* Whether so many buffers wait, of at most `limit` that may, that a take is worth while. */
bool mt_profile_is_urgent(uint64_t limit);

/* The last take was profile_seconds ago. Any thread. How long it is until then: milliseconds, 0 for
 * ever. */
bool mt_profile_is_due(void);
unsigned mt_profile_pause(void);

/* After the last take. */
void mt_profile_finish(void);

#endif
