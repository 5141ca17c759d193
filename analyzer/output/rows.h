/* What the text calls the rows of a report. */
#ifndef MT_OUTPUT_ROWS_H
#define MT_OUTPUT_ROWS_H

#include "output/output.h"

/* The chain of a context, or the name of what the rows are by, in lines of their own. */
void rows_print_names(FILE *out, const struct report_row *row,
                      const struct report_options *options);

#endif
