/* Verdicts: what is violated, what holds, and what cannot be told. */
#include "test.h"

#include "model/check.h"
#include "model/saved_report.h"
#include "output/check.h"
#include "output/output.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
    struct builder builder;
    struct analyzed run;
    struct report report;
};

/* 100 bytes in function1 and 20 in function2 that stay, 50 in function3 that do not. */
static void setup(struct fixture *fixture) {
    static const struct built_event events[] = {{MT_OP_ALLOC, 1, 0x1000, 100, 2000},
                                                {MT_OP_ALLOC, 2, 0x2000, 20, 3000},
                                                {MT_OP_ALLOC, 3, 0x3000, 50, 4000},
                                                {MT_OP_FREE, 3, 0x3000, 0, 5000}};
    struct builder *builder = &fixture->builder;
    struct error error;

    *fixture = (struct fixture){.builder = {.events = 0}};
    builder_begin(builder);
    builder_process_text(builder, "capture", "interposed");
    for (uint32_t i = 1; i <= 3; i++)
        builder_simple_context(builder, i);
    builder_thread(builder, 1, 500, "main");
    builder_events(builder, 1, events, 4);
    builder_end(builder, 8000);
    analyze(&fixture->run, builder);
    assert_true(report_add(&fixture->report, &fixture->run.trace, &fixture->run.facts, &error));
}

static void teardown(struct fixture *fixture) {
    report_free(&fixture->report);
    analyzed_free(&fixture->run);
    builder_free(&fixture->builder);
}

/* The last result of a rule that a line says. */
static struct check_result judge(struct fixture *fixture, const char *line) {
    static struct rules rules;
    struct check check = {.counts = {0}};
    struct check_result result;
    struct error error;

    rules_free(&rules);
    if (!rules_parse_line(&rules, NULL, 0, line, &error))
        fail_msg("%s", error.text);
    assert_true(check_rule(&check, &rules.list.items[0], &fixture->report, &error));
    result = check.results.items[0];
    assert_int_equal(check_verdict(&check), result.verdict);
    check_free(&check);
    return result;
}

static void verdict(struct fixture *fixture, const char *line, enum verdict expected) {
    struct check_result result = judge(fixture, line);

    if (result.verdict != expected)
        fail_msg("'%s' is %s", line, check_verdict_name(result.verdict));
}

static void limits_are_included(void **state) {
    struct fixture fixture;

    (void)state;
    setup(&fixture);
    verdict(&fixture, "max-leaked 120", VERDICT_OK);
    verdict(&fixture, "max-leaked 119", VERDICT_VIOLATED);
    verdict(&fixture, "max-leaked-blocks 1", VERDICT_VIOLATED);
    verdict(&fixture, "max-peak 170", VERDICT_OK);
    verdict(&fixture, "max-peak 169", VERDICT_VIOLATED);
    verdict(&fixture, "max-allocations 2", VERDICT_VIOLATED);
    verdict(&fixture, "max-allocated 170", VERDICT_OK);
    verdict(&fixture, "max-temporary 33.4%", VERDICT_OK);
    verdict(&fixture, "max-temporary 33%", VERDICT_VIOLATED);
    verdict(&fixture, "max-errors 0", VERDICT_OK);
    teardown(&fixture);
}

static void scopes_select_contexts(void **state) {
    struct fixture fixture;
    struct check_result result;

    (void)state;
    setup(&fixture);
    verdict(&fixture, "max-leaked 20 in function function2", VERDICT_OK);
    verdict(&fixture, "max-leaked 99 in function function[1]", VERDICT_OK);
    verdict(&fixture, "max-leaked 99 in function function?", VERDICT_VIOLATED);
    verdict(&fixture, "forbid allocations in function *3", VERDICT_VIOLATED);
    verdict(&fixture, "forbid allocations in function *3 in file other.c", VERDICT_OK);
    verdict(&fixture, "max-peak 169 in module program", VERDICT_VIOLATED);
    result = judge(&fixture, "max-leaked 5");
    assert_int_equal(result.offender_count, 2);
    assert_int_equal((int)result.offenders[0].value, 100);
    assert_int_equal((int)result.offenders[1].value, 20);
    result = judge(&fixture, "forbid allocations in function nowhere");
    assert_true(result.nothing_fits);
    teardown(&fixture);
}

static void what_is_missing_makes_a_limit_unsure_that_holds(void **state) {
    struct fixture fixture;

    (void)state;
    setup(&fixture);
    fixture.report.totals.dropped_events = 1;
    verdict(&fixture, "max-leaked 120", VERDICT_UNSURE);
    verdict(&fixture, "max-leaked 119", VERDICT_VIOLATED);
    fixture.report.totals.dropped_events = 0;
    fixture.report.totals.without_end = 1;
    verdict(&fixture, "max-peak 1M", VERDICT_UNSURE);
    fixture.report.totals.without_end = 0;
    fixture.report.totals.cut_contexts = 1;
    verdict(&fixture, "max-peak 1M", VERDICT_OK);
    verdict(&fixture, "max-peak 1M in function f", VERDICT_UNSURE);
    fixture.report.totals.interposed = 0;
    verdict(&fixture, "max-errors 0", VERDICT_UNSURE);
    teardown(&fixture);
}

static void without_a_scan_only_what_is_live_bounds_what_is_unreachable(void **state) {
    struct fixture fixture;
    struct counters *totals = &fixture.report.totals.counters;

    (void)state;
    setup(&fixture);
    verdict(&fixture, "max-unreachable 120", VERDICT_OK);
    verdict(&fixture, "max-unreachable 119", VERDICT_UNSURE);
    totals->scanned = true;
    totals->reachable_bytes = 20;
    totals->unreachable_bytes = 100;
    verdict(&fixture, "max-unreachable 100", VERDICT_OK);
    verdict(&fixture, "max-unreachable 99", VERDICT_VIOLATED);
    teardown(&fixture);
}

static void estimates_decide_beyond_two_errors(void **state) {
    struct fixture fixture;
    struct counters *totals = &fixture.report.totals.counters;

    (void)state;
    setup(&fixture);
    fixture.report.totals.sampled = 1;
    totals->sampled = true;
    totals->variances.peak_bytes = 100;
    verdict(&fixture, "max-peak 149", VERDICT_VIOLATED);
    verdict(&fixture, "max-peak 151", VERDICT_UNSURE);
    verdict(&fixture, "max-peak 189", VERDICT_UNSURE);
    verdict(&fixture, "max-peak 191", VERDICT_OK);
    verdict(&fixture, "max-temporary 100%", VERDICT_UNSURE);
    assert_false(judge(&fixture, "max-temporary 100%").measured);
    verdict(&fixture, "max-leaked 0", VERDICT_VIOLATED);
    totals->variances.leaked_bytes = 1e6;
    verdict(&fixture, "max-leaked 0", VERDICT_VIOLATED);
    verdict(&fixture, "max-leaked 1", VERDICT_UNSURE);
    totals->variances.allocations = 1e6;
    verdict(&fixture, "max-allocations 2", VERDICT_VIOLATED);
    verdict(&fixture, "max-allocations 3", VERDICT_UNSURE);
    teardown(&fixture);
}

static char *json_of(struct fixture *fixture) {
    struct report_options options = {.by = REPORT_BY_CONTEXT};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct error error;

    assert_true(output_json.report(out, &fixture->report, &options, &error));
    fclose(out);
    return text;
}

static enum verdict against(struct fixture *fixture, const struct diff_side *base,
                            const char *tolerance, struct check_result *result) {
    static struct rules rules;
    struct diff_side new;
    struct check check = {.counts = {0}};
    struct error error;

    rules_free(&rules);
    assert_true(rules_parse_line(&rules, NULL, 0, tolerance, &error));
    assert_true(rules_add_baseline(&rules, &error));
    assert_true(diff_side_make(&new, &fixture->report, REPORT_BY_CONTEXT, true, &error));
    for (size_t i = 0; i < rules.list.count; i++) {
        const struct rule *rule = &rules.list.items[i];

        assert_true(check_baseline(&check, rule, &rules.tolerances[rule->metric], &fixture->report,
                                   base, &new, &error));
        if (rule->metric == RULE_PEAK)
            *result = check.results.items[i];
    }
    check_free(&check);
    diff_side_free(&new);
    return result->verdict;
}

static void a_saved_report_is_as_good_as_its_trace(void **state) {
    struct suppressions suppressions = {.contexts = 0};
    struct fixture fixture;
    struct check_result result;
    struct diff_side base;
    struct error error;
    char *text;

    (void)state;
    setup(&fixture);
    text = json_of(&fixture);
    assert_true(saved_report_likely(text, strlen(text)));
    assert_true(saved_report_read(&base, text, strlen(text), &suppressions, &error));
    assert_int_equal(base.items.count, 3);
    assert_true(base.complete);
    assert_int_equal(against(&fixture, &base, "tolerance 0%", &result), VERDICT_OK);
    assert_int_equal(result.offender_count, 0);
    base.totals.peak_bytes = 160;
    assert_int_equal(against(&fixture, &base, "tolerance 0%", &result), VERDICT_VIOLATED);
    assert_int_equal(against(&fixture, &base, "tolerance 7%", &result), VERDICT_OK);
    assert_int_equal(against(&fixture, &base, "tolerance peak 9", &result), VERDICT_VIOLATED);
    assert_int_equal(against(&fixture, &base, "tolerance peak 10", &result), VERDICT_OK);
    base.complete = false;
    assert_int_equal(against(&fixture, &base, "tolerance 0%", &result), VERDICT_UNSURE);
    diff_side_free(&base);
    assert_false(saved_report_read(&base, "{}", 2, &suppressions, &error));
    assert_false(saved_report_read(&base, "{", 1, &suppressions, &error));
    free(text);
    teardown(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_included),
        cmocka_unit_test(scopes_select_contexts),
        cmocka_unit_test(what_is_missing_makes_a_limit_unsure_that_holds),
        cmocka_unit_test(without_a_scan_only_what_is_live_bounds_what_is_unreachable),
        cmocka_unit_test(estimates_decide_beyond_two_errors),
        cmocka_unit_test(a_saved_report_is_as_good_as_its_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
