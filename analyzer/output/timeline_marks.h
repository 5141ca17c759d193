/* What is written above and below a chart of time. Used by the text format only. */
#ifndef MT_OUTPUT_TIMELINE_MARKS_H
#define MT_OUTPUT_TIMELINE_MARKS_H

#include "model/timeline.h"

#include <stdio.h>

/* Columns left of a chart, for its labels. */
enum { TIMELINE_MARGIN = 11 };

struct timeline_axis {
    size_t columns;
    double from; /* ns */
    double to;
    bool ascii;
};

/* Where and how much the peak is. */
void timeline_print_peak(FILE *out, const struct timeline_axis *axis, double bytes, double ns);

/* Times at the beginning, in the middle and at the end. */
void timeline_print_times(FILE *out, const struct timeline_axis *axis);

/* Where phases begin, with their names as far as there is room; nothing if there are none. */
void timeline_print_phases(FILE *out, const struct timeline_axis *axis,
                           const struct timeline *timeline);

#endif
