/* Matching: by hand, and against a slow and simple model. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { A = 0x10000, B = 0x20000, C = 0x30000 };

/* Two contexts of the malloc family, a third of `new`; thread t's events one per block. */
/* Blocks that ended without a recorded free. */
static uint64_t missed(const struct context_facts *context) {
    return context->allocations - context->frees - context->live_blocks;
}

static void begin(struct builder *builder) {
    struct built_frame frame = {"operator_user", "new.cc", 3, 1, 0};

    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_site(builder, 3, 3, MT_API_NEW, 0, "Thing", &frame, 1);
    builder_context(builder, 3, 0, 3);
}

static void event(struct builder *builder, uint32_t thread, uint64_t ticks, uint8_t op,
                  uint64_t address, uint64_t size, uint32_t context) {
    struct built_event built = {op, context, address, size, ticks};

    builder_events(builder, thread, &built, 1);
}

static void realloc_is_an_allocation_and_a_free(void **state) {
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
    event(&builder, 1, 3000, MT_OP_REALLOC_FREE, A, 0, 2);
    event(&builder, 1, 3001, MT_OP_REALLOC_ALLOC, A, 300, 2);
    event(&builder, 1, 4000, MT_OP_FREE, A, 0, 1);
    analyze(&run, &builder);
    assert_int_equal(run.facts.allocations, 2);
    assert_int_equal(run.facts.frees, 2);
    assert_int_equal(run.facts.allocated_bytes, 400);
    assert_int_equal(run.facts.peak, 300);
    assert_int_equal(run.facts.peak_ticks, 3001);
    assert_int_equal(run.facts.live, 0);
    assert_int_equal(run.facts.live_blocks, 0);
    assert_int_equal(run.facts.temporary, 2);
    assert_int_equal(run.facts.unmatched_frees, 0);
    assert_true(run.facts.contexts[1].lifetime_ticks == 1000);
    assert_true(run.facts.contexts[2].lifetime_ticks == 999);
    analyzed_free(&run);
    builder_free(&builder);
}

static void temporary_means_no_other_allocation_in_between(void **state) {
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 1, 2000, MT_OP_ALLOC, A, 1, 1);
    event(&builder, 2, 2100, MT_OP_ALLOC, B, 1, 1); /* another thread's does not count */
    event(&builder, 1, 12000, MT_OP_FREE, A, 0, 1); /* temporary */
    event(&builder, 1, 22000, MT_OP_ALLOC, A, 1, 1);
    event(&builder, 1, 32000, MT_OP_ALLOC, C, 1, 1);
    event(&builder, 1, 42000, MT_OP_FREE, A, 0, 1); /* not: C came between */
    event(&builder, 1, 52000, MT_OP_FREE, C, 0, 1); /* temporary: a free between is none */
    event(&builder, 1, 62000, MT_OP_FREE, B, 0, 1); /* not: another thread's */
    analyze(&run, &builder);
    assert_int_equal(run.facts.temporary, 2);
    assert_int_equal(run.facts.threads[0].temporary, 2);
    assert_int_equal(run.facts.threads[1].freed_by_others, 1);
    assert_int_equal(run.facts.threads[1].peak, 1);
    assert_int_equal(run.facts.threads[0].peak, 2);
    assert_int_equal(run.facts.threads[0].frees, 4);
    analyzed_free(&run);
    builder_free(&builder);
}

static void missed_and_unmatched_frees(void **state) {
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
    event(&builder, 1, 2001, MT_OP_ALLOC, A, 30, 2); /* A's free was missed */
    event(&builder, 1, 2002, MT_OP_FREE, B, 0, 2);   /* B was never seen */
    event(&builder, 1, 2003, MT_OP_ALLOC, B, 7, 2);  /* the same thread is always in order */
    event(&builder, 2, 90000, MT_OP_FREE, C, 0, 2);  /* still pending at the end */
    analyze(&run, &builder);
    assert_int_equal(run.facts.missed_frees, 1);
    assert_int_equal(missed(&run.facts.contexts[1]), 1);
    assert_int_equal(run.facts.unmatched_frees, 2);
    assert_int_equal(run.facts.frees, 2);
    assert_int_equal(run.facts.live, 37);
    assert_int_equal(run.facts.live_blocks, 2);
    assert_int_equal(run.facts.contexts[1].live, 0);
    assert_int_equal(run.facts.contexts[1].frees, 0);
    assert_int_equal(run.facts.peak, 100);
    analyzed_free(&run);
    builder_free(&builder);
}

/* Thread 1 frees A and thread 2 gets it, but the stamps say the reverse. */
static void free_after_reuse_belongs_to_the_old_block(void **state) {
    for (int late = 0; late < 2; late++) {
        struct builder builder;
        struct analyzed run;

        (void)state;
        begin(&builder);
        event(&builder, 1, 2000, MT_OP_ALLOC, A, 100, 1);
        event(&builder, 2, 50000, MT_OP_ALLOC, A, 30, 2);
        event(&builder, 1, 50000 + (late ? 2001 : 2000), MT_OP_FREE, A, 0, 1);
        event(&builder, 2, 90000, MT_OP_ALLOC, B, 5, 2);
        analyze(&run, &builder);
        assert_int_equal(run.facts.frees, 1);
        assert_int_equal(run.facts.unmatched_frees, 0);
        if (late) {
            assert_int_equal(run.facts.missed_frees, 1);
            assert_int_equal(run.facts.live, 5);
            assert_int_equal(run.facts.threads[1].freed_by_others, 1);
        } else {
            assert_int_equal(run.facts.missed_frees, 0);
            assert_int_equal(run.facts.live, 35);
            assert_int_equal(run.facts.contexts[1].frees, 1);
            assert_int_equal(run.facts.contexts[2].frees, 0);
            assert_int_equal(run.facts.temporary, 1);
            assert_int_equal(run.facts.peak, 100);
        }
        analyzed_free(&run);
        builder_free(&builder);
    }
}

/* Thread 2 frees what thread 1 allocated, but the free is stamped first. */
static void free_before_its_allocation_is_matched(void **state) {
    for (int late = 0; late < 2; late++) {
        struct builder builder;
        struct analyzed run;

        (void)state;
        begin(&builder);
        event(&builder, 2, 50000, MT_OP_FREE, A, 0, 2);
        event(&builder, 1, 50000 + (late ? 2001 : 2000), MT_OP_ALLOC, A, 100, 1);
        analyze(&run, &builder);
        assert_int_equal(run.facts.allocations, 1);
        assert_int_equal(run.facts.frees, 1);
        assert_int_equal(run.facts.live, late ? 100 : 0);
        assert_int_equal(run.facts.unmatched_frees, late);
        assert_int_equal(run.facts.contexts[1].frees, !late);
        assert_int_equal(run.facts.threads[1].freed_by_others, !late);
        assert_int_equal(run.facts.peak, 100);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

static void mismatched_families_are_found(void **state) {
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder);
    for (uint64_t i = 0; i < 3; i++) {
        event(&builder, 1, 2000 + 10 * i, MT_OP_ALLOC, A, 8, 3);
        event(&builder, 1, 2001 + 10 * i, MT_OP_FREE, A, 0, i == 2 ? 3 : 1);
    }
    event(&builder, 1, 3000, MT_OP_ALLOC, A, 8, 3);
    event(&builder, 1, 3001, MT_OP_FREE, A, 0, 999); /* unknown is no mismatch */
    analyze(&run, &builder);
    assert_int_equal(run.facts.errors.counts[MEMORY_MISMATCHED_FREE], 2);
    assert_int_equal(run.facts.errors.list.count, 1);
    assert_int_equal(run.facts.errors.list.items[0].count, 2);
    assert_int_equal(run.facts.errors.list.items[0].allocated_at.context, 3);
    assert_int_equal(run.facts.errors.list.items[0].freed_at.context, 1);
    analyzed_free(&run);
    builder_free(&builder);
}

enum { SLOTS = 60, CONTEXTS = 7, THREADS = 4, STEPS = 6000 };

/* What a reader with all the time in the world would find. */
struct model {
    struct {
        bool live;
        uint64_t size;
        uint32_t context, thread;
        uint64_t sequence;
    } blocks[SLOTS];
    uint64_t live[CONTEXTS], at_peak[CONTEXTS], allocations[CONTEXTS], frees[CONTEXTS];
    uint64_t missed[CONTEXTS], temporary[CONTEXTS], temporary_bytes[CONTEXTS];
    uint64_t live_blocks[CONTEXTS], blocks_at_peak[CONTEXTS];
    uint64_t thread_live[THREADS], thread_peak[THREADS], by_others[THREADS];
    uint64_t sequence_of[THREADS];
    uint64_t total, peak, peak_ticks, unmatched;
};

static void model_drop(struct model *model, int slot) {
    model->live[model->blocks[slot].context] -= model->blocks[slot].size;
    model->live_blocks[model->blocks[slot].context]--;
    model->thread_live[model->blocks[slot].thread] -= model->blocks[slot].size;
    model->total -= model->blocks[slot].size;
    model->blocks[slot].live = false;
}

static void model_event(struct model *model, int slot, uint32_t thread, uint32_t context,
                        uint64_t size, bool allocate, uint64_t ticks) {
    if (!allocate) {
        uint32_t owner = model->blocks[slot].context;

        if (!model->blocks[slot].live) {
            model->unmatched++;
            return;
        }
        model->frees[owner]++;
        if (model->blocks[slot].thread != thread) {
            model->by_others[model->blocks[slot].thread]++;
        } else if (model->sequence_of[thread] == model->blocks[slot].sequence) {
            model->temporary[owner]++;
            model->temporary_bytes[owner] += model->blocks[slot].size;
        }
        model_drop(model, slot);
        return;
    }
    if (model->blocks[slot].live) {
        model->missed[model->blocks[slot].context]++;
        model_drop(model, slot);
    }
    model->blocks[slot].live = true;
    model->blocks[slot].size = size;
    model->blocks[slot].context = context;
    model->blocks[slot].thread = thread;
    model->blocks[slot].sequence = ++model->sequence_of[thread];
    model->allocations[context]++;
    model->live[context] += size;
    model->live_blocks[context]++;
    model->thread_live[thread] += size;
    if (model->thread_live[thread] > model->thread_peak[thread])
        model->thread_peak[thread] = model->thread_live[thread];
    model->total += size;
    if (model->total > model->peak) {
        model->peak = model->total;
        model->peak_ticks = ticks;
        memcpy(model->at_peak, model->live, sizeof(model->live));
        memcpy(model->blocks_at_peak, model->live_blocks, sizeof(model->live_blocks));
    }
}

static void compare(const struct facts *facts, const struct model *model) {
    assert_int_equal(facts->peak, model->peak);
    assert_int_equal(facts->peak_ticks, model->peak_ticks);
    assert_int_equal(facts->live, model->total);
    assert_int_equal(facts->unmatched_frees, model->unmatched);
    for (int i = 1; i < CONTEXTS; i++) {
        assert_int_equal(facts->contexts[i].at_peak, model->at_peak[i]);
        assert_int_equal(facts->contexts[i].live, model->live[i]);
        assert_int_equal(facts->contexts[i].allocations, model->allocations[i]);
        assert_int_equal(facts->contexts[i].frees, model->frees[i]);
        assert_int_equal(facts->contexts[i].temporary, model->temporary[i]);
        assert_int_equal(facts->contexts[i].temporary_bytes, model->temporary_bytes[i]);
        assert_int_equal(facts->contexts[i].live_blocks, model->live_blocks[i]);
        assert_int_equal(facts->contexts[i].blocks_at_peak, model->blocks_at_peak[i]);
        assert_int_equal(missed(&facts->contexts[i]), model->missed[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(facts->threads[i].peak, model->thread_peak[i]);
        assert_int_equal(facts->threads[i].live, model->thread_live[i]);
        assert_int_equal(facts->threads[i].freed_by_others, model->by_others[i]);
    }
}

/* Steps are further apart than the window, so that order is certain. */
static void random_events_match_the_model(void **state) {
    (void)state;
    srand(3);
    for (int round = 0; round < 30; round++) {
        struct model *model = calloc(1, sizeof(*model));
        struct builder builder;
        struct analyzed run;
        uint64_t ticks = 2000;

        builder_begin(&builder);
        for (uint32_t i = 1; i < CONTEXTS; i++)
            builder_simple_context(&builder, i);
        for (uint32_t thread = 0; thread < THREADS; thread++) {
            model_event(model, (int)thread, thread, 1, 1, true, ticks);
            event(&builder, thread + 1, ticks, MT_OP_ALLOC, 0x1000 + 16 * thread, 1, 1);
            ticks += 5000;
        }
        for (int step = 0; step < STEPS; step++) {
            int slot = rand() % SLOTS;
            uint32_t thread = (uint32_t)rand() % THREADS;
            uint32_t context = 1 + (uint32_t)rand() % (CONTEXTS - 1);
            uint64_t size = (uint64_t)(rand() % (round % 3 ? 4 : 100000));
            bool allocate = model->blocks[slot].live ? rand() % 20 == 0 : rand() % 20 != 0;

            model_event(model, slot, thread, context, size, allocate, ticks);
            event(&builder, thread + 1, ticks, allocate ? MT_OP_ALLOC : MT_OP_FREE,
                  0x1000 + 16 * (uint64_t)slot, size, context);
            ticks += 2001 + (uint64_t)rand() % 100;
        }
        analyze(&run, &builder);
        compare(&run.facts, model);
        analyzed_free(&run);
        builder_free(&builder);
        free(model);
    }
}

/* Correct programs whose events of different threads are stamped a little out of order: everything
 * must still be matched. Addresses are handed over hot from thread to thread. */
static void jittered_stamps_still_match(void **state) {
    (void)state;
    srand(4);
    for (int round = 0; round < 30; round++) {
        struct built_event *events[THREADS];
        size_t counts[THREADS] = {0};
        uint64_t last[THREADS] = {0};
        bool live[SLOTS] = {false};
        uint64_t leaked = 0, allocations = 0, frees = 0;
        uint64_t ticks = 10000;
        struct builder builder;
        struct analyzed run;

        for (int i = 0; i < THREADS; i++)
            events[i] = calloc(STEPS, sizeof(**events));
        for (int step = 0; step < STEPS; step++) {
            /* Few addresses, so that one is freed and given out again at once. */
            int slot = rand() % 3 ? rand() % 4 : rand() % SLOTS;
            int thread = rand() % THREADS;
            uint64_t stamp = ticks - (uint64_t)rand() % 400;

            stamp = stamp < last[thread] ? last[thread] : stamp;
            last[thread] = stamp;
            events[thread][counts[thread]++] = (struct built_event){
                live[slot] ? MT_OP_FREE : MT_OP_ALLOC, 1, 0x1000 + 16 * (uint64_t)slot, 1, stamp};
            allocations += !live[slot];
            frees += live[slot];
            leaked += live[slot] ? (uint64_t)-1 : 1;
            live[slot] = !live[slot];
            ticks += 100 + (uint64_t)rand() % 300;
        }
        builder_begin(&builder);
        builder_simple_context(&builder, 1);
        for (uint32_t i = 0; i < THREADS; i++) {
            builder_events(&builder, i + 1, events[i], counts[i]);
            free(events[i]);
        }
        analyze(&run, &builder);
        assert_int_equal(run.facts.allocations, allocations);
        assert_int_equal(run.facts.frees, frees);
        assert_int_equal(run.facts.unmatched_frees, 0);
        assert_int_equal(run.facts.missed_frees, 0);
        assert_int_equal(run.facts.live, leaked);
        assert_int_equal(run.facts.live_blocks, leaked);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

static void many_live_blocks_grow_the_table(void **state) {
    enum { COUNT = 200000 };
    struct built_event *events = calloc(2 * COUNT, sizeof(*events));
    struct builder builder;
    struct analyzed run;

    (void)state;
    for (uint64_t i = 0; i < COUNT; i++) {
        events[i] = (struct built_event){MT_OP_ALLOC, 1, 0x7f0000000000 + 32 * i, 24, 2000 + i};
        /* Freed in another order, every tenth kept. */
        events[COUNT + i] = (struct built_event){i % 10 ? MT_OP_FREE : MT_OP_ALLOC, 1,
                                                 i % 10 ? 0x7f0000000000 + 32 * ((i * 7) % COUNT)
                                                        : 0x600000000000 + 32 * i,
                                                 1, 2000 + COUNT + i};
    }
    builder_begin(&builder);
    builder_simple_context(&builder, 1);
    builder_events(&builder, 1, events, COUNT);
    builder_events(&builder, 1, events + COUNT, COUNT);
    analyze(&run, &builder);
    assert_int_equal(run.facts.unmatched_frees, 0);
    assert_int_equal(run.facts.live_blocks, 2 * (COUNT / 10));
    assert_int_equal(run.facts.live, 24 * (COUNT / 10) + COUNT / 10);
    assert_int_equal(run.facts.peak, 24 * COUNT + 1);
    analyzed_free(&run);
    builder_free(&builder);
    free(events);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(realloc_is_an_allocation_and_a_free),
        cmocka_unit_test(temporary_means_no_other_allocation_in_between),
        cmocka_unit_test(missed_and_unmatched_frees),
        cmocka_unit_test(free_after_reuse_belongs_to_the_old_block),
        cmocka_unit_test(free_before_its_allocation_is_matched),
        cmocka_unit_test(mismatched_families_are_found),
        cmocka_unit_test(random_events_match_the_model),
        cmocka_unit_test(jittered_stamps_still_match),
        cmocka_unit_test(many_live_blocks_grow_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
