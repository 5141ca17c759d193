/* Double, invalid and mismatched frees: what is one, what is none, and what is told of it. */
#include "test.h"

#include "model/suspects.h"

#include <inttypes.h>
#include <stdlib.h>

enum { A = 0x10000, B = 0x20000, C = 0x30000 };

/* Contexts 1 to 4 of the malloc family, 5 of new, 6 of new[]; all calls recorded. */
static void begin_with(struct builder *builder, const char *capture) {
    static const struct built_frame frames[] = {{"maker", "new.cc", 3, 1, 0},
                                                {"makers", "new.cc", 4, 1, 0}};

    builder_begin(builder);
    if (capture)
        builder_process_text(builder, "capture", capture);
    for (uint32_t i = 1; i <= 4; i++)
        builder_simple_context(builder, i);
    builder_site(builder, 5, 5, MT_API_NEW, 0, NULL, &frames[0], 1);
    builder_site(builder, 6, 6, MT_API_NEW_ARRAY, 0, NULL, &frames[1], 1);
    builder_context(builder, 5, 0, 5);
    builder_context(builder, 6, 0, 6);
}

static void begin(struct builder *builder) {
    begin_with(builder, "interposed");
}

static void event(struct builder *builder, uint32_t thread, uint64_t ticks, uint8_t op,
                  uint64_t address, uint64_t size, uint32_t context) {
    struct built_event built = {op, context, address, size, ticks};

    builder_events(builder, thread, &built, 1);
}

static const struct memory_error *only(const struct facts *facts, enum memory_error_kind kind) {
    assert_int_equal(facts->errors.list.count, 1);
    assert_int_equal(facts->errors.list.items[0].kind, kind);
    return &facts->errors.list.items[0];
}

static uint64_t sum(const struct facts *facts) {
    uint64_t count = 0;

    for (int i = 0; i < MEMORY_ERROR_KINDS; i++)
        count += facts->errors.counts[i];
    return count;
}

/* What was built, ended and analyzed; nothing of it is an error. */
static void expect_unmatched(struct builder *builder, uint64_t unmatched) {
    struct analyzed run;

    analyze(&run, builder);
    assert_int_equal(sum(&run.facts), 0);
    assert_int_equal(run.facts.unmatched_frees, unmatched);
    analyzed_free(&run);
    builder_free(builder);
}

static void a_second_free_is_known_with_all_contexts(void **state) {
    const struct memory_error *error;
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    for (uint64_t i = 0; i < 3; i++) {
        event(&builder, 1, 2000 + 10 * i, MT_OP_ALLOC, A, 100 + i, 1);
        event(&builder, 1, 2001 + 10 * i, MT_OP_FREE, A, 0, 2);
        event(&builder, 1, 2002 + 10 * i, i ? MT_OP_FREE : MT_OP_REALLOC_FREE, A, 0, i < 2 ? 3 : 4);
    }
    builder_end(&builder, 9000);
    analyze(&run, &builder);
    assert_int_equal(run.facts.errors.counts[MEMORY_DOUBLE_FREE], 3);
    assert_int_equal(sum(&run.facts), 3);
    assert_int_equal(run.facts.errors.list.count, 2);
    assert_int_equal(run.facts.unmatched_frees, 0);
    assert_int_equal(run.facts.frees, 6);
    assert_int_equal(run.facts.allocations, 3);
    assert_int_equal(run.facts.live, 0);
    error = &run.facts.errors.list.items[0];
    assert_int_equal(error->count, 2);
    assert_int_equal(error->address, A);
    assert_int_equal(error->size, 100);
    assert_int_equal(error->ticks, 2002);
    assert_ptr_equal(error->allocated_at.trace, &run.trace);
    assert_int_equal(error->allocated_at.context, 1);
    assert_int_equal(error->first_freed_at.context, 2);
    assert_int_equal(error->freed_at.context, 3);
    assert_int_equal(run.facts.errors.list.items[1].freed_at.context, 4);
    analyzed_free(&run);
    builder_free(&builder);
}

/* Between the frees lies more than any table of recent ones would hold. */
static void a_first_free_long_ago_is_known(void **state) {
    enum { COUNT = 300000 };
    struct built_event *events = calloc(2 * COUNT, sizeof(*events));
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 1, 1500, MT_OP_ALLOC, A, 8, 1);
    event(&builder, 1, 1600, MT_OP_FREE, A, 0, 2);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t address = 0x7f0000000000 + 32 * i;

        events[2 * i] = (struct built_event){MT_OP_ALLOC, 3, address, 24, 2000 + 2 * i};
        events[2 * i + 1] = (struct built_event){MT_OP_FREE, 4, address, 0, 2001 + 2 * i};
    }
    builder_events(&builder, 1, events, COUNT);
    builder_events(&builder, 1, events + COUNT, COUNT);
    event(&builder, 1, 2000000, MT_OP_FREE, A, 0, 3);
    builder_end(&builder, 2000001);
    analyze(&run, &builder);
    assert_int_equal(only(&run.facts, MEMORY_DOUBLE_FREE)->first_freed_at.context, 2);
    analyzed_free(&run);
    builder_free(&builder);
    free(events);
}

static void an_address_that_never_was_a_block_is_invalid(void **state) {
    const struct memory_error *error;
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
    event(&builder, 1, 2100, MT_OP_FREE, 0x7ffd00001238, 0, 2);
    event(&builder, 1, 2200, MT_OP_FREE, A + 100, 0, 2); /* just behind the block */
    event(&builder, 1, 2300, MT_OP_FREE, 0x7ffd00001238, 0, 2);
    builder_end(&builder, 9000);
    analyze(&run, &builder);
    error = only(&run.facts, MEMORY_INVALID_FREE);
    assert_int_equal(error->count, 3);
    assert_false(error->inner);
    assert_null(error->allocated_at.trace);
    assert_null(error->first_freed_at.trace);
    assert_int_equal(error->address, 0x7ffd00001238);
    assert_int_equal(run.facts.live, 100);
    analyzed_free(&run);
    builder_free(&builder);
}

static void an_inner_pointer_names_its_block(void **state) {
    const struct memory_error *error;
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 1, 1900, MT_OP_ALLOC, A, 1000, 4); /* gone by then */
    event(&builder, 1, 1950, MT_OP_FREE, A, 0, 4);
    event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
    event(&builder, 1, 2100, MT_OP_FREE, A + 99, 0, 2);
    event(&builder, 1, 2150, MT_OP_FREE, A + 16, 0, 2);
    event(&builder, 1, 2200, MT_OP_FREE, A, 0, 3);
    event(&builder, 1, 2300, MT_OP_FREE, A + 16, 0, 3); /* no longer inside of anything */
    event(&builder, 1, 2400, MT_OP_FREE, A + 500, 0, 3);
    builder_end(&builder, 9000);
    analyze(&run, &builder);
    assert_int_equal(run.facts.errors.list.count, 2);
    error = &run.facts.errors.list.items[0];
    assert_int_equal(error->kind, MEMORY_INVALID_FREE);
    assert_true(error->inner);
    assert_int_equal(error->count, 2);
    assert_int_equal(error->block, A);
    assert_int_equal(error->address, A + 99);
    assert_int_equal(error->size, 100);
    assert_int_equal(error->allocated_at.context, 1);
    assert_int_equal(run.facts.errors.list.items[1].count, 2);
    assert_false(run.facts.errors.list.items[1].inner);
    analyzed_free(&run);
    builder_free(&builder);
}

static void families_are_told_apart(void **state) {
    static const uint32_t families[] = {1, 5, 6};
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    for (uint64_t i = 0; i < 9; i++) {
        event(&builder, 1, 2000 + 10 * i, MT_OP_ALLOC, A, 8, families[i / 3]);
        event(&builder, 1, 2001 + 10 * i, MT_OP_FREE, A, 0, families[i % 3]);
    }
    builder_end(&builder, 9000);
    analyze(&run, &builder);
    assert_int_equal(run.facts.errors.counts[MEMORY_MISMATCHED_FREE], 6);
    assert_int_equal(run.facts.errors.list.count, 6);
    assert_int_equal(sum(&run.facts), 6);
    analyzed_free(&run);
    builder_free(&builder);
}

static void add_faults(struct builder *builder) {
    event(builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
    event(builder, 1, 3000, MT_OP_FREE, A, 0, 2);
    event(builder, 1, 4000, MT_OP_FREE, A, 0, 3); /* double */
    event(builder, 1, 5000, MT_OP_FREE, B, 0, 3); /* of what? */
}

static void what_is_not_recorded_explains_a_free(void **state) {
    struct builder builder;

    (void)state;
    begin_with(&builder, "calls-only");
    add_faults(&builder);
    builder_end(&builder, 9000);
    expect_unmatched(&builder, 2);

    begin_with(&builder, NULL);
    add_faults(&builder);
    builder_end(&builder, 9000);
    expect_unmatched(&builder, 2);

    begin(&builder);
    add_faults(&builder);
    builder_loss(&builder, 1, 3, MT_LOSS_BUFFERS_FULL);
    builder_end(&builder, 9000);
    expect_unmatched(&builder, 2);

    begin(&builder);
    add_faults(&builder);
    event(&builder, 1, 6000, MT_OP_ALLOC, C, 1, 1);
    builder.file.data[builder.file.size - 1] ^= 1;
    builder_end(&builder, 9000);
    expect_unmatched(&builder, 2);

    /* Without an END, another thread's events may be missing. */
    begin(&builder);
    add_faults(&builder);
    event(&builder, 2, 6000, MT_OP_ALLOC, C, 1, 1);
    expect_unmatched(&builder, 2);

    /* A block cannot be read. */
    begin(&builder);
    add_faults(&builder);
    builder_block(
        &builder,
        (struct mt_block_header){.kind = MT_BLOCK_EVENTS,
                                 .thread = 1,
                                 .count = 1,
                                 .first_event = 4,
                                 .first_ticks = 6000,
                                 .last_ticks = 6000},
        &(struct bytes){(uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0ABCD", 24, 24});
    builder_end(&builder, 9000);
    expect_unmatched(&builder, 2);
}

static void a_killed_program_of_one_thread_tells_its_errors(void **state) {
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    add_faults(&builder);
    analyze(&run, &builder);
    assert_int_equal(run.facts.errors.counts[MEMORY_DOUBLE_FREE], 1);
    assert_int_equal(run.facts.errors.counts[MEMORY_INVALID_FREE], 1);
    analyzed_free(&run);
    builder_free(&builder);
}

/* From the first pause on, memory may be of a pause. */
static void a_pause_explains_what_comes_after_it(void **state) {
    static const uint64_t pauses[] = {1500, 3500, 4500, 8000};

    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        struct builder builder;
        struct analyzed run;

        begin(&builder);
        add_faults(&builder);
        builder_mark(&builder, pauses[i] + 50, 1, MT_MARK_RESUME, "");
        builder_mark(&builder, pauses[i] + 20, 1, MT_MARK_PAUSE, "");
        builder_mark(&builder, pauses[i], 1, MT_MARK_PAUSE, "");
        builder_end(&builder, 9000);
        analyze(&run, &builder);
        assert_int_equal(run.facts.errors.counts[MEMORY_DOUBLE_FREE], i >= 2);
        assert_int_equal(run.facts.errors.counts[MEMORY_INVALID_FREE], i >= 3);
        assert_int_equal(run.facts.unmatched_frees, i < 2 ? 2 : i < 3);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

/* Times in units may say of what followed a pause that it was before it. */
static void a_pause_explains_what_may_come_after_it(void **state) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, A, 100, 2000},
        {MT_OP_FREE, 2, A, 0, 3000},
        {MT_OP_FREE, 3, B, 0, 5000},
    };

    (void)state;
    for (int late = 0; late < 2; late++) {
        struct builder builder;
        struct analyzed run;

        begin(&builder);
        builder_predicted_events(&builder, 1, events, 3, 8);
        builder_mark(&builder, late ? 5200 : 4900, 1, MT_MARK_PAUSE, "");
        builder_end(&builder, 9000);
        analyze(&run, &builder);
        assert_int_equal(run.facts.errors.counts[MEMORY_INVALID_FREE], late);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

/* Thread 1 frees, thread 2 gets the address and frees it, thread 3 the same; the stamps of what
 * different threads did lie in any order. */
static void late_pairs_are_no_errors(void **state) {
    static const uint64_t stamps[][4] = {
        {50000, 50100, 50200, 50300}, {50100, 50000, 50200, 50300}, {50000, 50200, 50100, 50300},
        {50100, 50000, 50300, 50200}, {50300, 50200, 50100, 50000}, {50200, 50300, 50000, 50100},
        {51900, 50000, 51900, 50000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
        struct builder builder;
        struct analyzed run;

        begin(&builder);
        event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
        event(&builder, 1, stamps[i][0], MT_OP_FREE, A, 0, 1);
        event(&builder, 2, stamps[i][1], MT_OP_ALLOC, A, 30, 2);
        event(&builder, 3, stamps[i][2], MT_OP_FREE, A, 0, 3);
        event(&builder, 4, stamps[i][3], MT_OP_ALLOC, A, 5, 4);
        event(&builder, 4, 90000, MT_OP_FREE, A, 0, 4);
        builder_end(&builder, 99000);
        analyze(&run, &builder);
        if (sum(&run.facts) || run.facts.unmatched_frees)
            fail_msg("order %zu: %" PRIu64 " errors, %" PRIu64 " unmatched", i, sum(&run.facts),
                     run.facts.unmatched_frees);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

/* A free too many by a thread of several is an error once it is certain that nothing comes. */
static void errors_among_threads_are_found_after_the_window(void **state) {
    const struct memory_error *error;
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
    event(&builder, 1, 10000, MT_OP_FREE, A, 0, 2);
    event(&builder, 2, 20000, MT_OP_FREE, A, 0, 3);
    event(&builder, 1, 30000, MT_OP_ALLOC, A, 7, 4); /* given out again: the past has changed */
    event(&builder, 3, 40000, MT_OP_FREE, A, 0, 4);
    builder_end(&builder, 99000);
    analyze(&run, &builder);
    error = only(&run.facts, MEMORY_DOUBLE_FREE);
    assert_int_equal(error->size, 100);
    assert_int_equal(error->first_freed_at.context, 2);
    assert_int_equal(error->freed_at.context, 3);
    assert_int_equal(run.facts.threads[error->stream].frees, 1);
    assert_int_equal(run.facts.live, 0);
    analyzed_free(&run);
    builder_free(&builder);
}

/* The same thread is in order, so that what it gets next is not what it has freed before. */
static void the_next_block_does_not_hide_a_double_free(void **state) {
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 2, 1500, MT_OP_ALLOC, B, 1, 1);
    event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
    event(&builder, 1, 2001, MT_OP_FREE, A, 0, 2);
    event(&builder, 1, 2002, MT_OP_FREE, A, 0, 3);
    event(&builder, 1, 2003, MT_OP_ALLOC, A, 50, 1);
    event(&builder, 1, 2004, MT_OP_ALLOC, A + 16, 50, 1);
    builder_end(&builder, 99000);
    analyze(&run, &builder);
    assert_int_equal(only(&run.facts, MEMORY_DOUBLE_FREE)->size, 100);
    analyzed_free(&run);
    builder_free(&builder);
}

static void many_addresses_and_contexts_stay_bounded(void **state) {
    enum { COUNT = MT_SUSPECTS_KEPT + 1000 };
    struct built_event *events = calloc(COUNT, sizeof(*events));
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    for (uint32_t i = 7; i < 5007; i++)
        builder_simple_context(&builder, i);
    for (uint64_t i = 0; i < COUNT; i++)
        events[i] = (struct built_event){MT_OP_FREE, 7 + (uint32_t)(i % 5000),
                                         0x7f0000000000 + 16 * i, 0, 2000 + i};
    builder_events(&builder, 1, events, COUNT);
    builder_end(&builder, 99000);
    analyze(&run, &builder);
    assert_int_equal(run.facts.errors.counts[MEMORY_INVALID_FREE], MT_SUSPECTS_KEPT);
    assert_int_equal(run.facts.unmatched_frees, 1000);
    assert_int_equal(run.facts.errors.list.count, MT_ERRORS_KEPT);
    analyzed_free(&run);
    builder_free(&builder);
    free(events);
}

/* Faults among random events of a program without any, against what was put in. */
static void planted_errors_are_the_ones_found(void **state) {
    enum { SLOTS = 50, STEPS = 4000, THREADS = 3 };

    (void)state;
    srand(5);
    for (int round = 0; round < 20; round++) {
        bool live[SLOTS] = {false}, used[SLOTS] = {false};
        uint64_t planted[3] = {0};
        uint64_t ticks = 2000;
        struct builder builder;
        struct analyzed run;

        begin(&builder);
        for (int step = 0; step < STEPS; step++) {
            uint64_t slot = (uint64_t)rand() % SLOTS;
            uint32_t thread = 1 + (uint32_t)rand() % THREADS;
            uint64_t address = 0x1000 + 64 * slot;
            bool fault = rand() % 50 == 0;

            ticks += 2001 + (uint64_t)rand() % 100;
            if (fault && !live[slot]) {
                planted[used[slot] ? MEMORY_DOUBLE_FREE : MEMORY_INVALID_FREE]++;
                event(&builder, thread, ticks, MT_OP_FREE, address, 0, 2);
            } else if (fault) {
                planted[MEMORY_INVALID_FREE]++;
                event(&builder, thread, ticks, MT_OP_FREE, address + 1 + (uint64_t)rand() % 47, 0,
                      2);
            } else {
                event(&builder, thread, ticks, live[slot] ? MT_OP_FREE : MT_OP_ALLOC, address, 48,
                      1);
                live[slot] = !live[slot];
                used[slot] = true;
            }
        }
        builder_end(&builder, ticks + 1);
        analyze(&run, &builder);
        for (int i = 0; i < 3; i++)
            assert_int_equal(run.facts.errors.counts[i], planted[i]);
        assert_int_equal(run.facts.unmatched_frees, 0);
        for (size_t i = 0; i < run.facts.errors.list.count; i++)
            assert_int_equal(run.facts.errors.list.items[i].freed_at.context, 2);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_free_is_known_with_all_contexts),
        cmocka_unit_test(a_first_free_long_ago_is_known),
        cmocka_unit_test(an_address_that_never_was_a_block_is_invalid),
        cmocka_unit_test(an_inner_pointer_names_its_block),
        cmocka_unit_test(families_are_told_apart),
        cmocka_unit_test(what_is_not_recorded_explains_a_free),
        cmocka_unit_test(a_killed_program_of_one_thread_tells_its_errors),
        cmocka_unit_test(a_pause_explains_what_comes_after_it),
        cmocka_unit_test(a_pause_explains_what_may_come_after_it),
        cmocka_unit_test(late_pairs_are_no_errors),
        cmocka_unit_test(errors_among_threads_are_found_after_the_window),
        cmocka_unit_test(the_next_block_does_not_hide_a_double_free),
        cmocka_unit_test(many_addresses_and_contexts_stay_bounded),
        cmocka_unit_test(planted_errors_are_the_ones_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
