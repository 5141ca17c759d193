/* What a sampled trace is said to stand for: by hand, of both kinds, and what of it is not known.
 */
#include "test.h"

#include "model/estimates.h"
#include "model/report.h"
#include "output/output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHTED(size, probability) ((uint64_t)(size) | (uint64_t)(probability) << 48)

enum { A = 0x10000, B = 0x20000, C = 0x30000, HALF = 32768, QUARTER = 16384 };

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b)) + 1e-9;
}

static void begin(struct builder *builder, const char *sample) {
    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_thread(builder, 1, 501, "one");
    builder_thread(builder, 2, 502, "two");
    if (sample)
        builder_process_text(builder, "sample", sample);
}

static void build_tiered(struct builder *builder) {
    const struct built_event first[] = {
        {MT_OP_ALLOC, 1, A, WEIGHTED(100, HALF), 2000},
        {MT_OP_ALLOC, 1, B, WEIGHTED(60, 0), 3000},
        {MT_OP_ALLOC, 2, C, WEIGHTED(10, QUARTER), 4000},
    };
    const struct built_event second[] = {
        {MT_OP_FREE, 1, A, 0, 5000000},
        {MT_OP_ALLOC, 2, A, WEIGHTED(30, HALF), 6000000},
    };

    begin(builder, "tiered:large=1");
    builder_events(builder, 1, first, 3);
    builder_events(builder, 2, second, 2);
}

static void an_allocation_stands_for_more(void **state) {
    struct builder builder;
    struct analyzed run;
    const struct context_estimates *one, *two;
    const struct thread_estimates *threads;

    (void)state;
    build_tiered(&builder);
    analyze(&run, &builder);
    assert_non_null(run.facts.estimates);
    one = &run.facts.estimates->contexts[1];
    two = &run.facts.estimates->contexts[2];
    threads = run.facts.estimates->threads;
    assert_true(near(one->allocations.value, 2 + 1));
    assert_true(near(one->allocations.variance, 2));
    assert_true(near(one->allocations.largest, 2));
    assert_true(near(one->allocated_bytes.value, 200 + 60));
    assert_true(near(one->allocated_bytes.variance, 100 * 100 * 2));
    assert_true(near(one->frees.value, 2));
    assert_true(near(one->live.value, 60));
    assert_true(near(one->live.variance, 0) && near(one->live.largest, 0));
    assert_true(near(one->live_blocks.value, 1));
    assert_true(near(one->lifetime_ticks, 2 * 4998000.0));
    assert_true(near(two->allocations.value, 4 + 2));
    assert_true(near(two->allocations.variance, 12 + 2));
    assert_true(near(two->allocations.largest, 12));
    assert_true(near(two->allocated_bytes.value, 40 + 60));
    assert_true(near(two->allocated_bytes.variance, 10 * 10 * 12 + 30 * 30 * 2));
    assert_true(near(two->live.value, 100));
    /* 200 + 60 + 40, before the free. */
    assert_true(near(run.facts.estimates->peak, 300));
    assert_int_equal(run.facts.estimates->peak_ticks, 4000);
    assert_true(near(one->at_peak.value, 260));
    assert_true(near(one->at_peak.variance, 20000));
    assert_true(near(two->at_peak.value, 40));
    assert_true(near(two->blocks_at_peak.value, 4));
    assert_true(near(threads[0].allocations.value, 2 + 1 + 4));
    assert_true(near(threads[0].freed_by_others.value, 2));
    assert_true(near(threads[0].live.value, 60 + 40));
    assert_true(near(threads[0].peak.value, 300));
    assert_true(near(threads[0].left_blocks.value, 1 + 4));
    assert_true(near(threads[1].frees.value, 2));
    /* The facts are of what is recorded. */
    assert_int_equal(run.facts.allocations, 4);
    assert_int_equal(run.facts.allocated_bytes, 200);
    analyzed_free(&run);
    builder_free(&builder);
}

static void by_bytes_the_size_tells_the_probability(void **state) {
    const struct built_event events[] = {
        {MT_OP_ALLOC, 1, A, 1000, 2000},
        {MT_OP_ALLOC, 1, B, 0, 3000},
        {MT_OP_FREE, 1, A, 0, 4000},
    };
    const double p = 1 - exp(-1), p0 = -expm1(-0.001);
    const struct context_estimates *one;
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "poisson:1000");
    builder_events(&builder, 1, events, 3);
    analyze(&run, &builder);
    one = &run.facts.estimates->contexts[1];
    assert_true(near(one->allocated_bytes.value, 1000 / p));
    assert_true(near(one->allocated_bytes.variance, 1e6 * (1 - p) / p / p));
    /* One of 0 bytes is drawn as one of 1. */
    assert_true(near(one->allocations.value, 1 / p + 1 / p0));
    assert_true(near(one->allocations.largest, (1 - p0) / p0 / p0));
    assert_true(near(one->live_blocks.value, 1 / p0));
    assert_true(near(one->live.value, 0));
    analyzed_free(&run);
    builder_free(&builder);
}

static void what_is_complete_is_not_estimated(void **state) {
    static const char *const samples[] = {NULL, "", "all"};
    const struct built_event events[] = {{MT_OP_ALLOC, 1, A, 1000, 2000}};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct builder builder;
        struct analyzed run;

        begin(&builder, samples[i]);
        builder_events(&builder, 1, events, 1);
        analyze(&run, &builder);
        assert_null(run.facts.estimates);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

/* Even if it is not known how: events say it. */
static void weights_make_a_sample(void **state) {
    const struct built_event events[] = {{MT_OP_ALLOC, 1, A, WEIGHTED(8, HALF), 2000}};
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, NULL);
    builder_events(&builder, 1, events, 1);
    analyze(&run, &builder);
    assert_non_null(run.facts.estimates);
    assert_true(near(run.facts.estimates->contexts[1].live.value, 16));
    analyzed_free(&run);
    builder_free(&builder);
}

/* The same free in a complete trace is an error. */
static void unmatched_frees_are_no_errors(void **state) {
    static const char *const samples[] = {"all", "poisson:1"};
    const struct built_event events[] = {
        {MT_OP_ALLOC, 1, A, 100, 2000},
        {MT_OP_FREE, 1, A, 0, 3000},
        {MT_OP_FREE, 1, A, 0, 4000},
    };

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct builder builder;
        struct analyzed run;

        begin(&builder, samples[i]);
        builder_process_text(&builder, "capture", "interposed");
        builder_events(&builder, 1, events, 3);
        builder_end(&builder, 5000);
        analyze(&run, &builder);
        assert_int_equal(run.facts.errors.counts[MEMORY_DOUBLE_FREE], i == 0);
        assert_int_equal(run.facts.unmatched_frees, i);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

static char *render(struct report *report, const struct output_ops *ops) {
    const struct report_options options = {.limit = 10};
    struct error error;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_true(ops->report(out, report, &options, &error));
    fclose(out);
    return text;
}

static void expect(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("no '%s' in %s", part, text);
}

/* A sample and a complete trace: figures add up, variances too, and of two largest terms the larger
 * counts. */
static void reports_add_samples_up(void **state) {
    const struct built_event all[] = {{MT_OP_ALLOC, 1, A, 5, 2000}, {MT_OP_FREE, 1, A, 0, 3000}};
    struct builder builders[3];
    struct analyzed runs[3];
    struct report report = {0};
    const struct counters *sums = &report.totals.counters;
    struct error error;
    char *text;

    (void)state;
    build_tiered(&builders[0]);
    build_tiered(&builders[1]);
    begin(&builders[2], "all");
    builder_events(&builders[2], 1, all, 2);
    for (int i = 0; i < 3; i++) {
        analyze(&runs[i], &builders[i]);
        assert_true(report_add(&report, &runs[i].trace, &runs[i].facts, &error));
    }
    assert_int_equal(report.totals.sampled, 2);
    assert_true(sums->sampled);
    assert_int_equal(sums->recorded, 4 + 4 + 1);
    assert_int_equal(sums->allocations, 9 + 9 + 1);
    assert_int_equal(sums->allocated_bytes, 360 + 360 + 5);
    assert_int_equal(sums->frees, 2 + 2 + 1);
    assert_int_equal(sums->leaked_bytes, 160 + 160);
    assert_int_equal(sums->temporary, 1);
    assert_true(near(sums->variances.allocations, 2 * (2 + 12 + 2)));
    assert_true(near(sums->largest.allocations, 12));
    assert_true(near(counters_error(sums->variances.allocations, sums->largest.allocations),
                     sqrt(32 + 12)));
    text = render(&report, &output_json);
    expect(text, "\"estimated\":true");
    expect(text, "\"allocations\":19,");
    expect(text, "\"allocations_error\":6.6,");
    expect(text, "\"recorded_allocations\":9,");
    expect(text, "\"temporary\":null,");
    free(text);
    text = render(&report, &output_text);
    expect(text, "sampled      2 of the traces; estimates from 9 recorded allocations, +- their "
                 "standard error\n");
    expect(text, "allocations  19 +- 7");
    expect(text, "temporary    - (not to be known from samples)\n");
    free(text);
    report_free(&report);
    for (int i = 0; i < 3; i++) {
        analyzed_free(&runs[i]);
        builder_free(&builders[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_stands_for_more),
        cmocka_unit_test(by_bytes_the_size_tells_the_probability),
        cmocka_unit_test(what_is_complete_is_not_estimated),
        cmocka_unit_test(weights_make_a_sample),
        cmocka_unit_test(unmatched_frees_are_no_errors),
        cmocka_unit_test(reports_add_samples_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
