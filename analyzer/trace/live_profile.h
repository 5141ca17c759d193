/* PROFILE segments of a live file as blocks. */
#ifndef MT_TRACE_LIVE_PROFILE_H
#define MT_TRACE_LIVE_PROFILE_H

#include "trace/live.h"
#include "trace/live_output.h"

/* They are later than any profile in the trace. False when memory is short. */
bool live_profile_put(struct output *out, const struct live_segment *segments, size_t count);

/* How many of the thread's events they know of; false if they do not tell it apart. */
bool live_profile_taken(const struct live_segment *segments, size_t count, uint32_t thread,
                        uint64_t *records);

#endif
