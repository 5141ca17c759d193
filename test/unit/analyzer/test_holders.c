/* Who holds the memory at a moment: holders, and the facts that are frozen then. */
#include "model/filter.h"
#include "model/held.h"
#include "model/holders.h"
#include "observed.h"

#include <stdlib.h>

enum { A = 0x10000, B = 0x20000, C = 0x30000, D = 0x40000 };

/* The peak is at 5000: A, B and C. */
static void build(struct builder *builder) {
    static const struct built_event first[] = {
        {MT_OP_ALLOC, 1, A, 100, 2000},
        {MT_OP_ALLOC, 2, B, 50, 3000},
        {MT_OP_FREE, 1, A, 0, 7000},
    };
    static const struct built_event second[] = {
        {MT_OP_ALLOC, 1, C, 300, 5000},
        {MT_OP_FREE, 1, C, 0, 9000},
        {MT_OP_ALLOC, 1, D, 10, 10000},
    };

    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_events(builder, 1, first, 3);
    builder_events(builder, 2, second, 3);
    builder_end(builder, 11000);
}

struct expected {
    struct moment at;
    uint64_t ticks;
    double held;
    double context1, context2, blocks1;
    double age1;
};

static void check(const struct expected *expected) {
    const struct holders_options options = {expected->at};
    const struct analysis_request request = {.at = &expected->at};
    struct builder builder;
    struct observed observed;
    const struct holders *holders;
    struct held sums[3] = {{0}};

    build(&builder);
    observe(&observed, &builder, &holders_ops, &options, &request, NULL);
    holders = holders_of(observed.observer);
    for (size_t i = 0; i < holders->items.count; i++) {
        const struct holder *holder = &holders->items.items[i];

        sums[holder->context].bytes += holder->then.bytes;
        sums[holder->context].blocks += holder->then.blocks;
        sums[holder->context].begun += holder->then.begun;
    }
    assert_int_equal(holders->then_ticks, expected->ticks);
    assert_true(holders->peak == expected->held);
    assert_true(sums[1].bytes == expected->context1);
    assert_true(sums[2].bytes == expected->context2);
    assert_true(sums[1].blocks == expected->blocks1);
    assert_true(holders_age_ns(holders, &sums[1]) == expected->age1);
    /* And so say the facts. */
    assert_int_equal(observed.facts.peak, (uint64_t)expected->held);
    assert_int_equal(observed.facts.peak_ticks, expected->ticks);
    assert_int_equal(observed.facts.contexts[1].at_peak, (uint64_t)expected->context1);
    assert_int_equal(observed.facts.contexts[2].at_peak, (uint64_t)expected->context2);
    assert_int_equal(observed.facts.contexts[1].blocks_at_peak, (uint64_t)expected->blocks1);
    assert_int_equal(observed.facts.live, 60);
    assert_int_equal(observed.facts.allocations, 4);
    observed_free(&observed);
    builder_free(&builder);
}

/* Times are since 1000. */
static void moments(void **state) {
    static const struct expected expected[] = {
        {{MOMENT_PEAK, 0, NULL}, 5000, 450, 400, 50, 2, 1500},
        {{MOMENT_TIME, 500, NULL}, 1500, 0, 0, 0, 0, 0}, /* before the first event */
        {{MOMENT_TIME, 1000, NULL}, 2000, 100, 100, 0, 1, 0},
        {{MOMENT_TIME, 5999, NULL}, 6999, 450, 400, 50, 2, 3499},
        {{MOMENT_TIME, 6000, NULL}, 7000, 350, 300, 50, 1, 2000},
        {{MOMENT_SHARE, 0.8, NULL}, 9000, 50, 0, 50, 0, 0},
        {{MOMENT_SHARE, 1, NULL}, 11000, 60, 10, 50, 1, 1000},
        {{MOMENT_END, 0, NULL}, 11000, 60, 10, 50, 1, 1000},
        {{MOMENT_TIME, 1e12, NULL}, 11000, 60, 10, 50, 1, 1000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        check(&expected[i]);
}

static void threads_are_told_apart(void **state) {
    struct builder builder;
    struct observed observed;
    const struct holders *holders;
    bool *places = calloc(3, sizeof(*places));

    (void)state;
    build(&builder);
    observe(&observed, &builder, &holders_ops, NULL, NULL, places);
    holders = holders_of(observed.observer);
    assert_int_equal(holders->items.count, 3); /* whatever the places are */
    assert_true(holders->items.items[0].stream == 0 && holders->items.items[0].then.bytes == 100);
    assert_true(holders->items.items[2].stream == 1 && holders->items.items[2].then.bytes == 300);
    observed_free(&observed);
    builder_free(&builder);
}

/* A sample of half of the allocations: what is held is twice as much. */
static void estimates_are_frozen(void **state) {
    static const struct moment at = {MOMENT_TIME, 1500, NULL};
    const struct holders_options options = {at};
    const struct analysis_request request = {.at = &at};
    static const uint64_t half = UINT64_C(0x8000) << 48;
    struct built_event events[] = {
        {MT_OP_ALLOC, 1, A, 100 | half, 2000},
        {MT_OP_ALLOC, 1, B, 500 | half, 3000},
    };
    struct builder builder;
    struct observed observed;

    (void)state;
    builder_begin(&builder);
    builder_process_text(&builder, "sample", "tiered:x");
    builder_simple_context(&builder, 1);
    builder_events(&builder, 1, events, 2);
    observe(&observed, &builder, &holders_ops, &options, &request, NULL);
    assert_true(holders_of(observed.observer)->peak == 200);
    assert_true(observed.facts.estimates->contexts[1].at_peak.value == 200);
    assert_int_equal(observed.facts.estimates->peak_ticks, 2500);
    observed_free(&observed);
    builder_free(&builder);
}

/* "inner" called by "outer1" and by "outer2", whose blocks two threads allocated. */
static void build_calls(struct builder *builder) {
    static const struct built_frame frames[] = {
        {"outer1", "a.c", 1, 1, 0}, {"outer2", "a.c", 2, 1, 0}, {"inner", "a.c", 3, 1, 0}};
    static const struct built_event first[] = {
        {MT_OP_ALLOC, 3, A, 100, 2000},
        {MT_OP_ALLOC, 4, B, 50, 3000},
    };
    static const struct built_event second[] = {{MT_OP_ALLOC, 4, C, 500, 5000}};

    builder_begin(builder);
    for (uint32_t i = 0; i < 3; i++)
        builder_site(builder, i + 1, 100 + i, 1, 0, NULL, &frames[i], 1);
    builder_context(builder, 1, 0, 1);
    builder_context(builder, 2, 0, 2);
    builder_context(builder, 3, 1, 3);
    builder_context(builder, 4, 2, 3);
    builder_events(builder, 1, first, 2);
    builder_events(builder, 2, second, 1);
    builder_end(builder, 9000);
}

static void rows_are_of_all_their_contexts(void **state) {
    const struct report_scope scopes[] = {{.match = NULL}, {.match = "outer1"}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct builder builder;
        struct observed observed;
        struct report report = {.pool = NULL};
        struct held_report held;
        struct error error = {""};

        build_calls(&builder);
        observe(&observed, &builder, &holders_ops, NULL, NULL, NULL);
        assert_true(report_add(&report, &observed.trace, &observed.facts, &error));
        assert_true(filter_report(&report, &scopes[i], &error));
        assert_true(held_report_make(&held, &report, &observed.observers, 0, REPORT_BY_FUNCTION,
                                     true, &error));
        assert_int_equal(held.rows.count, 1);
        assert_true(held.total.bytes == (i ? 100 : 650));
        assert_true(held.rows.items[0].sum.bytes == (i ? 100 : 650));
        assert_int_equal(held.rows.items[0].row.counters.peak_bytes, i ? 100 : 650);
        /* The first thread's two contexts are one share, which is the smaller one. */
        assert_int_equal(held.rows.items[0].share_count, i ? 1 : 2);
        assert_true(held.rows.items[0].shares[0].sum.bytes == (i ? 100 : 500));
        assert_true(i || held.rows.items[0].shares[1].sum.bytes == 150);
        assert_true(i || held.rows.items[0].shares[1].sum.blocks == 2);
        assert_int_equal(held.thread_count, i ? 1 : 2);
        assert_int_equal(held.threads.items[held.thread_order[0]].id, i ? 1 : 2);
        held_report_free(&held);
        report_free(&report);
        observed_free(&observed);
        builder_free(&builder);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments),
        cmocka_unit_test(threads_are_told_apart),
        cmocka_unit_test(rows_are_of_all_their_contexts),
        cmocka_unit_test(estimates_are_frozen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
