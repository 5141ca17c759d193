#include "trace/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool load(struct trace *trace, struct error *error) {
    if (defs_load(&trace->defs, &trace->reader, error))
        return true;
    trace_close(trace);
    return false;
}

bool trace_open(struct trace *trace, const char *path, struct error *error) {
    *trace = (struct trace){.path = path};
    return reader_open(&trace->reader, path, error) && load(trace, error);
}

bool trace_open_bytes(struct trace *trace, const void *bytes, size_t size, struct error *error) {
    *trace = (struct trace){.path = "bytes"};
    return reader_open_bytes(&trace->reader, bytes, size, error) && load(trace, error);
}

void trace_close(struct trace *trace) {
    defs_free(&trace->defs);
    reader_close(&trace->reader);
}

double trace_ns(const struct trace *trace, uint64_t ticks) {
    uint64_t start = trace->reader.header.start_ticks;

    return ticks > start ? (double)(ticks - start) * trace->defs.ns_per_tick : 0;
}

double trace_duration_ns(const struct trace *trace, uint64_t last_event_ticks) {
    return trace_ns(trace, trace->defs.end.present ? trace->defs.end.ticks : last_event_ticks);
}

uint64_t trace_last_ticks(const struct trace *trace) {
    const struct reader *reader = &trace->reader;
    uint64_t last = reader->header.start_ticks;

    if (trace->defs.end.present && trace->defs.end.ticks > last)
        last = trace->defs.end.ticks;
    if (trace->defs.profile.totals.last_ticks > last)
        last = trace->defs.profile.totals.last_ticks;
    for (size_t i = 0; i < reader->stream_count; i++) {
        if (reader->streams[i].last_ticks > last)
            last = reader->streams[i].last_ticks;
    }
    return last;
}

bool trace_interposed(const struct trace *trace) {
    return trace->reader.header.version >= 3 &&
           strcmp(trace->defs.process.capture, "interposed") == 0;
}

bool trace_complete(const struct trace *trace) {
    const struct reader *reader = &trace->reader;
    bool one_thread = reader->stream_count <= 1 && trace->defs.threads.count <= 1;
    /* While it is written, what is read of one thread may be later than what is of another. */
    bool joined = reader->live == READER_LIVE_JOINED && !reader->running;

    return !trace->defs.profile.present && defs_dropped(&trace->defs) == 0 &&
           reader->lost_events == 0 && reader->damage.count == 0 &&
           (trace->defs.end.present || joined || one_thread);
}

uint64_t trace_sample_mean(const struct trace *trace) {
    static const char key[] = "poisson:";
    const char *text = trace->defs.process.sample;

    return strncmp(text, key, sizeof(key) - 1) ? 0 : strtoull(text + sizeof(key) - 1, NULL, 10);
}

bool trace_sampled(const struct trace *trace) {
    const char *text = trace->defs.process.sample;

    /* A profile's totals are exact; events that claim to be samples do not change that. */
    return !trace->defs.profile.present &&
           (trace->reader.weighted || (text[0] && strcmp(text, "all") != 0));
}

uint64_t trace_pause_ticks(const struct trace *trace) {
    uint64_t ticks = UINT64_MAX;

    for (size_t i = 0; i < trace->defs.marks.count; i++) {
        const struct mark *mark = &trace->defs.marks.items[i];

        if (mark->kind == MT_MARK_PAUSE && mark->ticks < ticks)
            ticks = mark->ticks;
    }
    return ticks;
}

uint64_t trace_fork_ticks(const struct trace *trace) {
    const char *text = trace->defs.process.fork_ticks;
    uint64_t ticks;
    char *end;

    errno = 0;
    ticks = strtoull(text, &end, 10);
    return errno || *end || end == text ? trace->reader.header.start_ticks : ticks;
}
