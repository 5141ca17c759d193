#include "output/timeline.h"

double timeline_offset_ns(const struct timeline_view *view, size_t trace) {
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < view->report->traces.count; i++) {
        uint64_t start = view->traces[i].reader.header.start_realtime_ns;

        first = start < first ? start : first;
    }
    return (double)(view->traces[trace].reader.header.start_realtime_ns - first);
}

bool timeline_row(const struct timeline_view *view, const struct report_rows *rows, size_t trace,
                  uint32_t group, struct report_row *row) {
    const struct timeline *timeline = timeline_of_trace(view, trace);
    uint32_t index = report_find_row(rows, REPORT_BY_CONTEXT, view->fold,
                                     view->report->traces.items[trace], timeline->first_of[group]);

    if (index == MT_ID_MAP_NONE)
        return false;
    *row = rows->items[index];
    row->chains = view->report->traces.items[trace];
    row->context = timeline->first_of[group];
    return true;
}
