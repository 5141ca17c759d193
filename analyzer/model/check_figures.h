/* A rule's figure, how sure it is, and what may be missing in it. For check.c only. */
#ifndef MT_MODEL_CHECK_FIGURES_H
#define MT_MODEL_CHECK_FIGURES_H

#include "model/check.h"

double check_value(const struct counters *counters, enum rule_metric metric);

/* The standard error of that; 0 if it is exact. */
double check_deviation(const struct counters *counters, enum rule_metric metric);

/* As the diff knows it. */
enum report_order check_order(enum rule_metric metric);

/* Whether a value that keeps to a limit might not if all were known; the reason then says why. */
bool check_doubtful(const struct rule *rule, const struct report *report,
                    const struct counters *counters, double limit, char *reason, size_t size);

#endif
