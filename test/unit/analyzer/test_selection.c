/* Which allocations a selection takes. */
#include "test.h"

/* Phases load, serve, load again; an allocation every 1000 ns by two threads in turn, freed at the
 * end by the other one. */
static void build(struct builder *builder) {
    struct built_event first[6], second[6];

    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_thread(builder, 1, 101, "main");
    builder_thread(builder, 2, 102, "helper");
    for (uint64_t i = 0; i < 3; i++) {
        first[i] = (struct built_event){MT_OP_ALLOC, 1, 0x1000 + 32 * i, 16, 2000 + 2000 * i};
        second[i] = (struct built_event){MT_OP_ALLOC, 2, 0x2000 + 32 * i, 1, 3000 + 2000 * i};
        first[3 + i] = (struct built_event){MT_OP_FREE, 1, 0x2000 + 32 * i, 0, 20000 + i};
        second[3 + i] = (struct built_event){MT_OP_FREE, 2, 0x1000 + 32 * i, 0, 20000 + i};
    }
    builder_events(builder, 1, first, 5);
    builder_events(builder, 2, second, 6);
    builder_mark(builder, 2500, 1, MT_MARK_PHASE, "load");
    builder_mark(builder, 3500, 1, MT_MARK_PHASE, "serve");
    /* Out of order, as marks of several threads may be. */
    builder_mark(builder, 6500, 2, MT_MARK_PHASE, "load");
    builder_mark(builder, 5500, 1, MT_MARK_PHASE, "serve");
    builder_end(builder, 30000);
}

static void check(const struct selection *selection, uint64_t allocations, uint64_t bytes,
                  uint64_t frees, uint64_t peak, uint64_t leaked) {
    struct builder builder;
    struct trace trace;
    struct facts facts;
    struct error error = {""};

    build(&builder);
    assert_true(trace_open_bytes(&trace, builder.file.data, builder.file.size, &error));
    assert_true(analysis_run(&trace, 1, &facts, &(struct analysis_request){.selection = selection},
                             &error));
    assert_int_equal(facts.allocations, allocations);
    assert_int_equal(facts.allocated_bytes, bytes);
    assert_int_equal(facts.frees, frees);
    assert_int_equal(facts.peak, peak);
    assert_int_equal(facts.live, leaked);
    assert_int_equal(facts.unmatched_frees, 0);
    facts_free(&facts);
    trace_close(&trace);
    builder_free(&builder);
}

static void test_everything(void **state) {
    (void)state;
    check(&(struct selection){0}, 6, 51, 5, 51, 1);
}

/* Times are since the start at 1000. The last block of the second thread is never freed. */
static void test_times(void **state) {
    (void)state;
    check(&(struct selection){.since_ns = 3000}, 4, 34, 3, 34, 1);
    check(&(struct selection){.until_ns = 3000}, 2, 17, 2, 17, 0);
    check(&(struct selection){.since_ns = 3000, .until_ns = 3001}, 1, 16, 1, 16, 0);
    check(&(struct selection){.since_ns = 1e9}, 0, 0, 0, 0, 0);
}

static void test_phases(void **state) {
    (void)state;
    check(&(struct selection){.phase = "load"}, 2, 2, 1, 2, 1);
    check(&(struct selection){.phase = "serve"}, 3, 33, 3, 33, 0);
    check(&(struct selection){.phase = "load", .until_ns = 4000}, 1, 1, 1, 1, 0);
    check(&(struct selection){.phase = "none"}, 0, 0, 0, 0, 0);
}

static void test_threads(void **state) {
    (void)state;
    check(&(struct selection){.thread = "helper"}, 3, 3, 2, 3, 1);
    check(&(struct selection){.thread = "1"}, 3, 48, 3, 48, 0);
    check(&(struct selection){.thread = "1", .phase = "serve"}, 2, 32, 2, 32, 0);
}

/* An observer sees what the facts count, and nothing of what is left out. */
struct counts {
    struct observer observer;
    uint64_t begins, ends, freed, left;
};

static struct counts *last;

static struct observer *create(const struct trace *trace, const void *options) {
    (void)trace;
    (void)options;
    last = test_calloc(1, sizeof(*last));
    return &last->observer;
}

static void begins(struct observer *observer, const struct live_block *block, unsigned op) {
    assert_int_equal(op, MT_OP_ALLOC);
    assert_int_equal(block->size, 1);
    ((struct counts *)observer)->begins++;
}

static void ends(struct observer *observer, const struct live_block *block, uint64_t ticks) {
    assert_true(ticks > block->ticks);
    ((struct counts *)observer)->ends++;
}

static void freed(struct observer *observer, const struct live_block *block,
                  const struct block_free *by) {
    assert_int_not_equal(by->stream, block->thread);
    assert_int_equal(by->op, MT_OP_FREE);
    ((struct counts *)observer)->freed++;
}

static void finish(struct observer *observer, const struct live_table *left, uint64_t last_ticks) {
    assert_int_equal(last_ticks, 20002);
    ((struct counts *)observer)->left = left->count;
}

static void destroy(struct observer *observer) {
    test_free(observer);
}

static void test_observers(void **state) {
    static const struct observer_ops ops = {.create = create,
                                            .begins = begins,
                                            .ends = ends,
                                            .freed = freed,
                                            .finish = finish,
                                            .destroy = destroy};
    const struct observer_request request = {&ops, NULL};
    const struct selection selection = {.thread = "helper"};
    struct observers observers;
    struct builder builder;
    struct trace trace;
    struct facts facts;
    struct error error = {""};

    (void)state;
    build(&builder);
    assert_true(trace_open_bytes(&trace, builder.file.data, builder.file.size, &error));
    assert_true(observers_create(&observers, &request, 1, &trace));
    assert_true(analysis_run(
        &trace, 1, &facts,
        &(struct analysis_request){.selection = &selection, .observers = &observers}, &error));
    assert_int_equal(last->begins, 3);
    assert_int_equal(last->ends, 2);
    assert_int_equal(last->freed, 2);
    assert_int_equal(last->left, 1);
    observers_free(&observers);
    facts_free(&facts);
    trace_close(&trace);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything), cmocka_unit_test(test_times),
        cmocka_unit_test(test_phases),     cmocka_unit_test(test_threads),
        cmocka_unit_test(test_observers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
