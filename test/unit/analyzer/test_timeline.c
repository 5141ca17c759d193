/* Timelines: what happens in which bucket, exactly, and what becomes of too many. */
#include "model/timeline.h"
#include "observed.h"

#include <math.h>
#include <stdlib.h>

enum { A = 0x10000, B = 0x20000, C = 0x30000, D = 0x40000 };

/* The recording lasts from 1000 to 11000, in 10 buckets of 1000 ticks. */
static void build(struct builder *builder) {
    static const struct built_event first[] = {
        {MT_OP_ALLOC, 1, A, 100, 1500}, /* bucket 0 */
        {MT_OP_ALLOC, 2, B, 50, 4100},  /* 3 */
        {MT_OP_FREE, 1, A, 0, 4200},    /* 3 */
        {MT_OP_ALLOC, 1, C, 10, 8100},  /* 7 */
    };
    static const struct built_event second[] = {
        {MT_OP_ALLOC, 2, D, 200, 4300}, /* 3 */
        {MT_OP_FREE, 2, D, 0, 4400},    /* 3 */
        {MT_OP_FREE, 2, B, 0, 11000},   /* 9 */
    };

    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_mark(builder, 4150, 1, MT_MARK_PHASE, "work");
    builder_mark(builder, 8000, 1, MT_MARK_PHASE, "rest");
    builder_events(builder, 1, first, 4);
    builder_events(builder, 2, second, 3);
    builder_end(builder, 11000);
}

static const struct timeline *run(struct observed *observed, struct builder *builder,
                                  const struct timeline_options *options, bool *places) {
    build(builder);
    observe(observed, builder, &timeline_ops, options, NULL, places);
    return timeline_of(observed->observer);
}

static void end(struct observed *observed, struct builder *builder) {
    observed_free(observed);
    builder_free(builder);
}

static void totals_are_exact(void **state) {
    static const struct timeline_options options = {.points = 10};
    static const double live[10] = {100, 100, 100, 50, 50, 50, 50, 60, 60, 10};
    static const double high[10] = {100, 100, 100, 250, 50, 50, 50, 60, 60, 60};
    static const double allocations[10] = {1, 0, 0, 2, 0, 0, 0, 1, 0, 0};
    static const double allocated[10] = {100, 0, 0, 250, 0, 0, 0, 10, 0, 0};
    static const double frees[10] = {0, 0, 0, 2, 0, 0, 0, 0, 0, 1};
    struct timeline_figures figures[10];
    struct observed observed;
    struct builder builder;
    const struct timeline *timeline = run(&observed, &builder, &options, NULL);

    (void)state;
    assert_int_equal(timeline->buckets, 10);
    assert_int_equal(timeline->width, 1000);
    timeline_expand(timeline, &timeline->total, figures);
    for (int i = 0; i < 10; i++) {
        assert_true(figures[i].live == live[i]);
        assert_true(figures[i].high == high[i]);
        assert_true(figures[i].allocations == allocations[i]);
        assert_true(figures[i].allocated_bytes == allocated[i]);
        assert_true(figures[i].frees == frees[i]);
    }
    assert_true(figures[3].freed_bytes == 300 && figures[3].live_blocks == 1);
    /* The peak is the report's. */
    assert_true(timeline->total.peak == 250 && observed.facts.peak == 250);
    assert_int_equal(timeline->total.peak_ticks, observed.facts.peak_ticks);
    /* Buckets without a change take no memory. */
    assert_int_equal(timeline->total.count, 4);
    end(&observed, &builder);
}

static void phases_are_exact(void **state) {
    struct observed observed;
    struct builder builder;
    const struct timeline *timeline = run(&observed, &builder, NULL, NULL);
    const struct timeline_phase *phases = timeline->phases.items;

    (void)state;
    assert_int_equal(timeline->phases.count, 3);
    assert_null(phases[0].mark);
    assert_true(phases[0].figures.high == 150 && phases[0].figures.live == 150);
    assert_true(phases[0].figures.allocations == 2);
    assert_string_equal(phases[1].mark->name, "work");
    /* What it began with counts. */
    assert_true(phases[1].figures.high == 250 && phases[1].figures.live == 50);
    assert_true(phases[1].figures.allocations == 1 && phases[1].figures.frees == 2);
    assert_true(phases[2].figures.high == 60 && phases[2].figures.live == 10);
    assert_true(phases[2].figures.allocated_bytes == 10);
    end(&observed, &builder);
}

static void series_are_by_thread_and_context(void **state) {
    struct observed observed;
    struct builder builder;
    struct timeline_figures figures[10];
    struct timeline_options options = {.by = TIMELINE_BY_THREAD, .points = 10};
    const struct timeline *timeline = run(&observed, &builder, &options, NULL);
    uint32_t *order;
    size_t count;

    (void)state;
    timeline_expand(timeline, &timeline->series[0], figures);
    assert_true(timeline->series[0].peak == 150 && figures[3].high == 150);
    assert_true(figures[3].live == 50 && figures[9].live == 10);
    assert_true(timeline->series[1].peak == 200);
    order = timeline_order(timeline, &count);
    assert_int_equal(count, 2);
    assert_int_equal(order[0], 1);
    free(order);
    end(&observed, &builder);

    options.by = TIMELINE_BY_CONTEXT;
    timeline = run(&observed, &builder, &options, NULL);
    timeline_expand(timeline, &timeline->series[timeline->group_of[2]], figures);
    assert_true(figures[2].high == 0 && figures[3].high == 250 && figures[8].live == 50);
    assert_true(figures[9].high == 50 && figures[9].live == 0);
    assert_int_equal(timeline->first_of[timeline->group_of[2]], 2);
    end(&observed, &builder);
}

/* With room for a few points only, pairs of buckets are merged, and nothing is lost. */
static void too_many_points_are_merged(void **state) {
    static const struct timeline_options options = {
        .by = TIMELINE_BY_THREAD, .points = 4000, .stored = 40};
    struct observed observed;
    struct builder builder;
    const struct timeline *timeline;
    struct timeline_figures *figures;
    double allocations = 0, high = 0;

    (void)state;
    builder_begin(&builder);
    builder_simple_context(&builder, 1);
    for (uint64_t i = 0; i < 1000; i++) {
        struct built_event event = {MT_OP_ALLOC, 1, A + 16 * i, 1, 1001 + 10 * i};

        builder_events(&builder, 1, &event, 1);
    }
    builder_end(&builder, 11000);
    observe(&observed, &builder, &timeline_ops, &options, NULL, NULL);
    timeline = timeline_of(observed.observer);
    assert_true(timeline->stored <= 40 + 2);
    assert_in_range(timeline->buckets, MT_TIMELINE_LEAST / 2, 64);
    assert_true(timeline->width * timeline->buckets >= 10000);
    figures = calloc(timeline->buckets, sizeof(*figures));
    timeline_expand(timeline, &timeline->series[0], figures);
    for (uint32_t i = 0; i < timeline->buckets; i++) {
        uint64_t end = (i + 1) * timeline->width;

        allocations += figures[i].allocations;
        high = figures[i].high > high ? figures[i].high : high;
        /* One allocation every ten ticks, in the first tick of them. */
        assert_true(figures[i].live == ceil((double)(end < 10000 ? end - 1 : 10000) / 10));
    }
    assert_true(allocations == 1000 && high == 1000);
    free(figures);
    observed_free(&observed);
    builder_free(&builder);
}

static void places_are_left_out(void **state) {
    bool *places = calloc(3, sizeof(*places));
    struct observed observed;
    struct builder builder;
    const struct timeline *timeline;

    (void)state;
    places[1] = true;
    timeline = run(&observed, &builder, NULL, places);
    assert_true(timeline->total.peak == 100);
    assert_true(timeline->total.live == 10);
    assert_int_equal(observed.facts.peak, 250);
    end(&observed, &builder);
}

/* Without an END, the blocks say how long it lasted; samples stand for more than themselves. */
static void estimates_of_a_killed_process(void **state) {
    static const uint64_t half = UINT64_C(0x8000) << 48;
    struct built_event events[] = {
        {MT_OP_ALLOC, 1, A, 100 | half, 2000},
        {MT_OP_FREE, 1, A, 0, 6000},
    };
    struct observed observed;
    struct builder builder;
    const struct timeline *timeline;

    (void)state;
    builder_begin(&builder);
    builder_process_text(&builder, "sample", "tiered:x");
    builder_simple_context(&builder, 1);
    builder_events(&builder, 1, events, 2);
    observe(&observed, &builder, &timeline_ops, NULL, NULL, NULL);
    timeline = timeline_of(observed.observer);
    assert_int_equal(timeline->last, 6000);
    assert_true(timeline->total.peak == 200);
    assert_true(timeline->total.live == 0);
    assert_true(timeline->total.points[0].figures.allocations == 2);
    end(&observed, &builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_are_exact),
        cmocka_unit_test(phases_are_exact),
        cmocka_unit_test(series_are_by_thread_and_context),
        cmocka_unit_test(too_many_points_are_merged),
        cmocka_unit_test(places_are_left_out),
        cmocka_unit_test(estimates_of_a_killed_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
