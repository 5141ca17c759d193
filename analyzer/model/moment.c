#include "model/moment.h"

uint64_t moment_ticks(const struct moment *moment, const struct trace *trace) {
    uint64_t start = trace->reader.header.start_ticks;
    double ticks;

    switch (moment->kind) {
    case MOMENT_TIME:
        ticks = moment->value / trace->defs.ns_per_tick;
        break;
    case MOMENT_SHARE:
        ticks = moment->value * (double)(trace_last_ticks(trace) - start);
        break;
    default:
        return UINT64_MAX;
    }
    return ticks < (double)(UINT64_MAX - start) / 2 ? start + (uint64_t)ticks : UINT64_MAX;
}
