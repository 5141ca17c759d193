/* An opened trace: its sound blocks and its definitions. */
#ifndef MT_TRACE_TRACE_H
#define MT_TRACE_TRACE_H

#include "trace/defs.h"
#include "trace/reader.h"

struct trace {
    const char *path; /* the caller's */
    struct reader reader;
    struct defs defs;
};

/* On failure nothing is left to close. */
bool trace_open(struct trace *trace, const char *path, struct error *error);

/* Like trace_open, on bytes that outlive the trace. */
bool trace_open_bytes(struct trace *trace, const void *bytes, size_t size, struct error *error);
void trace_close(struct trace *trace);

/* Nanoseconds since recording began; 0 for earlier times. Ticks are taken for nanoseconds if
 * their rate is not known. */
double trace_ns(const struct trace *trace, uint64_t ticks);

/* How long the recording lasted, if no later time than the last event's is known. */
double trace_duration_ns(const struct trace *trace, uint64_t last_event_ticks);

/* When the recording ended, known before any event is read: by the END, or the latest time that a
 * block of events or a profile names. Never before the beginning. */
uint64_t trace_last_ticks(const struct trace *trace);

/* Whether calls of code that is not instrumented were recorded, too, so that there is no memory of
 * the program's that the trace does not know. */
bool trace_interposed(const struct trace *trace);

/* Whether every event up to the last one is there, as it is of no profile. Without an END, that can
 * be said where a live file was joined, and of a single thread. */
bool trace_complete(const struct trace *trace);

/* Whether the trace holds samples of the program's allocations. */
bool trace_sampled(const struct trace *trace);

/* sample=poisson: bytes from sample to sample in the mean; else 0. */
uint64_t trace_sample_mean(const struct trace *trace);

/* When allocations were for the first time not recorded because the program wanted it so;
 * UINT64_MAX if always. */
uint64_t trace_pause_ticks(const struct trace *trace);

/* When the process was forked; if it does not say, when its recording began. */
uint64_t trace_fork_ticks(const struct trace *trace);

#endif
