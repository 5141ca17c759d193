/* Event buffers on their way between the program's threads and the writer: handed over full, and
 * given back when what they hold is in the file. Their number is bounded. Any thread, no locks. */
#ifndef MT_BUFFERS_H
#define MT_BUFFERS_H

#include "record.h"

#include <stdbool.h>
#include <stdint.h>

/* A buffer for a thread that has none, or is about to hand over a full one. At the limit of
 * buffer_mb waits (overflow=block) or returns NULL (overflow=drop), as it does when the kernel has
 * no memory. */
struct mt_buffer *mt_buffers_next(void);

/* Gives back a buffer that was not handed over. */
void mt_buffers_release(struct mt_buffer *buffer);

/* `buffer->used`, `last` and its words are final. Takes ownership. A call of mt_writer_notify() has
 * to follow, with no lock held. */
void mt_buffers_hand_over(struct mt_buffer *buffer);

/* For the writer: all that were handed over and not taken yet, oldest first; whether there are any.
 */
struct mt_buffer *mt_buffers_take_all(void);
bool mt_buffers_are_waiting(void);

/* Gives back one that was taken, and wakes a thread that waits for it. */
void mt_buffers_give_back(struct mt_buffer *buffer);

/* How many were handed over and not given back, and may be. */
uint32_t mt_buffers_in_flight(void);
uint32_t mt_buffers_limit(void);

/* In the child of a fork there are none. */
void mt_buffers_after_fork_in_child(void);

#endif
