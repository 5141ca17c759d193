/* Decoding on several threads: what the merge gives does not depend on them. */
#include "test.h"

#include "trace/crew.h"
#include "trace/merge.h"

#include <stdlib.h>
#include <string.h>

/* All that is read of a trace. */
struct outcome {
    struct event *events;
    size_t count, capacity;
    struct damage damage;
    uint64_t lost, early;
};

static void take(struct outcome *outcome, const struct event *events, size_t count) {
    if (outcome->count + count > outcome->capacity) {
        outcome->capacity = 2 * (outcome->count + count);
        outcome->events = realloc(outcome->events, outcome->capacity * sizeof(*outcome->events));
        assert_non_null(outcome->events);
    }
    memcpy(outcome->events + outcome->count, events, count * sizeof(*events));
    outcome->count += count;
}

/* `most`: events after which the reader loses interest. */
static struct outcome read_trace(const struct builder *builder, unsigned jobs, size_t most) {
    struct outcome outcome = {0};
    const struct event *events;
    struct trace trace;
    struct merge merge;
    struct error error;
    size_t count = 1;

    crew_set_jobs(jobs);
    crew_set_least(0);
    assert_true(trace_open_bytes(&trace, builder->file.data, builder->file.size, &error));
    assert_true(merge_begin(&merge, &trace.reader, &error));
    while (count && outcome.count < most) {
        assert_true(merge_next(&merge, &events, &count, &error));
        take(&outcome, events, count);
    }
    merge_end(&merge);
    outcome.damage = trace.reader.damage;
    outcome.lost = trace.reader.lost_events;
    outcome.early = trace.reader.early_ticks;
    trace_close(&trace);
    return outcome;
}

static void expect_same(const struct builder *builder) {
    struct outcome alone = read_trace(builder, 1, SIZE_MAX);

    for (unsigned jobs = 2; jobs <= 8; jobs *= 2) {
        struct outcome together = read_trace(builder, jobs, SIZE_MAX);

        assert_int_equal(together.count, alone.count);
        if (alone.count)
            assert_memory_equal(together.events, alone.events, alone.count * sizeof(*alone.events));
        assert_memory_equal(&together.damage, &alone.damage, sizeof(alone.damage));
        assert_int_equal(together.lost, alone.lost);
        assert_int_equal(together.early, alone.early);
        free(together.events);
    }
    free(alone.events);
}

/* A block of events that follow `now`, or lie before it now and then. */
static void add_block(struct builder *builder, uint32_t thread, uint64_t *now, size_t count) {
    struct built_event *events = calloc(count, sizeof(*events));
    uint64_t ticks = *now - (*now > 5000 && rand() % 16 == 0 ? 1000 : 0);

    ticks &= ~UINT64_C(15);
    for (size_t i = 0; i < count; i++) {
        events[i] = (struct built_event){
            rand() % 2 ? MT_OP_ALLOC : MT_OP_FREE, 1,
            ((uint64_t)thread << 40) + 16 * (uint64_t)(1 + rand() % 99), 0, ticks};
        if (events[i].op == MT_OP_ALLOC)
            events[i].size = (uint64_t)(rand() % 5000);
        ticks += 16 * (uint64_t)(rand() % 4);
    }
    *now = ticks;
    if (rand() % 2)
        builder_predicted_events(builder, thread, events, count, 4);
    else
        builder_events(builder, thread, events, count);
    free(events);
}

static void build(struct builder *builder, uint32_t threads, int blocks, int largest) {
    uint64_t now[BUILDER_THREADS];

    for (uint32_t i = 0; i < BUILDER_THREADS; i++)
        now[i] = 10000 + (uint64_t)(rand() % 20000);
    builder_begin(builder);
    builder->compress = rand() % 2;
    for (int i = 0; i < blocks; i++) {
        uint32_t thread = 1 + (uint32_t)rand() % threads;

        add_block(builder, thread, &now[thread - 1], 1 + (size_t)(rand() % largest));
    }
}

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    srand(3);
    for (int round = 0; round < 8; round++) {
        struct builder builder;

        build(&builder, round % 3 == 0 ? 1 : 1 + (uint32_t)rand() % 60, 80, round % 2 ? 200 : 6000);
        expect_same(&builder);
        builder_free(&builder);
    }
}

/* Each is decoded in many steps, and by whom changes in between. */
static void long_blocks_give_the_same(void **state) {
    (void)state;
    srand(9);
    for (int round = 0; round < 4; round++) {
        struct builder builder;

        build(&builder, 1 + (uint32_t)round % 2, 8, 60000);
        expect_same(&builder);
        builder_free(&builder);
    }
}

/* Wrong bytes under a right checksum, as a defective writer would leave them. */
static void spoil(struct builder *builder) {
    size_t offset = 64;

    while (offset < builder->file.size) {
        struct mt_block_header header;

        memcpy(&header, builder->file.data + offset, sizeof(header));
        if (header.kind == MT_BLOCK_EVENTS && rand() % 3 == 0) {
            size_t at = offset + sizeof(header) + (size_t)rand() % header.stored_size;

            builder->file.data[at] ^= (uint8_t)(1 << rand() % 8);
            builder_reseal_block(builder, offset);
        }
        offset += sizeof(header) + header.stored_size;
    }
}

static void damage_is_found_in_the_same_order(void **state) {
    uint64_t places = 0;

    (void)state;
    srand(4);
    for (int round = 0; round < 10; round++) {
        struct outcome outcome;
        struct builder builder;

        build(&builder, 1 + (uint32_t)rand() % 9, 60, 3000);
        builder.compress = 0;
        spoil(&builder);
        expect_same(&builder);
        outcome = read_trace(&builder, 4, SIZE_MAX);
        places += outcome.damage.count;
        free(outcome.events);
        builder_free(&builder);
    }
    assert_true(places > 50);
}

/* So many that blocks are packed. */
static void hundreds_of_streams_give_the_same(void **state) {
    (void)state;
    srand(7);
    for (int round = 0; round < 2; round++) {
        struct builder builder;

        build(&builder, BUILDER_THREADS - 1, 1200, 600);
        builder.compress = 0;
        if (round)
            spoil(&builder);
        expect_same(&builder);
        builder_free(&builder);
    }
}

static void a_reader_may_leave_early(void **state) {
    (void)state;
    srand(5);
    for (int round = 0; round < 20; round++) {
        struct outcome outcome;
        struct builder builder;

        build(&builder, 1 + (uint32_t)rand() % 20, 40, 4000);
        outcome = read_trace(&builder, 4, (size_t)(rand() % 40000));
        free(outcome.events);
        builder_free(&builder);
    }
}

/* As a parent and its child are, whose events are gone through while the parent's wait. */
static void several_merges_share_the_threads(void **state) {
    struct trace traces[3];
    struct merge merges[3];
    struct builder builders[3];
    uint64_t delivered = 0;
    bool more = true;

    (void)state;
    srand(6);
    crew_set_jobs(3);
    crew_set_least(0);
    for (int i = 0; i < 3; i++) {
        struct error error;

        build(&builders[i], 5, 60, 4000);
        assert_true(
            trace_open_bytes(&traces[i], builders[i].file.data, builders[i].file.size, &error));
        assert_true(merge_begin(&merges[i], &traces[i].reader, &error));
    }
    while (more) {
        more = false;
        for (int i = 0; i < 3; i++) {
            const struct event *events;
            struct error error;
            size_t count;

            assert_true(merge_next(&merges[i], &events, &count, &error));
            delivered += count;
            more |= count != 0;
        }
    }
    for (int i = 0; i < 3; i++) {
        delivered -= traces[i].reader.events;
        merge_end(&merges[i]);
        trace_close(&traces[i]);
        builder_free(&builders[i]);
    }
    assert_int_equal(delivered, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(long_blocks_give_the_same),
        cmocka_unit_test(damage_is_found_in_the_same_order),
        cmocka_unit_test(hundreds_of_streams_give_the_same),
        cmocka_unit_test(a_reader_may_leave_early),
        cmocka_unit_test(several_merges_share_the_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
