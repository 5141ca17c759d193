/* Reports of a part of what was recorded, by place. */
#ifndef MT_MODEL_FILTER_H
#define MT_MODEL_FILTER_H

#include "model/report.h"

/* False, with what is wrong with the regular expression. */
bool filter_check(const struct report_scope *scope, struct error *error);

/* By context of the chains' trace, whether it is of the scope's places; NULL if it has none. To be
 * freed in any case. */
bool filter_contexts(const struct chains *chains, const struct report_scope *scope, bool **kept,
                     struct error *error);

/* Keeps the contexts that are of the scope and makes the sums those of what is kept: its peak is
 * what it held at the peak of everything. Threads, errors and what tells how complete the traces
 * are stay as they are. The texts outlive the report. */
bool filter_report(struct report *report, const struct report_scope *scope, struct error *error);

#endif
