#include "model/moment.h"

uint64_t moment_ticks(const struct moment *moment, const struct trace *trace) {
    uint64_t start = trace->reader.header.start_ticks, last = trace_last_ticks(trace);
    double ticks;

    switch (moment->kind) {
    case MOMENT_TIME:
        ticks = moment->value / trace->defs.ns_per_tick;
        break;
    case MOMENT_SHARE:
        ticks = moment->value * (double)(last - start);
        break;
    case MOMENT_END:
        return last;
    default:
        return UINT64_MAX;
    }
    return ticks < (double)(last - start) ? start + (uint64_t)ticks : last;
}
