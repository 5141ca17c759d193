/* The life of the recorded process: start, fork, exit. */
#ifndef MT_PROCESS_H
#define MT_PROCESS_H

#include <stdbool.h>

/* Opens the trace, at the first call; true if events are to be recorded. Any thread, at its first
 * event. */
bool mt_process_start(void);

/* The exit of the process has begun: buffers must not change hands any more. */
bool mt_process_is_finishing(void);

#endif
