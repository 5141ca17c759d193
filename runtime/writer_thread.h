/* The writer's thread: when it starts, sleeps and ends. What it does is in writer.c. */
#ifndef MT_WRITER_THREAD_H
#define MT_WRITER_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Lets it look for work, starting it at the first call. False if there is none: the caller has to
 * do the work. No lock may be held. */
bool mt_writer_thread_wake(void);

bool mt_writer_thread_runs(void);

/* The same, but it is not started. */
bool mt_writer_thread_wake_running(void);

/* Ends it for good and returns when it is gone. For the main thread when it leaves by
 * pthread_exit(): the process ends with its last thread, and that must not be this one. */
void mt_writer_thread_end(void);

/* Lets it finish the trace, and returns when that is done; it has descriptors that the program may
 * have closed. False if it does not run. */
bool mt_writer_thread_finish(void);

/* Starts a thread that is none of the program's: no signals, little stack, detached. `function` has
 * to set mt_local.busy. */
bool mt_writer_thread_create(void *(*function)(void *), void *argument);

/* Whether the kernel still knows a thread, by its number; 0: one that does not run yet. */
bool mt_writer_thread_is_alive(pid_t thread);

/* The calling thread is, or is no longer, one of the runtime's. */
void mt_writer_thread_enter(void);
void mt_writer_thread_leave(void);

/* Whether a thread is one of the runtime's, and the control block of each. */
bool mt_writer_thread_is_own(pid_t thread);
void mt_writer_thread_each(void (*visit)(uintptr_t control_block, void *data), void *data);

/* With the page that guards it. */
#define MT_WRITER_THREAD_STACK ((uintptr_t)512 << 10)

/* In the child of a fork it is not there. */
void mt_writer_thread_after_fork_in_child(void);

#endif
