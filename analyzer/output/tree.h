/* Trees of calls; used by the formats only. */
#ifndef MT_OUTPUT_TREE_H
#define MT_OUTPUT_TREE_H

#include "output/output.h"

/* A section of the text. Both fail for lack of memory only. */
bool tree_print(FILE *out, const struct report *report, const struct report_options *options,
                bool bottom_up, struct error *error);

/* One JSON object. */
bool tree_write_json(FILE *out, const struct report *report, const struct report_options *options,
                     bool bottom_up, struct error *error);

#endif
