/* The life of the recorded process: start, fork, exit. */
#ifndef MT_PROCESS_H
#define MT_PROCESS_H

#include <stdbool.h>

/* Finds out what is to be recorded, at the first call. In the event path. */
void mt_process_prepare(void);

/* Opens the trace, at the first call; true if events are to be recorded. Any thread, at its first
 * event. */
bool mt_process_start(void);

/* True in the child of a fork of which nobody told the runtime, by _Fork() or a system call. What
 * it has inherited is the parent's, locks may be held by threads that are not there: it must touch
 * none of it, and is not recorded. */
bool mt_process_is_stray(void);

/* True in the child of a vfork: it runs in the memory of the process that is recorded, and its
 * events are that one's, but threads that it starts end with it. */
bool mt_process_is_guest(void);

/* For good, in this process and those it forks. */
void mt_process_stop_recording(void);

/* Stops or resumes recording allocations, where anything is recorded. One caller at a time. */
void mt_process_pause_recording(bool pause);

/* The exit of the process has begun: buffers must not change hands any more. */
bool mt_process_is_finishing(void);

#endif
