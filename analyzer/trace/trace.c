#include "trace/trace.h"

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
