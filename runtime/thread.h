/* A thread of the program as the runtime knows it: from its first event to its end. */
#ifndef MT_THREAD_H
#define MT_THREAD_H

#include "record.h"
#include "sample.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MT_THREAD_NAME_SIZE 64
#define MT_THREAD_NESTED_EVENTS 64

struct mt_thread {
    struct mt_thread *next;   /* in the registry, or of the free ones */
    struct mt_buffer *buffer; /* the one being filled; the registry's lock guards its change */
    uint32_t id;              /* in the trace, from 1 */
    uint32_t tid;
    uint64_t first_ticks;
    _Atomic uint64_t last_ticks; /* 0 while it runs; the writer may look while the thread ends */
    uint64_t events;             /* handed over */
    _Atomic uint64_t lost;       /* dropped for want of buffers, not yet written to the trace */
    bool named;                  /* by the program, by memtrack_name_thread() */
    char name[MT_THREAD_NAME_SIZE];
    uint64_t last_address; /* of the last allocation in the buffer before, see pools.c; 0 none */
    uint64_t last_size;
    uint32_t forgotten; /* mt_context_forgettings when it began */
    struct mt_event nested[MT_THREAD_NESTED_EVENTS];
    /* What is here outlives the thread: the next one to use this memory finds it of use. */
    struct mt_context_slot cache[MT_CONTEXT_CACHE_SLOTS];
    struct mt_context_path paths[MT_CONTEXT_PATHS];
    struct mt_sample_count counts[MT_SAMPLE_COUNTS]; /* with sample=tiered */
};

/* Makes the key whose destructor tells of a thread's end. Once per process, in the main thread. A
 * thread whose first event comes in the last round of destructors ends unseen, as all do if there
 * is no key: its buffer is then written at exit. */
void mt_thread_start(void);

/* Gives the calling thread a name that stays, whatever the kernel calls it. It is registered if it
 * has no event yet. In the event path. */
void mt_thread_set_name(struct mt_local *local, const char *name);

/* While the registry is locked no thread begins, ends or changes its buffer. */
void mt_thread_lock_registry(void);
void mt_thread_unlock_registry(void);

/* Calls `visit` for every registered thread. The registry must be locked. */
void mt_thread_each(void (*visit)(struct mt_thread *thread, void *data), void *data);

/* The end of what the thread has recorded in its buffer. The registry must be locked. */
const uint64_t *mt_thread_buffer_end(const struct mt_thread *thread);

/* Gives back a thread whose last buffer has been written. */
void mt_thread_recycle(struct mt_thread *thread);

/* The same with the registry locked. */
void mt_thread_recycle_locked(struct mt_thread *thread);

/* Events of signal handlers that found no room, since the last call. */
uint64_t mt_thread_take_lost_nested(void);

/* Events that found no memory for their thread's first buffer, since the last call. */
uint64_t mt_thread_take_lost_unbegun(void);

/* After fork(), with the registry locked: the child forgets all threads and what they have
 * recorded, which is the parent's. */
void mt_thread_after_fork(bool child);

#endif
