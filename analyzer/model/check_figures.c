#include "model/check_figures.h"

#include "model/leaks.h"

#include <inttypes.h>
#include <stdio.h>

double check_value(const struct counters *counters, enum rule_metric metric) {
    switch (metric) {
    case RULE_LEAKED:
        return (double)counters->leaked_bytes;
    case RULE_LEAKED_BLOCKS:
        return (double)counters->leaked_blocks;
    case RULE_UNREACHABLE:
        return (double)counters->unreachable_bytes;
    case RULE_PEAK:
        return (double)counters->peak_bytes;
    case RULE_ALLOCATIONS:
        return (double)counters->allocations;
    case RULE_ALLOCATED:
        return (double)counters->allocated_bytes;
    case RULE_TEMPORARY:
        return counters->allocations
                   ? (double)counters->temporary * 100 / (double)counters->allocations
                   : 0;
    default:
        return 0;
    }
}

double check_deviation(const struct counters *counters, enum rule_metric metric) {
    const struct variances *v = &counters->variances, *l = &counters->largest;

    if (!counters->sampled)
        return 0;
    switch (metric) {
    case RULE_LEAKED:
    case RULE_UNREACHABLE:
        return counters_error(v->leaked_bytes, l->leaked_bytes);
    case RULE_LEAKED_BLOCKS:
        return counters_error(v->leaked_blocks, l->leaked_blocks);
    case RULE_PEAK:
        return counters_error(v->peak_bytes, l->peak_bytes);
    case RULE_ALLOCATIONS:
        return counters_error(v->allocations, l->allocations);
    case RULE_ALLOCATED:
        return counters_error(v->allocated_bytes, l->allocated_bytes);
    default:
        return 0;
    }
}

enum report_order check_order(enum rule_metric metric) {
    switch (metric) {
    case RULE_LEAKED:
        return REPORT_ORDER_LEAKED;
    case RULE_ALLOCATIONS:
        return REPORT_ORDER_COUNT;
    case RULE_ALLOCATED:
        return REPORT_ORDER_ALLOCATED;
    default:
        return REPORT_ORDER_PEAK;
    }
}

/* False if nothing is; else says so. */
static bool events_missing(const struct report_totals *totals, char *reason, size_t size) {
    if (totals->dropped_events)
        snprintf(reason, size, "%" PRIu64 " events were not recorded", totals->dropped_events);
    else if (totals->damaged_places || totals->lost_events)
        snprintf(reason, size, "the trace is %s and events are lost",
                 totals->cut ? "cut off" : "damaged");
    else if (totals->without_end)
        snprintf(reason, size, "the trace has no end, and the last events are missing");
    else if (totals->running)
        snprintf(reason, size, "the program still runs");
    else if (totals->incomplete_profiles)
        snprintf(reason, size, "the profile is incomplete");
    else if (totals->untracked_blocks)
        snprintf(reason, size, "%" PRIu64 " blocks were not followed by the profile",
                 totals->untracked_blocks);
    else
        return false;
    return true;
}

/* Of samples none may be of what a rule is about, though there is something. Tiers keep the first
 * of every context. */
static bool may_be_missed(const struct rule *rule, const struct report *report,
                          const struct counters *counters, double limit) {
    if (!report->totals.sampled || counters->recorded)
        return false;
    for (size_t i = 0; i < report->traces.count; i++) {
        /* Of three times the mean, one sample at least is missed in 5 % of cases. */
        double unseen = 3.0 * (double)trace_sample_mean(report->traces.items[i]->trace);

        if (unseen > 0 && (!rule_in_bytes(rule->metric) || unseen > limit))
            return true;
    }
    return false;
}

static bool errors_unknown(const struct report *report) {
    const struct report_totals *totals = &report->totals;

    return totals->interposed < report->traces.count || totals->paused || totals->profiles ||
           totals->sampled;
}

bool check_doubtful(const struct rule *rule, const struct report *report,
                    const struct counters *counters, double limit, char *reason, size_t size) {
    const struct report_totals *totals = &report->totals;

    if (events_missing(totals, reason, size))
        return true;
    if (rule->metric == RULE_ERRORS && errors_unknown(report))
        snprintf(reason, size,
                 "double and invalid frees can only be told where all of the memory is known: not "
                 "in a static program, after a pause, or from samples or a profile");
    else if (rule->metric == RULE_TEMPORARY && totals->sampled)
        snprintf(reason, size, "samples do not tell what is temporary");
    else if (rule->metric == RULE_UNREACHABLE &&
             (double)(counters->unreachable_bytes + leak_bytes(counters, LEAK_UNKNOWN)) > limit)
        snprintf(reason, size, "the trace does not tell what of the live memory is reachable (%s)",
                 leaks_obstacle(report) ? leaks_obstacle(report) : "no scan");
    else if (rule_has_places(rule) && totals->cut_contexts)
        snprintf(reason, size,
                 "the chains of %" PRIu64 " allocations are cut (MEMTRACK_OPTIONS=max_contexts)",
                 totals->cut_contexts);
    else if (may_be_missed(rule, report, counters, limit))
        snprintf(reason, size, "nothing of it is among the samples, which proves little");
    else
        return false;
    return true;
}
