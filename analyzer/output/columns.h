/* The figures that the text shows, one a column. Used by the text only. */
#ifndef MT_OUTPUT_COLUMNS_H
#define MT_OUTPUT_COLUMNS_H

#include "model/report.h"
#include "util/format.h"

enum { MT_COLUMNS = REPORT_ORDER_TEMPORARY + 1 };

/* By the order that sorts by it: enum report_order. */
const char *column_title(enum report_order order);

/* Written into the buffer, which is returned. */
const char *column_cell(struct format_buffer *buffer, const struct counters *counters,
                        enum report_order order);

/* The standard error, of sampled traces; not of what is temporary. */
const char *column_error(struct format_buffer *buffer, const struct counters *counters,
                         enum report_order order);
const char *column_share(struct format_buffer *buffer, const struct counters *part,
                         const struct counters *whole, enum report_order order);

#endif
