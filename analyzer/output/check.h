/* What a check found, for people, programs and CI systems. */
#ifndef MT_OUTPUT_CHECK_H
#define MT_OUTPUT_CHECK_H

#include "model/check.h"
#include "model/suppressions.h"

#include <jansson.h>
#include <stdio.h>

struct check_view {
    const struct check *check;
    const struct report *report; /* of everything */
    const struct suppressions *suppressions;
    const char *source_root; /* of SARIF: a directory without a slash behind it */
    size_t limit;            /* offending contexts of a rule in the text; 0 all that are known */
    bool no_fold;
    bool verbose;
};

void check_print(FILE *out, const struct check_view *view);
void check_write_json(FILE *out, const struct check_view *view);
bool check_write_junit(FILE *out, const struct check_view *view, struct error *error);
bool check_write_sarif(FILE *out, const struct check_view *view, struct error *error);

/* The words for it that the formats have in common, each without an end of line. */
const char *check_verdict_name(enum verdict verdict);

/* "leaked 1.00 KiB (1,024 bytes), allowed 0 B": to be freed; NULL when memory is short. */
char *check_sentence(const struct check_result *result);

/* An offending context's: what it has, and of comparisons what it had. */
void check_print_offender(FILE *out, const struct check_result *result,
                          const struct offender *offender);

/* The rule as it was written, with its place. */
void check_print_rule(FILE *out, const struct rule *rule);

/* "double free", with its count. */
void check_print_error(FILE *out, const struct report_error *error);

/* The place that an error is told with: where the memory was freed. */
const struct report_place *check_error_place(const struct report_error *error);

#endif
