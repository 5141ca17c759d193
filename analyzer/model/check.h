/* Whether a recording keeps to rules. A limit that only holds because events are missing, or within
 * the error of estimates, holds for nobody knows: then it cannot be told.
 */
#ifndef MT_MODEL_CHECK_H
#define MT_MODEL_CHECK_H

#include "model/diff.h"
#include "model/rules.h"

enum verdict {
    VERDICT_OK,
    VERDICT_UNSURE,
    VERDICT_VIOLATED,
};

enum { MT_OFFENDERS = 5 };

struct offender {
    struct report_row row;
    double value;
    double base; /* of comparisons: what the baseline had there; */
    bool known;  /* it had the place */
};

struct check_result {
    const struct rule *rule;
    enum verdict verdict;
    bool measured; /* there is a value */
    double value;
    double deviation; /* of an estimate, its standard error */
    double limit;
    double base;       /* of comparisons */
    char reason[240];  /* why it cannot be told */
    bool nothing_fits; /* no context is in the rule's scope */
    /* What makes the value: the largest first, of a comparison what grew most. */
    struct offender offenders[MT_OFFENDERS];
    size_t offender_count;
    size_t more;                                     /* that are not among those */
    const struct report_error *errors[MT_OFFENDERS]; /* of max-errors */
    size_t error_count;
    const struct report *report;
};

struct check {
    MT_LIST(struct check_result) results;
    size_t counts[VERDICT_VIOLATED + 1];
};

/* Adds a rule's result. The report, of what its scope selects in time and of its thread, outlives
 * it. False when memory is short. */
bool check_rule(struct check *check, const struct rule *rule, const struct report *report,
                struct error *error);

/* The same of a comparison; both sides are told apart by context. */
bool check_baseline(struct check *check, const struct rule *rule, const struct tolerance *tolerance,
                    const struct report *report, const struct diff_side *base,
                    const struct diff_side *new, struct error *error);

/* A rule that cannot be told at all. */
bool check_unsure(struct check *check, const struct rule *rule, const char *reason,
                  struct error *error);

/* Nothing that holds so far is sure. */
void check_doubt(struct check *check, const char *reason);
void check_free(struct check *check);

/* Violated if any rule is; else unsure if any is. */
enum verdict check_verdict(const struct check *check);

#endif
