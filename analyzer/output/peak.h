/* The view of one moment: who held the memory then. */
#ifndef MT_OUTPUT_PEAK_H
#define MT_OUTPUT_PEAK_H

#include "model/held.h"
#include "output/output.h"

void peak_print(FILE *out, const struct report *report, const struct held_report *held,
                const struct report_options *options);
void peak_write_json(FILE *out, const struct report *report, const struct held_report *held,
                     const struct report_options *options);

#endif
