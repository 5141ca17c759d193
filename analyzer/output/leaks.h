/* The view of what was live at the end. */
#ifndef MT_OUTPUT_LEAKS_H
#define MT_OUTPUT_LEAKS_H

#include "model/suppressions.h"
#include "output/output.h"

#include <jansson.h>

struct leaks_options {
    struct report_options report; /* by, limit, min_bytes, no_fold */
    unsigned kinds;               /* 1 << enum leak_kind: those that the text lists */
    bool verbose;                 /* tell which suppressions matched, and which did not */
};

/* Of a report to which the suppressions, of which there may be none, are applied. */
bool leaks_print(FILE *out, struct report *report, const struct suppressions *suppressions,
                 const struct leaks_options *options, struct error *error);
bool leaks_write_json(FILE *out, struct report *report, const struct suppressions *suppressions,
                      const struct leaks_options *options, struct error *error);

/* What they matched, by rule. */
void leaks_print_rules(FILE *out, const struct suppressions *suppressions);
json_t *leaks_suppressed_object(const struct suppressions *suppressions);

#endif
