/* Charts of bars in text: in blocks of UTF-8 or in ASCII. */
#ifndef MT_OUTPUT_CHART_H
#define MT_OUTPUT_CHART_H

#include "util/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The eighths that a bar of a value is high, of a chart that many lines high whose top is the
 * largest; what is not nothing is at least one. */
int chart_eighths(double value, double largest, int height);

/* One line of bars. */
void chart_line(FILE *out, const double *values, size_t count, double largest, bool ascii);

/* A value as text, which may be in the buffer. */
typedef const char *chart_label(struct format_buffer *buffer, double value);

struct chart {
    const double *values;
    size_t count; /* columns */
    int height;   /* lines */
    int margin;   /* columns for the labels */
    bool ascii;
};

/* The bars with the largest value at the top, without the axis below. */
void chart_print(FILE *out, const struct chart *chart, double largest, chart_label *label);

/* The line under it. */
void chart_print_axis(FILE *out, const struct chart *chart);

#endif
