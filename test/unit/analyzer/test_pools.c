/* The blocks of custom allocators: how each ends, and against a slow and simple model. */
#include "test.h"

#include "model/pools.h"

#include <stdlib.h>
#include <string.h>

enum { A = 0x10000, B = 0x20000, C = 0x30000, ARENA = 0x7f000, OTHER = 0x7f100 };

/* Site and context `id` of a call of a function of the pool. */
static void pool_context(struct builder *builder, uint32_t id, uint32_t parent, const char *pool) {
    struct bytes payload = {0};
    uint64_t hash = 1000 + id;
    uint8_t bytes[2] = {MT_API_UNKNOWN, MT_SITE_CALL};

    bytes_varint(&payload, 2);
    bytes_string(&payload, "caller");
    bytes_string(&payload, pool);
    bytes_varint(&payload, id);
    bytes_add(&payload, &hash, sizeof(hash));
    bytes_add(&payload, bytes, sizeof(bytes));
    bytes_varint(&payload, 0);
    bytes_varint(&payload, 0);
    bytes_varint(&payload, 2); /* pool */
    bytes_varint(&payload, 0);
    bytes_varint(&payload, 1);
    bytes_varint(&payload, 1);
    for (int i = 0; i < 4; i++)
        bytes_varint(&payload, 0);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_SITES, .count = 1}, &payload);
    bytes_free(&payload);
    builder_context(builder, id, parent, id);
}

/* Contexts 1 and 2 of the pools "arena" and "slab", 3 of the heap. */
static void begin(struct builder *builder) {
    builder_begin(builder);
    pool_context(builder, 1, 0, "arena");
    pool_context(builder, 2, 0, "slab");
    builder_simple_context(builder, 3);
}

static uint64_t now;

static void event(struct builder *builder, uint8_t op, uint64_t address, uint64_t size,
                  uint32_t context) {
    struct built_event built = {op, context, address, size, now += 10000};

    builder_events(builder, 1, &built, 1);
}

static void pool_event(struct builder *builder, uint8_t op, uint64_t pool, uint64_t address,
                       uint64_t size, uint32_t context) {
    event(builder, MT_OP_IN_POOL, pool, 0, context);
    event(builder, op, address, size, context);
}

struct outcome {
    struct analyzed heap;
    struct pools pools;
    struct facts facts; /* of the pool "arena" */
};

static void run(struct outcome *outcome, struct builder *builder) {
    struct error error;

    analyze(&outcome->heap, builder);
    if (!pools_run(&outcome->pools, &outcome->heap.trace, "arena", &outcome->facts, &error))
        fail_msg("%s", error.text);
    builder_free(builder);
}

static void run_free(struct outcome *outcome) {
    facts_free(&outcome->facts);
    pools_free(&outcome->pools);
    analyzed_free(&outcome->heap);
}

static const struct pool *pool_named(const struct outcome *outcome, const char *name) {
    for (size_t i = 0; i < outcome->pools.pools.count; i++) {
        if (strcmp(outcome->pools.pools.items[i].name, name) == 0)
            return &outcome->pools.pools.items[i];
    }
    fail_msg("no pool %s", name);
    return NULL;
}

static void blocks_of_pools_are_no_blocks_of_the_heap(void **state) {
    struct builder builder;
    struct outcome outcome;
    const struct pool *arena;

    (void)state;
    begin(&builder);
    event(&builder, MT_OP_ALLOC, A, 1000, 3);
    event(&builder, MT_OP_POOL_ALLOC, A, 10, 1);
    event(&builder, MT_OP_POOL_ALLOC, A + 16, 20, 1);
    event(&builder, MT_OP_POOL_FREE, A + 16, 0, 1);
    run(&outcome, &builder);
    assert_int_equal(outcome.heap.facts.allocations, 1);
    assert_int_equal(outcome.heap.facts.frees, 0);
    assert_int_equal(outcome.heap.facts.live, 1000);
    assert_int_equal(outcome.heap.facts.unmatched_frees, 0);
    arena = pool_named(&outcome, "arena");
    assert_int_equal(arena->counters.allocations, 2);
    assert_int_equal(arena->counters.allocated_bytes, 30);
    assert_int_equal(arena->counters.peak, 30);
    assert_int_equal(arena->counters.live, 10);
    assert_int_equal(arena->counters.ended[POOL_END_FREED], 1);
    /* And the same as a report's facts. */
    assert_int_equal(outcome.facts.allocations, 2);
    assert_int_equal(outcome.facts.frees, 1);
    assert_int_equal(outcome.facts.peak, 30);
    assert_int_equal(outcome.facts.live, 10);
    assert_int_equal(outcome.facts.contexts[1].allocations, 2);
    run_free(&outcome);
}

static void a_pool_ends_as_a_whole(void **state) {
    struct builder builder;
    struct outcome outcome;
    const struct pool *arena;

    (void)state;
    begin(&builder);
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, A, 10, 1);
    pool_event(&builder, MT_OP_POOL_ALLOC, OTHER, B, 10, 1);
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, A + 16, 10, 1);
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, C, 10, 2);
    pool_event(&builder, MT_OP_POOL_FREE, ARENA, ARENA, 0, 1);
    /* Again, and one that never was. */
    pool_event(&builder, MT_OP_POOL_FREE, ARENA, ARENA, 0, 1);
    pool_event(&builder, MT_OP_POOL_FREE, C, C, 0, 1);
    run(&outcome, &builder);
    arena = pool_named(&outcome, "arena");
    assert_int_equal(arena->counters.ended[POOL_END_WITH_POOL], 2);
    assert_int_equal(arena->counters.live_blocks, 1);
    assert_int_equal(arena->unmatched_frees, 0);
    assert_int_equal(arena->instances, 2);
    assert_int_equal(pool_named(&outcome, "slab")->counters.live_blocks, 1);
    assert_int_equal(outcome.facts.frees, 2);
    run_free(&outcome);
}

static void blocks_end_with_the_heap_block_around_them(void **state) {
    struct builder builder;
    struct outcome outcome;

    (void)state;
    begin(&builder);
    event(&builder, MT_OP_ALLOC, A, 0x3000, 3);
    event(&builder, MT_OP_POOL_ALLOC, A, 8, 1);
    event(&builder, MT_OP_POOL_ALLOC, A + 0x2fff, 8, 1);
    event(&builder, MT_OP_POOL_ALLOC, A + 0x3000, 8, 1);
    event(&builder, MT_OP_POOL_ALLOC, A - 16, 16, 1);
    event(&builder, MT_OP_REALLOC_FREE, A, 0, 3);
    event(&builder, MT_OP_REALLOC_ALLOC, B, 0x4000, 3);
    event(&builder, MT_OP_POOL_ALLOC, B + 8, 8, 2);
    event(&builder, MT_OP_ALLOC, B, 8, 3); /* its free was missed */
    run(&outcome, &builder);
    assert_int_equal(pool_named(&outcome, "arena")->counters.ended[POOL_END_WITH_HEAP], 2);
    assert_int_equal(pool_named(&outcome, "arena")->counters.live_blocks, 2);
    assert_int_equal(pool_named(&outcome, "slab")->counters.ended[POOL_END_WITH_HEAP], 1);
    run_free(&outcome);
}

static void what_is_handed_out_again_has_ended(void **state) {
    struct builder builder;
    struct outcome outcome;

    (void)state;
    begin(&builder);
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, A, 100, 1);
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, A + 100, 10, 1);
    pool_event(&builder, MT_OP_POOL_ALLOC, OTHER, A + 50, 10, 1); /* a pool within */
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, A, 101, 1);
    run(&outcome, &builder);
    assert_int_equal(pool_named(&outcome, "arena")->counters.ended[POOL_END_REUSED], 2);
    assert_int_equal(pool_named(&outcome, "arena")->counters.live_blocks, 2);
    assert_int_equal(outcome.facts.missed_frees, 2);
    run_free(&outcome);
}

static void what_is_only_passed_on_is_no_error(void **state) {
    struct builder builder;
    struct outcome outcome;

    (void)state;
    begin(&builder);
    /* A wrapper of free(), one of another pool's function, and realloc with a header. */
    event(&builder, MT_OP_ALLOC, A, 100, 3);
    event(&builder, MT_OP_POOL_FREE, A, 0, 1);
    event(&builder, MT_OP_FREE, A, 0, 3);
    event(&builder, MT_OP_POOL_ALLOC, B, 64, 1);
    event(&builder, MT_OP_POOL_ALLOC, B, 8, 2);
    event(&builder, MT_OP_POOL_FREE, B, 0, 2);
    event(&builder, MT_OP_POOL_FREE, B, 0, 2);
    event(&builder, MT_OP_ALLOC, C, 100, 3);
    event(&builder, MT_OP_POOL_ALLOC, C + 16, 84, 2);
    event(&builder, MT_OP_REALLOC_FREE, C, 0, 3);
    event(&builder, MT_OP_REALLOC_ALLOC, C, 200, 3);
    event(&builder, MT_OP_POOL_FREE, C + 16, 0, 2);
    event(&builder, MT_OP_POOL_ALLOC, C + 16, 184, 2);
    /* But this is. */
    event(&builder, MT_OP_POOL_FREE, C + 32, 0, 2);
    run(&outcome, &builder);
    assert_int_equal(pool_named(&outcome, "arena")->unmatched_frees, 0);
    assert_int_equal(pool_named(&outcome, "arena")->counters.live_blocks, 1);
    assert_int_equal(pool_named(&outcome, "slab")->unmatched_frees, 1);
    assert_int_equal(pool_named(&outcome, "slab")->counters.live_blocks, 1);
    assert_int_equal(pool_named(&outcome, "slab")->counters.ended[POOL_END_FREED], 1);
    assert_int_equal(outcome.heap.facts.unmatched_frees, 0);
    run_free(&outcome);
}

/* A deallocation under another name than the allocation's is taken for it. */
static void names_need_not_agree(void **state) {
    struct builder builder;
    struct outcome outcome;

    (void)state;
    begin(&builder);
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, A, 64, 1);
    event(&builder, MT_OP_POOL_FREE, A, 0, 2);
    pool_event(&builder, MT_OP_POOL_ALLOC, ARENA, B, 64, 1);
    pool_event(&builder, MT_OP_POOL_FREE, OTHER, B, 0, 1);
    run(&outcome, &builder);
    assert_int_equal(pool_named(&outcome, "arena")->counters.ended[POOL_END_FREED], 2);
    assert_int_equal(pool_named(&outcome, "arena")->counters.live_blocks, 0);
    run_free(&outcome);
}

/* Many pools come and go; the largest are kept, and those that live. */
static void instances_are_bounded(void **state) {
    enum { POOLS = 40000, LIVE = 3000 };
    struct built_event *events = calloc(4 * POOLS, sizeof(*events));
    struct builder builder;
    struct outcome outcome;
    size_t count = 0;

    (void)state;
    assert_non_null(events);
    begin(&builder);
    for (uint64_t i = 0; i < POOLS; i++) {
        uint64_t pool = ARENA + (i << 20);

        events[count++] = (struct built_event){MT_OP_IN_POOL, 1, pool, 0, ++now};
        events[count++] =
            (struct built_event){MT_OP_POOL_ALLOC, 1, pool + 64, i == 7 ? 5000 : 1, ++now};
        if (i % 13 == 0 && i / 13 < LIVE)
            continue;
        events[count++] = (struct built_event){MT_OP_IN_POOL, 1, pool, 0, ++now};
        events[count++] = (struct built_event){MT_OP_POOL_FREE, 1, pool, 0, ++now};
    }
    builder_events(&builder, 1, events, count);
    free(events);
    run(&outcome, &builder);
    assert_int_equal(pool_named(&outcome, "arena")->instances, POOLS);
    assert_int_equal(pool_named(&outcome, "arena")->counters.live_blocks, LIVE);
    assert_true(outcome.pools.instances.count < 20000);
    assert_int_equal(outcome.pools.instances.items[0].counters.peak, 5000);
    assert_int_equal(outcome.pools.instances.items[0].identity, ARENA + (7 << 20));
    count = 0;
    for (size_t i = 0; i < outcome.pools.instances.count; i++)
        count += outcome.pools.instances.items[i].counters.live_blocks;
    assert_int_equal(count, LIVE);
    run_free(&outcome);
}

enum { PLACES = 400, STEPS = 20000, STEP = 96 };

/* What lies at a place: a block of the heap around it, one of each pool in it. */
struct model {
    struct {
        uint64_t size;
        uint64_t instance; /* 0 nothing */
    } blocks[2][PLACES];
    uint64_t heap[PLACES];
    struct pool_counters counters[2];
};

static uint64_t place(int index) {
    return A + (uint64_t)index * STEP;
}

static void model_end(struct model *model, int pool, int at, enum pool_end how) {
    if (!model->blocks[pool][at].instance)
        return;
    model->counters[pool].live -= model->blocks[pool][at].size;
    model->counters[pool].live_blocks--;
    model->blocks[pool][at].instance = 0;
    model->counters[pool].ended[how]++;
}

static void model_end_heap(struct model *model, int at) {
    for (int i = at; i < PLACES && place(i) < place(at) + model->heap[at]; i++) {
        for (int pool = 0; pool < 2; pool++)
            model_end(model, pool, i, POOL_END_WITH_HEAP);
    }
    model->heap[at] = 0;
}

static void step(struct model *model, struct builder *builder) {
    int at = rand() % PLACES, pool = rand() % 2, kind = rand() % 20;
    uint64_t size = 1 + (uint64_t)rand() % (rand() % 4 ? 90 : 3000);
    uint64_t instance = ARENA + (uint64_t)(rand() % 3) * 0x100;
    uint32_t context = (uint32_t)pool + 1;

    if (kind < 2) {
        model_end_heap(model, at);
        event(builder, MT_OP_ALLOC, place(at), size, 3);
        model->heap[at] = size;
    } else if (kind < 4 && model->heap[at]) {
        model_end_heap(model, at);
        event(builder, MT_OP_FREE, place(at), 0, 3);
    } else if (kind < 12) {
        /* The model holds one block a pool and place. */
        if (model->blocks[pool][at].instance && model->blocks[pool][at].instance != instance)
            return;
        for (int i = at; i < PLACES && place(i) < place(at) + size; i++) {
            if (model->blocks[pool][i].instance == instance)
                model_end(model, pool, i, POOL_END_REUSED);
        }
        pool_event(builder, MT_OP_POOL_ALLOC, instance, place(at), size, context);
        model->blocks[pool][at].instance = instance;
        model->blocks[pool][at].size = size;
        model->counters[pool].allocations++;
        model->counters[pool].live += size;
        model->counters[pool].live_blocks++;
        if (model->counters[pool].live > model->counters[pool].peak)
            model->counters[pool].peak = model->counters[pool].live;
    } else if (kind < 19 && model->blocks[pool][at].instance) {
        pool_event(builder, MT_OP_POOL_FREE, rand() % 2 ? instance : OTHER + 0x5000, place(at), 0,
                   context);
        model_end(model, pool, at, POOL_END_FREED);
    } else if (kind == 19 && rand() % 8 == 0) {
        pool_event(builder, MT_OP_POOL_FREE, instance, instance, 0, context);
        for (int i = 0; i < PLACES; i++) {
            if (model->blocks[pool][i].instance == instance)
                model_end(model, pool, i, POOL_END_WITH_POOL);
        }
    }
}

static void agrees_with_a_simple_model(void **state) {
    (void)state;
    for (unsigned seed = 1; seed <= 3; seed++) {
        struct model *model = calloc(1, sizeof(*model));
        struct builder builder;
        struct outcome outcome;

        assert_non_null(model);
        srand(seed);
        begin(&builder);
        for (int i = 0; i < STEPS; i++)
            step(model, &builder);
        run(&outcome, &builder);
        for (int i = 0; i < 2; i++) {
            const struct pool *pool = pool_named(&outcome, i ? "slab" : "arena");
            struct pool_counters counters = pool->counters;

            counters.allocated_bytes = 0;
            assert_memory_equal(&counters, &model->counters[i], sizeof(counters));
            assert_int_equal(pool->unmatched_frees, 0);
        }
        assert_int_equal(outcome.facts.live, model->counters[0].live);
        assert_int_equal(outcome.facts.peak, model->counters[0].peak);
        run_free(&outcome);
        free(model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_pools_are_no_blocks_of_the_heap),
        cmocka_unit_test(a_pool_ends_as_a_whole),
        cmocka_unit_test(blocks_end_with_the_heap_block_around_them),
        cmocka_unit_test(what_is_handed_out_again_has_ended),
        cmocka_unit_test(what_is_only_passed_on_is_no_error),
        cmocka_unit_test(names_need_not_agree),
        cmocka_unit_test(instances_are_bounded),
        cmocka_unit_test(agrees_with_a_simple_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
