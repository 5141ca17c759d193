/* What a program asks for by memtrack/memtrack.h, as far as other parts of the runtime have to know
 * of it. */
#ifndef MT_API_H
#define MT_API_H

#include <stdbool.h>

/* The trace has just been opened; in a forked child it has to be told of a pause that the parent
 * had begun. */
void mt_api_trace_opened(void);

/* Around fork(). */
void mt_api_before_fork(void);
void mt_api_after_fork(void);

#endif
