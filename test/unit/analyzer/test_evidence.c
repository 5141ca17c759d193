/* What is collected for advice, by hand. */
#include "observed.h"

#include "model/advice/collect.h"
#include "model/advice/group.h"
#include "model/advice/rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct observed seen;
static const struct evidence *evidence;

/* Contexts 1 to 4; the events are of thread 1. */
static void begin(struct builder *builder, const struct built_event *events, size_t count) {
    builder_begin(builder);
    builder_process_text(builder, "capture", "interposed");
    for (uint32_t i = 1; i <= 4; i++)
        builder_simple_context(builder, i);
    builder_events(builder, 1, events, count);
}

static void collect(struct builder *builder) {
    builder_end(builder, 100000);
    observe(&seen, builder, &advice_observer, NULL, NULL, NULL);
    evidence = evidence_of(seen.observer);
}

static void end(struct builder *builder) {
    observed_free(&seen);
    builder_free(builder);
}

static const struct context_evidence *context(uint32_t id) {
    return &evidence->contexts[defs_context(&evidence->trace->defs, id)];
}

static const struct regrowths *regrowths(uint32_t id) {
    assert_int_not_equal(context(id)->regrowth, 0);
    return &evidence->regrowth.contexts.items[context(id)->regrowth - 1];
}

/* A block that a realloc ends is not temporary here; nor is it tiny for long. */
static void test_temporary(void **state) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, 0x1000, 10, 2000},         {MT_OP_FREE, 4, 0x1000, 0, 2001},
        {MT_OP_ALLOC, 1, 0x1000, 40, 2002},         {MT_OP_FREE, 4, 0x1000, 0, 2003},
        {MT_OP_ALLOC, 1, 0x1000, 12, 2004},         {MT_OP_ALLOC, 2, 0x2000, 8, 2005},
        {MT_OP_FREE, 4, 0x1000, 0, 2006},           {MT_OP_REALLOC_FREE, 3, 0x2000, 0, 2007},
        {MT_OP_REALLOC_ALLOC, 3, 0x2000, 16, 2008}, {MT_OP_FREE, 4, 0x2000, 0, 2009},
    };
    struct builder builder;

    (void)state;
    begin(&builder, events, COUNT(events));
    collect(&builder);
    assert_int_equal(context(1)->allocations, 3);
    assert_int_equal(context(1)->temporary, 2);
    assert_int_equal(context(1)->temporary_bytes, 50);
    assert_int_equal(context(1)->temporary_min, 10);
    assert_int_equal(context(1)->temporary_max, 40);
    assert_int_equal(context(1)->tiny, 1);
    assert_int_equal(context(1)->tiny_bytes, 12);
    assert_int_equal(context(2)->temporary, 0);
    assert_int_equal(context(2)->tiny, 1);
    assert_int_equal(context(3)->temporary, 1);
    assert_int_equal(context(3)->tiny, 0);
    assert_int_equal(evidence->allocations, 4);
    assert_int_equal(evidence->frees, 4);
    end(&builder);
}

/* In place, moved, moved by the kernel; then smaller, which ends the chain, and larger again. */
static void test_reallocs(void **state) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, 0x1000, 100, 2000},
        {MT_OP_REALLOC_FREE, 2, 0x1000, 0, 2001},
        {MT_OP_REALLOC_ALLOC, 2, 0x1000, 200, 2002},
        {MT_OP_REALLOC_FREE, 2, 0x1000, 0, 2003},
        {MT_OP_REALLOC_ALLOC, 2, 0x7f0000000010, 200000, 2004},
        {MT_OP_REALLOC_FREE, 2, 0x7f0000000010, 0, 2005},
        {MT_OP_REALLOC_ALLOC, 2, 0x7f0000100010, 300000, 2006},
        {MT_OP_REALLOC_FREE, 2, 0x7f0000100010, 0, 2007},
        {MT_OP_REALLOC_ALLOC, 2, 0x2000, 50, 2008},
        {MT_OP_REALLOC_FREE, 2, 0x2000, 0, 2009},
        {MT_OP_REALLOC_ALLOC, 2, 0x3000, 60, 2010},
        {MT_OP_FREE, 4, 0x3000, 0, 2011},
    };
    struct builder builder;

    (void)state;
    begin(&builder, events, COUNT(events));
    collect(&builder);
    assert_true(regrowths(2)->by_realloc);
    assert_int_equal(regrowths(2)->steps, 5);
    assert_int_equal(regrowths(2)->growths, 4);
    assert_int_equal(regrowths(2)->moved, 4);
    assert_int_equal(regrowths(2)->copied_bytes, 200 + 200000 + 50 + 50);
    assert_int_equal(regrowths(2)->remapped_bytes, 200000);
    assert_int_equal(regrowths(2)->chains, 2);
    assert_int_equal(regrowths(2)->chain_growths, 4);
    assert_int_equal(regrowths(2)->longest, 3);
    assert_int_equal(regrowths(2)->final_bytes, 300000 + 60);
    assert_int_equal(regrowths(2)->final_min, 60);
    assert_int_equal(regrowths(2)->final_max, 300000);
    assert_int_equal(regrowths(2)->volume, 100 + 200 + 200000 + 50);
    assert_int_equal(context(1)->regrowth, 0);
    assert_int_equal(context(1)->shrinks, 0);
    assert_int_equal(evidence->shrinks.count, 1);
    assert_int_equal(evidence->shrinks.items[0].blocks, 1);
    assert_int_equal(evidence->shrinks.items[0].before_bytes, 300000);
    assert_int_equal(evidence->shrinks.items[0].given_back_bytes, 299950);
    assert_int_equal(evidence->shrinks.items[0].at_peak_bytes, 299950);
    assert_int_equal(evidence->shrinks.items[0].epoch, evidence->epoch);
    end(&builder);
}

/* A chain that is live at the end; a realloc of which the second half is missing; one of a block
 * that is not known. */
static void test_open_realloc(void **state) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, 0x1000, 100, 2000},
        {MT_OP_REALLOC_FREE, 2, 0x1000, 0, 2001},
        {MT_OP_REALLOC_ALLOC, 2, 0x1100, 200, 2002},
        {MT_OP_ALLOC, 1, 0x2000, 10, 2003},
        {MT_OP_REALLOC_FREE, 2, 0x2000, 0, 2004},
        {MT_OP_ALLOC, 1, 0x2000, 20, 2005},
        {MT_OP_FREE, 4, 0x2000, 0, 2006},
        {MT_OP_REALLOC_ALLOC, 3, 0x3000, 20, 2007},
        {MT_OP_REALLOC_FREE, 3, 0x9000, 0, 2008},
        {MT_OP_REALLOC_ALLOC, 3, 0x9100, 20, 2009},
    };
    struct builder builder;

    (void)state;
    begin(&builder, events, COUNT(events));
    collect(&builder);
    assert_int_equal(regrowths(2)->steps, 1);
    assert_int_equal(regrowths(2)->chains, 1);
    assert_int_equal(regrowths(2)->final_bytes, 200);
    assert_int_equal(context(3)->regrowth, 0);
    end(&builder);
}

/* A larger block, then the free of the one before it; but nested temporary blocks, smaller
 * successors and old blocks are other things. */
static void test_replaced(void **state) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, 0x1000, 16, 2000}, {MT_OP_ALLOC, 1, 0x2000, 32, 2001},
        {MT_OP_FREE, 4, 0x1000, 0, 2002},   {MT_OP_ALLOC, 1, 0x3000, 64, 2003},
        {MT_OP_FREE, 4, 0x2000, 0, 2004},   {MT_OP_FREE, 4, 0x3000, 0, 2005},
        {MT_OP_ALLOC, 2, 0x4000, 16, 2006}, {MT_OP_ALLOC, 2, 0x5000, 32, 2007},
        {MT_OP_FREE, 4, 0x5000, 0, 2008},   {MT_OP_FREE, 4, 0x4000, 0, 2009},
        {MT_OP_ALLOC, 3, 0x6000, 32, 2010}, {MT_OP_ALLOC, 3, 0x7000, 16, 2011},
        {MT_OP_FREE, 4, 0x6000, 0, 2012},   {MT_OP_ALLOC, 4, 0x8000, 16, 2013},
        {MT_OP_ALLOC, 4, 0x8100, 16, 2014}, {MT_OP_ALLOC, 4, 0x8200, 32, 2015},
        {MT_OP_FREE, 4, 0x8000, 0, 2016},
    };
    struct builder builder;

    (void)state;
    begin(&builder, events, COUNT(events));
    collect(&builder);
    assert_false(regrowths(1)->by_realloc);
    assert_int_equal(regrowths(1)->steps, 2);
    assert_int_equal(regrowths(1)->copied_bytes, 48);
    assert_int_equal(regrowths(1)->chains, 1);
    assert_int_equal(regrowths(1)->longest, 2);
    assert_int_equal(regrowths(1)->final_bytes, 64);
    for (uint32_t id = 2; id <= 4; id++)
        assert_int_equal(context(id)->regrowth, 0);
    end(&builder);
}

/* Who frees whose blocks, and what threads hold at the peak. */
static void test_threads(void **state) {
    struct built_event first[20], second[12];
    struct builder builder;
    const struct thread_pairs *pairs;

    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        first[i] = (struct built_event){MT_OP_ALLOC, 1, 0x1000 + 64 * i, 50, 2000 + 10 * i};
        second[i] = (struct built_event){MT_OP_FREE, 4, 0x1000 + 64 * i, 0, 12000 + 10 * i};
    }
    second[9].op = MT_OP_ALLOC;
    second[9].context = 2;
    second[9].address = 0x9000;
    second[9].size = 7;
    second[10] = (struct built_event){MT_OP_FREE, 4, 0x9000, 0, 12500};
    begin(&builder, first, 10);
    builder_events(&builder, 2, second, 11);
    collect(&builder);
    assert_int_equal(context(1)->cross_frees, 9);
    assert_int_equal(context(2)->cross_frees, 0);
    assert_int_equal(context(2)->temporary, 1);
    pairs = &evidence->pairs.items[context(1)->pairs - 1];
    assert_int_equal(pairs->count, 1);
    assert_int_equal(pairs->items[0].frees, 9);
    assert_int_equal(evidence->peak, 500);
    assert_int_equal(evidence->streams[0].at_peak, 500);
    assert_int_equal(evidence->streams[1].at_peak, 0);
    end(&builder);
}

/* The three innermost functions are a place, whoever calls them and on whichever lines. */
static void test_groups(void **state) {
    static const struct built_frame frames[] = {
        {"leaf", "a.c", 1, 1, 0},  {"middle", "a.c", 2, 1, 0}, {"outer", "a.c", 3, 1, 0},
        {"other", "a.c", 4, 1, 0}, {"leaf", "a.c", 9, 1, 0},   {"middle", "a.c", 8, 1, 0},
    };
    static const struct built_context contexts[] = {
        {1, 0, 4}, {2, 1, 3}, {3, 2, 2},  {4, 3, 1}, /* leaf, middle, outer, other */
        {5, 0, 3}, {6, 5, 6}, {7, 6, 5},             /* leaf, middle, outer */
        {8, 0, 4}, {9, 8, 2}, {10, 9, 1},            /* leaf, middle, other */
    };
    struct builder builder;
    const struct defs *defs;

    (void)state;
    builder_begin(&builder);
    for (uint32_t i = 0; i < COUNT(frames); i++)
        builder_site(&builder, i + 1, 100 + i, 1, 0, NULL, &frames[i], 1);
    builder_contexts(&builder, contexts, COUNT(contexts));
    collect(&builder);
    defs = &evidence->trace->defs;
    assert_true(group_key(defs, defs_context(defs, 4)) == group_key(defs, defs_context(defs, 7)));
    assert_true(group_key(defs, defs_context(defs, 4)) != group_key(defs, defs_context(defs, 10)));
    end(&builder);
}

/* Three threads that allocate as much, of which one holds as many of the peak's 4 MiB. */
static bool thread_holds(unsigned thread, uint64_t held, unsigned busy, uint64_t peak) {
    static const struct built_event event = {MT_OP_ALLOC, 1, 0x1000, 50, 2000};
    struct stream_evidence streams[3] = {{0}};
    struct evidence of = {.streams = streams, .stream_count = 3, .peak = peak};
    struct finding finding = {.kind = FINDING_THREAD_PEAK};
    struct builder builder;
    bool found;

    begin(&builder, &event, 1);
    for (uint32_t id = 2; id <= 3; id++)
        builder_events(&builder, id, &(struct built_event){MT_OP_ALLOC, 1, 0x1000 * id, 50, 3000},
                       1);
    for (uint32_t id = 1; id <= 3; id++)
        builder_thread(&builder, id, 4320 + id, "thread");
    collect(&builder);
    of.trace = evidence->trace;
    for (unsigned i = 0; i < busy; i++)
        streams[i].allocated_bytes = 1 << 30;
    streams[thread - 1].at_peak = held;
    found = rule_thread(&of, &finding);
    if (found) {
        assert_int_equal(finding.thread, thread);
        assert_int_equal(finding.held_bytes, held);
        assert_int_equal(finding.saves_bytes, held - peak / busy);
    }
    end(&builder);
    return found;
}

static void test_thread_peak(void **state) {
    uint64_t peak = 4 << 20;

    (void)state;
    assert_true(thread_holds(2, peak / 4 * 3, 3, peak));
    assert_false(thread_holds(2, peak / 4 * 3 - 8, 3, peak));
    assert_false(thread_holds(1, peak, 3, peak));
    assert_false(thread_holds(2, peak, 2, peak));
    assert_false(thread_holds(2, peak / 8, 3, peak / 8));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_temporary),    cmocka_unit_test(test_reallocs),
        cmocka_unit_test(test_open_realloc), cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_threads),      cmocka_unit_test(test_groups),
        cmocka_unit_test(test_thread_peak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
