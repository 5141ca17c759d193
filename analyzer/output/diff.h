/* What changed from one recording to another. */
#ifndef MT_OUTPUT_DIFF_H
#define MT_OUTPUT_DIFF_H

#include "model/diff.h"
#include "output/output.h"
#include "util/format.h"

struct diff_view {
    const struct report *base; /* for what stands around the figures */
    const struct report *new;
    const struct diff_side *sides[2]; /* base, new */
    struct diff *diff;                /* is sorted */
    enum diff_unit unit;
    const struct report_options *options;
};

void diff_print(FILE *out, const struct diff_view *view);
void diff_write_json(FILE *out, const struct diff_view *view);

#endif
