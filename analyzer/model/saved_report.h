/* A JSON report that was kept, as one side of a comparison. */
#ifndef MT_MODEL_SAVED_REPORT_H
#define MT_MODEL_SAVED_REPORT_H

#include "model/diff.h"
#include "model/suppressions.h"

/* What `memtrack report --format json` wrote, without what the suppressions name. The side refers
 * to nothing of the text. False with what is wrong, but not where. */
bool saved_report_read(struct diff_side *side, const char *text, size_t size,
                       const struct suppressions *suppressions, struct error *error);

/* Whether a file of these first bytes may be one. */
bool saved_report_likely(const char *text, size_t size);

#endif
