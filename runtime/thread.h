/* A thread of the program as the runtime knows it: from its first event to its end. */
#ifndef MT_THREAD_H
#define MT_THREAD_H

#include "record.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MT_THREAD_NAME_SIZE 16
#define MT_THREAD_NESTED_EVENTS 64

struct mt_thread {
    struct mt_thread *next;   /* in the registry, or of the free ones */
    struct mt_local *local;   /* valid while registered */
    struct mt_buffer *buffer; /* the one being filled; the registry's lock guards its change */
    uint32_t id;              /* in the trace, from 1 */
    uint32_t tid;
    uint32_t exit_rounds;
    uint64_t first_ticks;
    uint64_t last_ticks;   /* 0 while it runs */
    uint64_t events;       /* handed over */
    _Atomic uint64_t lost; /* dropped for want of buffers, not yet written to the trace */
    bool described;        /* the trace has its name; the writer's */
    char name[MT_THREAD_NAME_SIZE];
    struct mt_event nested[MT_THREAD_NESTED_EVENTS];
    struct mt_context_slot cache[MT_CONTEXT_CACHE_SLOTS];
};

/* Makes the key whose destructor tells of a thread's end. Once per process; false if there are no
 * keys left: threads then end unseen, and their last buffers are written at exit. */
bool mt_thread_start(void);

/* While the registry is locked no thread begins, ends or changes its buffer. Taken after the
 * writer's lock, never before it. False if the caller holds it already. */
bool mt_thread_lock_registry(void);
void mt_thread_unlock_registry(void);

/* Calls `visit` for every registered thread. The registry must be locked. */
void mt_thread_each(void (*visit)(struct mt_thread *thread, void *data), void *data);

/* The end of what the thread has recorded in its buffer. The registry must be locked. */
const uint64_t *mt_thread_buffer_end(const struct mt_thread *thread);

/* Gives back a thread whose last buffer has been written. */
void mt_thread_recycle(struct mt_thread *thread);

/* Events in a buffer filled up to `end`. */
uint32_t mt_thread_buffer_events(const struct mt_buffer *buffer, const uint64_t *end);

/* Events of signal handlers that found no room, since the last call. */
uint64_t mt_thread_take_lost_nested(void);

/* Around fork(), see mt_lock_after_fork(); before it mt_thread_lock_registry(). The child forgets
 * all threads and what they have recorded, which is the parent's. */
void mt_thread_after_fork(bool held, bool child);

#endif
