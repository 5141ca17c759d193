/* The figures that the text shows, one a column. Used by the text only. */
#ifndef MT_OUTPUT_COLUMNS_H
#define MT_OUTPUT_COLUMNS_H

#include "model/report.h"
#include "util/format.h"

/* Those that every list has; that of lifetimes has its own. */
enum { MT_COLUMNS = REPORT_ORDER_TEMPORARY + 1 };

/* By the order that sorts by it: enum report_order. */
const char *column_title(enum report_order order);

/* The same of a report, whose peak may be another moment. */
const char *column_title_of(struct format_buffer *buffer, const struct report *report,
                            enum report_order order);

/* The moment that `peak` means: "the peak", "1.500 s", "50 %". */
const char *column_moment(struct format_buffer *buffer, const struct report *report);

/* Written into the buffer, which is returned. */
const char *column_cell(struct format_buffer *buffer, const struct counters *counters,
                        enum report_order order);

/* The standard error, of sampled traces; not of what is temporary, or of lifetimes. */
const char *column_error(struct format_buffer *buffer, const struct counters *counters,
                         enum report_order order);
const char *column_share(struct format_buffer *buffer, const struct counters *part,
                         const struct counters *whole, enum report_order order);

#endif
