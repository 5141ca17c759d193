#define _GNU_SOURCE
#include "model/check.h"

#include "model/check_figures.h"
#include "model/leaks.h"
#include "model/rule_scope.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void check_free(struct check *check) {
    free(check->results.items);
    *check = (struct check){0};
}

enum verdict check_verdict(const struct check *check) {
    if (check->counts[VERDICT_VIOLATED])
        return VERDICT_VIOLATED;
    return check->counts[VERDICT_UNSURE] ? VERDICT_UNSURE : VERDICT_OK;
}

static bool add(struct check *check, const struct check_result *result, struct error *error) {
    struct check_result *added = MT_LIST_ADD(check->results);

    if (!added)
        return error_no_memory(error);
    *added = *result;
    check->counts[result->verdict]++;
    return true;
}

bool check_unsure(struct check *check, const struct rule *rule, const char *reason,
                  struct error *error) {
    struct check_result result = {.rule = rule, .verdict = VERDICT_UNSURE, .limit = rule->limit};

    snprintf(result.reason, sizeof(result.reason), "%s", reason);
    return add(check, &result, error);
}

void check_doubt(struct check *check, const char *reason) {
    for (size_t i = 0; i < check->results.count; i++) {
        struct check_result *result = &check->results.items[i];

        if (result->verdict != VERDICT_OK)
            continue;
        result->verdict = VERDICT_UNSURE;
        snprintf(result->reason, sizeof(result->reason), "%s", reason);
        check->counts[VERDICT_OK]--;
        check->counts[VERDICT_UNSURE]++;
    }
}

/* Keeps the largest, in order; the number of the others is counted. */
static void offer(struct check_result *result, const struct offender *offender, double weight,
                  double *weights) {
    size_t at = result->offender_count;

    if (at == MT_OFFENDERS) {
        result->more++;
        if (weight <= weights[at - 1])
            return;
        at--;
    } else {
        result->offender_count++;
    }
    for (; at > 0 && weights[at - 1] < weight; at--) {
        result->offenders[at] = result->offenders[at - 1];
        weights[at] = weights[at - 1];
    }
    result->offenders[at] = *offender;
    weights[at] = weight;
}

/* A share says little of a row: what is temporary, and how much, does. */
static double row_weight(const struct counters *counters, enum rule_metric metric) {
    if (metric == RULE_TEMPORARY)
        return (double)counters->temporary;
    if (metric == RULE_UNREACHABLE)
        return (double)leak_weight(counters, LEAK_DIRECT);
    return check_value(counters, metric);
}

static bool gather(struct check_result *result, const struct rule *rule,
                   const struct report *report, struct counters *sums) {
    struct name_cache cache = {0};
    bool *rows = rule_scope_rows(&rule->scope, report, &cache);
    double weights[MT_OFFENDERS];

    name_cache_free(&cache);
    if (!rows)
        return false;
    *sums = (struct counters){.sampled = report->totals.sampled > 0};
    result->nothing_fits = true;
    for (size_t i = 0; i < report->contexts.count; i++) {
        const struct report_row *row = &report->contexts.items[i];
        double weight = row_weight(&row->counters, rule->metric);
        struct offender offender = {.row = *row, .value = weight};

        if (!rows[i])
            continue;
        result->nothing_fits = false;
        counters_add(sums, &row->counters);
        if (weight > 0)
            offer(result, &offender, weight, weights);
    }
    free(rows);
    return true;
}

static void take_errors(struct check_result *result, const struct report *report) {
    result->value = (double)report_error_count(report);
    for (size_t i = 0; i < report->errors.count; i++) {
        if (i < MT_OFFENDERS)
            result->errors[result->error_count++] = &report->errors.items[i];
        else
            result->more++;
    }
}

/* What is recorded is there, whatever it is estimated to stand for. */
static bool surely_more(const struct check_result *result, const struct counters *counters) {
    if (result->limit <= 0)
        return result->value > 0;
    return result->rule->metric == RULE_ALLOCATIONS && counters->sampled &&
           (double)counters->recorded > result->limit;
}

/* The value against the limit, each with its error. */
static void judge(struct check_result *result, double slack, bool sure, bool doubtful) {
    if (sure || result->value - slack > result->limit) {
        result->verdict = VERDICT_VIOLATED;
        result->reason[0] = '\0';
    } else if (result->value + slack > result->limit) {
        result->verdict = VERDICT_UNSURE;
        if (!doubtful)
            snprintf(result->reason, sizeof(result->reason),
                     "the limit is within two standard errors of the estimate");
    } else {
        result->verdict = doubtful ? VERDICT_UNSURE : VERDICT_OK;
    }
}

bool check_rule(struct check *check, const struct rule *rule, const struct report *report,
                struct error *error) {
    struct check_result result = {
        .rule = rule, .report = report, .limit = rule->limit, .measured = true};
    struct counters sums;
    const struct counters *counters = &sums;
    bool doubtful;

    if (!gather(&result, rule, report, &sums))
        return error_no_memory(error);
    /* Rows do not know how their sums' errors hang together, or what suppressed leaks held. */
    if (!rule_has_places(rule)) {
        counters = &report->totals.counters;
        result.nothing_fits = false;
    }
    result.value = check_value(counters, rule->metric);
    result.deviation = check_deviation(counters, rule->metric);
    if (rule->metric == RULE_ERRORS)
        take_errors(&result, report);
    if (rule->metric == RULE_TEMPORARY && report->totals.sampled)
        result.measured = false;
    doubtful =
        check_doubtful(rule, report, counters, rule->limit, result.reason, sizeof(result.reason));
    judge(&result, 2 * result.deviation, surely_more(&result, counters), doubtful);
    return add(check, &result, error);
}

/* What grew, from the diff. */
static void take_growth(struct check_result *result, const struct diff *diff,
                        enum report_order order) {
    double weights[MT_OFFENDERS];

    for (size_t i = 0; i < diff->pairs.count; i++) {
        const struct diff_pair *pair = &diff->pairs.items[i];
        double change = diff_pair_change(diff, pair, order);
        struct offender offender;

        if (change <= 0 || !pair->new)
            continue;
        offender = (struct offender){
            .row = pair->new->row,
            .value = (double)report_value(&pair->new->counters, order),
            .known = pair->base != NULL,
            .base = pair->base ? (double)report_value(&pair->base->counters, order) : 0,
        };
        offer(result, &offender, change, weights);
    }
}

bool check_baseline(struct check *check, const struct rule *rule, const struct tolerance *tolerance,
                    const struct report *report, const struct diff_side *base,
                    const struct diff_side *new, struct error *error) {
    struct check_result result = {.rule = rule, .report = report, .measured = true};
    double factor = 1 + tolerance->percent / 100;
    double deviation = check_deviation(&base->totals, rule->metric) * factor;
    struct diff diff;
    bool doubtful;

    result.base = check_value(&base->totals, rule->metric);
    result.value = check_value(&new->totals, rule->metric);
    result.deviation = check_deviation(&new->totals, rule->metric);
    result.limit = result.base * factor + tolerance->amount;
    if (!diff_make(&diff, base, new, DIFF_AS_IT_IS, error))
        return false;
    take_growth(&result, &diff, check_order(rule->metric));
    diff_free(&diff);
    doubtful = check_doubtful(rule, report, &new->totals, result.limit, result.reason,
                              sizeof(result.reason));
    judge(&result, 2 * hypot(result.deviation, deviation), false, doubtful);
    /* What the baseline lacks may be what is more now. */
    if (result.verdict == VERDICT_VIOLATED && !base->complete) {
        result.verdict = VERDICT_UNSURE;
        snprintf(result.reason, sizeof(result.reason), "the baseline lacks events");
    }
    return add(check, &result, error);
}
