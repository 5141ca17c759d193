/* The order of events across threads. */
#include "test.h"

#include "trace/merge.h"

#include <stdlib.h>

/* Events whose address tells the thread and the position in it. */
static void add_blocks(struct builder *builder, uint32_t thread, const uint64_t *ticks,
                       size_t count, size_t block) {
    struct built_event *events = calloc(count, sizeof(*events));

    for (size_t i = 0; i < count; i++)
        events[i] = (struct built_event){MT_OP_ALLOC, 1, ((uint64_t)thread << 40) + 16 * (i + 1), 1,
                                         ticks[i]};
    for (size_t i = 0; i < count; i += block)
        builder_events(builder, thread, events + i, count - i < block ? count - i : block);
    free(events);
}

/* All events come, times never go back, and each thread's events come in their order. */
static uint64_t check_order(const struct builder *builder, uint64_t *runs) {
    uint64_t next_of[BUILDER_THREADS] = {0};
    struct trace trace;
    struct merge merge;
    struct error error;
    const struct event *events;
    uint64_t total = 0;
    uint64_t now = 0;
    size_t count;

    assert_true(trace_open_bytes(&trace, builder->file.data, builder->file.size, &error));
    assert_true(merge_begin(&merge, &trace.reader, &error));
    for (*runs = 0;; ++*runs) {
        assert_true(merge_next(&merge, &events, &count, &error));
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            uint64_t thread = events[i].address >> 40;

            assert_true(events[i].ticks >= now);
            now = events[i].ticks;
            assert_int_equal(trace.reader.streams[events[i].stream].thread, thread);
            assert_int_equal(events[i].address & 0xffffffffff, 16 * ++next_of[thread]);
        }
        total += count;
    }
    merge_end(&merge);
    trace_close(&trace);
    return total;
}

static void random_streams_merge_by_time(void **state) {
    (void)state;
    srand(2);
    for (int round = 0; round < 40; round++) {
        uint32_t threads = 1 + (uint32_t)rand() % 9;
        struct builder builder;
        uint64_t runs;
        uint64_t expected = 0;

        builder_begin(&builder);
        builder.compress = round % 2;
        for (uint32_t thread = 1; thread <= threads; thread++) {
            size_t count = 1 + (size_t)rand() % 5000;
            uint64_t *ticks = calloc(count, sizeof(*ticks));
            uint64_t now = 1000 + (uint64_t)rand() % 3000;
            int step = 1 + rand() % 50;

            for (size_t i = 0; i < count; i++) {
                ticks[i] = now;
                now += (uint64_t)(rand() % step) + (rand() % 500 == 0 ? 5000 : 0);
            }
            add_blocks(&builder, thread, ticks, count, 1 + (size_t)rand() % 2000);
            expected += count;
            free(ticks);
        }
        assert_int_equal(check_order(&builder, &runs), expected);
        builder_free(&builder);
    }
}

static void a_lone_thread_is_handed_out_in_long_runs(void **state) {
    enum { COUNT = 100000 };
    uint64_t *ticks = calloc(COUNT, sizeof(*ticks));
    struct builder builder;
    uint64_t runs;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        ticks[i] = 2000 + (uint64_t)i;
    builder_begin(&builder);
    add_blocks(&builder, 5, ticks, COUNT, 30000);
    assert_int_equal(check_order(&builder, &runs), COUNT);
    assert_true(runs < 120);
    builder_free(&builder);
    free(ticks);
}

static void time_that_goes_back_is_held(void **state) {
    static const uint64_t first[] = {5000, 6000};
    static const uint64_t second[] = {5500, 7000};
    static const uint64_t other[] = {5900, 6100};
    struct built_event events[2];
    struct builder builder;
    uint64_t runs;

    (void)state;
    builder_begin(&builder);
    for (int i = 0; i < 2; i++)
        events[i] = (struct built_event){
            MT_OP_ALLOC, 1, (UINT64_C(1) << 40) + 16 * (uint64_t)(i + 3), 1, second[i]};
    add_blocks(&builder, 1, first, 2, 2);
    builder_events(&builder, 1, events, 2);
    add_blocks(&builder, 2, other, 2, 1);
    assert_int_equal(check_order(&builder, &runs), 6);
    builder_free(&builder);
}

static void the_last_possible_time_is_no_end_mark(void **state) {
    static const uint64_t ticks[] = {UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX - 1};
    struct builder builder;
    uint64_t runs;

    (void)state;
    builder_begin(&builder);
    add_blocks(&builder, 1, ticks, 3, 1);
    add_blocks(&builder, 2, ticks, 3, 2);
    add_blocks(&builder, 3, ticks, 3, 3);
    assert_int_equal(check_order(&builder, &runs), 9);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_streams_merge_by_time),
        cmocka_unit_test(a_lone_thread_is_handed_out_in_long_runs),
        cmocka_unit_test(time_that_goes_back_is_held),
        cmocka_unit_test(the_last_possible_time_is_no_end_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
