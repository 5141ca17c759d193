/* Who allocates what others free. */
#include "model/thread_matrix.h"
#include "observed.h"
#include "output/threads.h"

enum { A = 0x10000, B = 0x20000, C = 0x30000, D = 0x40000 };

/* Threads 1 "main", 2 and 3 "worker"; all frees are far enough from what else is at the address. */
static void build(struct builder *builder) {
    static const struct built_event first[] = {
        {MT_OP_ALLOC, 1, A, 100, 10000},
        {MT_OP_ALLOC, 2, B, 50, 20000},
        {MT_OP_ALLOC, 1, C, 7, 30000},
        {MT_OP_FREE, 1, C, 0, 40000},
    };
    static const struct built_event second[] = {
        {MT_OP_FREE, 1, A, 0, 50000},
        {MT_OP_FREE, 1, B, 0, 60000},
        {MT_OP_ALLOC, 1, D, 1000, 70000},
    };
    static const struct built_event third[] = {
        {MT_OP_ALLOC, 1, A, 30, 65000},
        {MT_OP_FREE, 1, D, 0, 80000},
    };

    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_thread(builder, 1, 11, "main");
    builder_thread(builder, 2, 12, "worker");
    builder_thread(builder, 3, 13, "worker");
    builder_events(builder, 1, first, 4);
    builder_events(builder, 2, second, 3);
    builder_events(builder, 3, third, 2);
    builder_end(builder, 90000);
}

static bool is(const struct thread_sum *sum, double blocks, double bytes) {
    return sum->blocks == blocks && sum->bytes == bytes;
}

static void by_thread(void **state) {
    struct builder builder;
    struct observed observed;
    const struct thread_matrix *matrix;

    (void)state;
    build(&builder);
    observe(&observed, &builder, &thread_matrix_ops, NULL, NULL, NULL);
    matrix = thread_matrix_of(observed.observer);
    assert_int_equal(matrix->group_count, 3);
    assert_true(is(&matrix->groups[0].allocated, 3, 157));
    assert_true(is(&matrix->groups[0].freed_by_itself, 1, 7));
    assert_true(is(&matrix->groups[0].freed_by_others, 2, 150));
    assert_true(is(&matrix->groups[0].freed_for_others, 0, 0));
    assert_true(is(&matrix->groups[1].freed_for_others, 2, 150));
    assert_true(is(&matrix->groups[1].freed_by_others, 1, 1000));
    assert_true(is(&matrix->groups[2].live, 1, 30));
    assert_true(matrix->groups[0].peak == 157 && matrix->groups[0].peak_ticks == 30000);
    assert_int_equal(observed.facts.threads[0].peak, 157);
    assert_int_equal(matrix->pairs.count, 2);
    assert_int_equal(matrix->pairs.items[0].owner, 0);
    assert_int_equal(matrix->pairs.items[0].freer, 1);
    assert_true(is(&matrix->pairs.items[0].freed, 2, 150));
    assert_int_equal(matrix->pairs.items[1].owner, 1);
    assert_int_equal(matrix->pairs.items[1].freer, 2);
    assert_true(is(&matrix->pairs.items[1].freed, 1, 1000));
    observed_free(&observed);
    builder_free(&builder);
}

/* Workers free each other's blocks, which are then their own; and their peak is that of both. */
static void by_name(void **state) {
    static const struct thread_matrix_options options = {.by_name = true};
    struct builder builder;
    struct observed observed;
    const struct thread_matrix *matrix;

    (void)state;
    build(&builder);
    observe(&observed, &builder, &thread_matrix_ops, &options, NULL, NULL);
    matrix = thread_matrix_of(observed.observer);
    assert_int_equal(matrix->group_count, 2);
    assert_int_equal(matrix->groups[1].threads, 2);
    assert_string_equal(thread_matrix_name(matrix, &matrix->groups[1]), "worker");
    assert_true(is(&matrix->groups[1].allocated, 2, 1030));
    assert_true(matrix->groups[1].peak == 1030);
    assert_true(is(&matrix->groups[1].freed_by_itself, 1, 1000));
    assert_true(is(&matrix->groups[1].freed_by_others, 0, 0));
    assert_int_equal(matrix->pairs.count, 1);
    observed_free(&observed);
    builder_free(&builder);
}

/* The largest pair first, and threads as the order says. */
static void views_are_sorted(void **state) {
    static const struct built_event first[] = {
        {MT_OP_ALLOC, 1, A, 10, 10000},
        {MT_OP_ALLOC, 1, B, 1000, 20000},
    };
    static const struct built_event second[] = {{MT_OP_FREE, 1, A, 0, 30000}};
    static const struct built_event third[] = {{MT_OP_FREE, 1, B, 0, 40000},
                                               {MT_OP_ALLOC, 1, C, 1, 50000},
                                               {MT_OP_ALLOC, 1, D, 1, 60000},
                                               {MT_OP_ALLOC, 1, D + 16, 1, 70000}};
    struct threads_view view = {.order = REPORT_ORDER_COUNT};
    struct report report = {.pool = NULL};
    struct builder builder;
    struct observed observed;
    struct error error = {""};

    (void)state;
    builder_begin(&builder);
    builder_simple_context(&builder, 1);
    builder_events(&builder, 1, first, 2);
    builder_events(&builder, 2, second, 1);
    builder_events(&builder, 3, third, 4);
    builder_end(&builder, 101000);
    observe(&observed, &builder, &thread_matrix_ops, NULL, NULL, NULL);
    assert_true(report_add(&report, &observed.trace, &observed.facts, &error));
    assert_true(threads_view_make(&view, &report, &observed.observers, 0, &error));
    assert_int_equal(view.pairs.count, 2);
    assert_int_equal(view.pairs.items[0].pair->freer, 2);
    assert_int_equal(view.pairs.items[1].pair->freer, 1);
    assert_int_equal(view.rows.count, 3);
    assert_int_equal(view.rows.items[0].group, 2);
    assert_int_equal(view.rows.items[1].group, 0);
    /* No thread says when it began: from the start to the end. */
    assert_true(view.rows.items[0].ran_ns == 100000);
    threads_view_free(&view);
    report_free(&report);
    observed_free(&observed);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_thread), cmocka_unit_test(by_name),
                                       cmocka_unit_test(views_are_sorted)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
