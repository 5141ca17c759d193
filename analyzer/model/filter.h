/* Reports of a part of what was recorded. */
#ifndef MT_MODEL_FILTER_H
#define MT_MODEL_FILTER_H

#include "model/report.h"

/* Keeps the contexts under a tag of that text, whichever of several it is, and makes the sums those
 * of what is kept: its peak is what it held at the peak of everything. Threads, errors and what
 * tells how complete the traces are stay as they are. The text outlives the report. */
bool filter_tag(struct report *report, const char *text, struct error *error);

#endif
