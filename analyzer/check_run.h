/* The traces behind memtrack check: loaded once for each part of the recording that rules are
 * about, and the baseline. */
#ifndef MT_CHECK_RUN_H
#define MT_CHECK_RUN_H

#include "model/check.h"
#include "model/suppressions.h"
#include "session.h"

struct check_run {
    const struct rules *rules;
    struct suppressions *suppressions;
    char **paths;
    size_t count;
    char **baselines; /* traces, or one saved report */
    size_t baseline_count;
    struct check check;

    /* The check's own. */
    struct session whole;
    MT_LIST(struct check_part *) parts;
    struct session base_session;
    struct diff_side base;
    struct diff_side new;
};

/* Evaluates all rules. STATUS_OK if that could be done, whatever came out, or STATUS_ERROR after an
 * error message; to be closed in any case. */
int check_run(struct check_run *run);
void check_run_close(struct check_run *run);

#endif
