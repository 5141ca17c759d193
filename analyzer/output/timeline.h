/* The view of time: live bytes and what was allocated, phase by phase, by thread or by context. */
#ifndef MT_OUTPUT_TIMELINE_H
#define MT_OUTPUT_TIMELINE_H

#include "model/track.h"
#include "output/output.h"

struct timeline_view {
    const struct report *report;
    const struct observers *observers; /* by trace; items[0] is the timeline */
    const struct trace *traces;        /* as the observers */
    enum timeline_by by;
    size_t limit; /* threads, contexts or processes; 0 all */
    bool fold;
    bool aligned; /* the processes are of one tree, so that their times can be told together */
    int width;    /* of the text, columns */
    int height;   /* of the chart, lines */
    bool ascii;
};

/* Columns of a chart in a text of that width. */
int timeline_columns(int width);

/* False for lack of memory. */
bool timeline_print(FILE *out, const struct timeline_view *view, struct error *error);
bool timeline_write_json(FILE *out, const struct timeline_view *view, struct error *error);

/* How much later than the first of the traces this one began, ns. */
double timeline_offset_ns(const struct timeline_view *view, size_t trace);

static inline const struct timeline *timeline_of_trace(const struct timeline_view *view,
                                                       size_t trace) {
    return timeline_of(view->observers[trace].items[0]);
}

/* The row of the report that a series by context belongs to; false if it has none. The rows are
 * grouped by context. */
bool timeline_row(const struct timeline_view *view, const struct report_rows *rows, size_t trace,
                  uint32_t group, struct report_row *row);

#endif
