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

#endif
