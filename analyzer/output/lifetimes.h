/* The view of how long blocks live and how large they are. */
#ifndef MT_OUTPUT_LIFETIMES_H
#define MT_OUTPUT_LIFETIMES_H

#include "model/lifetimes.h"
#include "output/output.h"

/* Both sort the rows. */
void lifetimes_print(FILE *out, const struct report *report, struct lifetime_report *lifetimes,
                     const struct report_options *options, bool ascii);
void lifetimes_write_json(FILE *out, const struct report *report, struct lifetime_report *lifetimes,
                          const struct report_options *options);

#endif
