/* What is reachable, by hand: from every kind of root, through blocks, and what does not count; and
 * scans that are malformed, which count as none. */
#include "test.h"

#include "model/reach.h"
#include "trace/references.h"

#include <stdlib.h>

/* Blocks, in pages of their own, so that what lies beside them is no allocator's. */
#define AT(n) (UINT64_C(0x600000000000) + (uint64_t)(n)*0x10000)
#define VARIABLE UINT64_C(0x500000000000)
#define LIBRARY UINT64_C(0x500000100000)
#define STACK UINT64_C(0x700000000000)
#define ENDED UINT64_C(0x700000100000)
#define LOCAL UINT64_C(0x700000200000)
#define MAPPED UINT64_C(0x700000300000)

static const struct built_region regions[] = {
    {MT_REGION_OBJECT, VARIABLE, 4096, "/opt/demo"},
    {MT_REGION_OBJECT, LIBRARY, 4096, "/usr/lib/libc.so.6"},
    {MT_REGION_STACK, STACK + 256, 65536 - 256, ""},
    {MT_REGION_ENDED, ENDED, 65536, ""},
    {MT_REGION_TLS, LOCAL + 64, 64, ""},
};

static uint64_t ticks;

static void begin(struct builder *builder, const char *capture) {
    builder_begin(builder);
    builder_process_text(builder, "capture", capture);
    for (uint32_t i = 1; i <= 12; i++)
        builder_simple_context(builder, i);
    ticks = 2000;
}

/* A block of a context. */
static void allocate(struct builder *builder, uint32_t context, uint64_t address, uint64_t size) {
    const struct built_event event = {MT_OP_ALLOC, context, address, size, ticks += 1000};

    builder_events(builder, 1, &event, 1);
}

static void end_block(struct builder *builder, uint64_t address) {
    const struct built_event event = {MT_OP_FREE, 1, address, 0, ticks += 1000};

    builder_events(builder, 1, &event, 1);
}

static void finish(struct builder *builder, const struct built_word *words, size_t count) {
    builder_words(builder, words, count);
    builder_regions(builder, regions, sizeof(regions) / sizeof(regions[0]));
    builder_scan(builder, MT_SCAN_DONE, MT_SCAN_REGISTERS, count);
    builder_end(builder, ticks + 1000);
}
#define FINISH(builder, words) finish(builder, words, sizeof(words) / sizeof((words)[0]))

static const struct reach_counts *of(const struct analyzed *run, uint32_t context) {
    assert_non_null(run->facts.reach);
    return &run->facts.reach->contexts[defs_context(&run->trace.defs, context)];
}

static void assert_reachable(const struct analyzed *run, uint32_t context) {
    assert_int_equal(of(run, context)->unreachable_blocks, 0);
    assert_true(of(run, context)->reachable_blocks > 0);
}

static void assert_unreachable(const struct analyzed *run, uint32_t context) {
    assert_true(of(run, context)->unreachable_blocks > 0);
    assert_int_equal(of(run, context)->reachable_blocks, 0);
}

static void roots_are_told_by_their_places(void **state) {
    const struct built_word words[] = {
        {VARIABLE + 8, AT(1)}, {AT(20) + 8, AT(6)}, {STACK + 8, AT(7)},     {STACK + 512, AT(2)},
        {ENDED + 512, AT(8)},  {LOCAL + 64, AT(3)}, {MAPPED + 4088, AT(4)},
    };
    const uint64_t registers[] = {AT(5) + 5, 17};
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "interposed");
    for (uint32_t i = 1; i <= 8; i++)
        allocate(&builder, i, AT(i), 16);
    allocate(&builder, 9, AT(20), 16);
    end_block(&builder, AT(20));
    builder_registers(&builder, registers, 2);
    FINISH(&builder, words);
    analyze(&run, &builder);
    for (uint32_t i = 1; i <= 5; i++)
        assert_reachable(&run, i);
    assert_unreachable(&run, 6); /* freed memory held it */
    assert_reachable(&run, 7);   /* below the stack, but in no region that says so */
    assert_unreachable(&run, 8); /* the stack of a thread that has ended */
    assert_int_equal(run.facts.reach->sums.unreachable_blocks, 2);
    assert_int_equal(run.facts.reach->sums.indirect_blocks, 0);
    assert_int_equal(run.facts.reach->sums.reachable_bytes, 6 * 16);
    analyzed_free(&run);
    builder_free(&builder);
}

static void where_blocks_may_be_missing_freed_memory_counts(void **state) {
    const struct built_word words[] = {{AT(20) + 8, AT(1)}};
    const char *const captures[] = {"calls-only", "redirected", "interposed"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct builder builder;
        struct analyzed run;

        begin(&builder, captures[i]);
        allocate(&builder, 1, AT(1), 16);
        allocate(&builder, 2, AT(20), 16);
        end_block(&builder, AT(20));
        if (i == 2)
            builder_loss(&builder, 1, 5, MT_LOSS_BUFFERS_FULL);
        FINISH(&builder, words);
        analyze(&run, &builder);
        assert_reachable(&run, 1);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

/* 1: into the midst. 2: behind the end. 3: size 0. 4: new[] of nothing, behind its count. 5: the
 * same of malloc. 6: before it. */
static void pointers_lead_into_blocks(void **state) {
    const struct built_frame frame = {"make", "file.cc", 4, 1, 0};
    const struct built_word words[] = {
        {VARIABLE + 8, AT(1) + 99},   {VARIABLE + 16, AT(2) + 100}, {VARIABLE + 24, AT(3)},
        {VARIABLE + 32, AT(4) + 8},   {VARIABLE + 40, AT(5) + 8},   {VARIABLE + 48, AT(6) - 1},
        {VARIABLE + 4000, AT(7) + 1},
    };
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "interposed");
    builder_site(&builder, 20, 0x77, 3, 0, NULL, &frame, 1);
    builder_context(&builder, 20, 0, 20);
    allocate(&builder, 1, AT(1), 100);
    allocate(&builder, 2, AT(2), 100);
    allocate(&builder, 3, AT(3), 0);
    allocate(&builder, 20, AT(4), 8);
    allocate(&builder, 5, AT(5), 8);
    allocate(&builder, 6, AT(6), 100);
    allocate(&builder, 7, AT(7), 200000);
    FINISH(&builder, words);
    analyze(&run, &builder);
    assert_reachable(&run, 1);
    assert_unreachable(&run, 2);
    assert_reachable(&run, 3);
    assert_reachable(&run, 20);
    assert_unreachable(&run, 5);
    assert_unreachable(&run, 6);
    assert_reachable(&run, 7);
    analyzed_free(&run);
    builder_free(&builder);
}

/* A chain 1 -> 2 -> 3 with 3 <- 4; a ring 5 <-> 6 that holds 7; 8 holds itself; a ring 9 <-> 10
 * that is held by 1. */
static void what_holds_what_is_told_apart(void **state) {
    const struct built_word words[] = {
        {AT(1), AT(2)},      {AT(1) + 8, AT(9)}, {AT(2), AT(3)}, {AT(4), AT(3)},  {AT(5), AT(6)},
        {AT(6), AT(5) + 10}, {AT(6) + 8, AT(7)}, {AT(8), AT(8)}, {AT(9), AT(10)}, {AT(10), AT(9)},
    };
    const unsigned indirect[] = {0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1};
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "interposed");
    for (uint32_t i = 1; i <= 10; i++)
        allocate(&builder, i, AT(i), 16 + i);
    FINISH(&builder, words);
    analyze(&run, &builder);
    for (uint32_t i = 1; i <= 10; i++) {
        assert_unreachable(&run, i);
        assert_int_equal(of(&run, i)->indirect_blocks, indirect[i]);
    }
    assert_int_equal(of(&run, 5)->kept_bytes, 22 + 23);
    assert_int_equal(of(&run, 8)->kept_blocks, 0);
    /* The third is held by two, and counts for one of them. */
    assert_int_equal(of(&run, 1)->kept_blocks + of(&run, 4)->kept_blocks, 4);
    assert_int_equal(run.facts.reach->sums.kept_blocks, run.facts.reach->sums.indirect_blocks);
    assert_int_equal(run.facts.reach->sums.kept_bytes, run.facts.reach->sums.indirect_bytes);
    analyzed_free(&run);
    builder_free(&builder);
}

/* glibc notes the free piece behind a block of 24 bytes by an address in the block. */
static void lists_of_free_memory_hold_nothing(void **state) {
    const struct built_word words[] = {{VARIABLE + 8, AT(2) + 16},
                                       {LIBRARY + 8, AT(1) + 16},
                                       {LIBRARY + 16, AT(3) + 8},
                                       {LIBRARY + 24, AT(4) + 32}};
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "interposed");
    allocate(&builder, 1, AT(1), 24);
    allocate(&builder, 2, AT(2), 24);
    allocate(&builder, 3, AT(3), 24);
    allocate(&builder, 4, AT(4), 40);
    FINISH(&builder, words);
    analyze(&run, &builder);
    assert_unreachable(&run, 1);
    assert_reachable(&run, 2);
    assert_reachable(&run, 3);
    assert_unreachable(&run, 4);
    analyzed_free(&run);
    builder_free(&builder);
}

/* And holds nothing, unless something holds it. */
static void the_linkers_memory_is_its_own(void **state) {
    const struct built_word words[] = {{AT(1), AT(2)}};
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "interposed");
    builder_foreign_site(&builder, 20, 0x77, 1, "/lib64/ld-linux-x86-64.so.2", 0x1234);
    builder_context(&builder, 20, 0, 20);
    allocate(&builder, 20, AT(1), 16);
    allocate(&builder, 2, AT(2), 16);
    FINISH(&builder, words);
    analyze(&run, &builder);
    assert_reachable(&run, 20);
    assert_unreachable(&run, 2);
    assert_int_equal(of(&run, 2)->indirect_blocks, 0);
    analyzed_free(&run);
    builder_free(&builder);
}

/* A stack in a block ends with the block. */
static void a_stack_may_be_a_block(void **state) {
    const struct built_region region = {MT_REGION_STACK, AT(1) + 1024, 8192, ""};
    const struct built_word words[] = {
        {AT(1) + 512, AT(2)}, {AT(1) + 2048, AT(3)}, {AT(1) + 4080, AT(4)}, {AT(1) + 4096, AT(5)}};
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "interposed");
    allocate(&builder, 1, AT(1), 4096);
    for (uint32_t i = 2; i <= 5; i++)
        allocate(&builder, i, AT(i), 16);
    allocate(&builder, 6, AT(1) + 4096, 64);
    builder_regions(&builder, &region, 1);
    FINISH(&builder, words);
    analyze(&run, &builder);
    assert_unreachable(&run, 2);
    assert_reachable(&run, 3);
    assert_reachable(&run, 4);
    assert_unreachable(&run, 5);
    analyzed_free(&run);
    builder_free(&builder);
}

/* By a child, with the parent's blocks on the way. */
static void what_is_inherited_passes_on(void **state) {
    const struct built_word words[] = {{VARIABLE, AT(1)}, {AT(1), AT(2)}, {AT(3), AT(4)}};
    struct builder parent, child;
    struct trace traces[2];
    struct facts facts[2];
    struct error error = {""};
    const struct reach *reach;

    (void)state;
    begin(&parent, "interposed");
    builder_ids(&parent, 1, 0);
    allocate(&parent, 1, AT(1), 16);
    allocate(&parent, 3, AT(3), 16);
    FINISH(&parent, words);
    begin(&child, "interposed");
    builder_ids(&child, 2, 1);
    builder_process_text(&child, "fork_ticks", "90000");
    ticks = 100000;
    allocate(&child, 2, AT(2), 20);
    allocate(&child, 4, AT(4), 20);
    FINISH(&child, words);
    assert_true(trace_open_bytes(&traces[0], parent.file.data, parent.file.size, &error));
    assert_true(trace_open_bytes(&traces[1], child.file.data, child.file.size, &error));
    assert_true(analysis_run(traces, 2, facts, &(struct analysis_request){0}, &error));
    reach = facts[1].reach;
    assert_non_null(reach);
    assert_int_equal(reach->sums.reachable_bytes, 20);
    assert_int_equal(reach->sums.unreachable_bytes, 20);
    assert_int_equal(reach->sums.indirect_bytes, 20);
    assert_int_equal(facts[0].reach->sums.reachable_bytes, 16);
    assert_int_equal(facts[0].reach->sums.unreachable_bytes, 16);
    for (int i = 0; i < 2; i++) {
        facts_free(&facts[i]);
        trace_close(&traces[i]);
    }
    builder_free(&parent);
    builder_free(&child);
}

static void expect_none(struct builder *builder) {
    struct analyzed run;

    builder_end(builder, ticks + 1000);
    analyze(&run, builder);
    assert_null(run.facts.reach);
    assert_int_equal(run.facts.live_blocks, 1);
    analyzed_free(&run);
    builder_free(builder);
}

static void begin_with_block(struct builder *builder) {
    begin(builder, "interposed");
    allocate(builder, 1, AT(1), 16);
}

static void without_a_whole_scan_nothing_is_said(void **state) {
    const struct built_word words[] = {{VARIABLE, AT(1)}, {MAPPED, AT(1)}};
    const struct built_word earlier[] = {{VARIABLE, AT(1)}};
    struct builder builder;

    (void)state;
    begin_with_block(&builder);
    expect_none(&builder);
    /* No summary, one that says no, one that knows of more words, one of a later version. */
    begin_with_block(&builder);
    builder_words(&builder, words, 2);
    expect_none(&builder);
    begin_with_block(&builder);
    builder_words(&builder, words, 2);
    builder_scan(&builder, MT_SCAN_TOO_LARGE, 0, 2);
    expect_none(&builder);
    begin_with_block(&builder);
    builder_words(&builder, words, 2);
    builder_scan(&builder, MT_SCAN_DONE, 0, 3);
    expect_none(&builder);
    begin_with_block(&builder);
    builder_words(&builder, words, 2);
    builder_scan(&builder, 99, 0, 2);
    expect_none(&builder);
    /* Out of order. */
    begin_with_block(&builder);
    builder_words(&builder, words, 2);
    builder_words(&builder, earlier, 1);
    builder_scan(&builder, MT_SCAN_DONE, 0, 3);
    expect_none(&builder);
}

/* Every byte of a block of words and of one of regions, changed or left out. */
static void malformed_parts_do_no_harm(void **state) {
    const uint8_t words[] = {2, 4, 3, 5, 2, 1, 1, 0, 7, 3, 0x81, 0x20, 5, 0x42, 9};
    const uint8_t areas[] = {1, 4, 0x80, 0x20, 0x10, 0, 3, 'a', 'b', 'c', 1, 9, 9, 0, 0};

    (void)state;
    for (int part = 0; part < 2; part++) {
        const uint8_t *bytes = part ? areas : words;
        size_t size = part ? sizeof(areas) : sizeof(words);

        for (size_t at = 0; at < size; at++) {
            for (int how = 0; how < 4; how++) {
                struct bytes payload = {0};
                struct builder builder;
                struct analyzed run;

                bytes_add(&payload, bytes, how ? size : at);
                if (how)
                    payload.data[at] = how == 1 ? 0xff : how == 2 ? 0 : payload.data[at] ^ 1;
                begin_with_block(&builder);
                builder_references(&builder, 2, &payload);
                builder_scan(&builder, MT_SCAN_DONE, 0, part ? 0 : 3);
                builder_end(&builder, ticks + 1000);
                analyze(&run, &builder);
                assert_int_equal(run.facts.live_blocks, 1);
                analyzed_free(&run);
                builder_free(&builder);
                bytes_free(&payload);
            }
        }
    }
}

/* Far more than a page of the index, in a chain that leads through all of them. */
static void many_blocks_are_found(void **state) {
    enum { COUNT = 20000 };
    struct built_word *words = calloc(COUNT, sizeof(*words));
    struct built_event *events = calloc(COUNT, sizeof(*events));
    struct builder builder;
    struct analyzed run;

    (void)state;
    begin(&builder, "interposed");
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t address = AT(0) + i * 48;

        events[i] = (struct built_event){MT_OP_ALLOC, 1, address, 40, 3000 + i};
        words[i] = (struct built_word){address + 32, AT(0) + (i + 1) * 48 + 39};
    }
    builder_events(&builder, 1, events, COUNT);
    allocate(&builder, 2, AT(0) + COUNT * 48, 40);
    finish(&builder, words, COUNT);
    analyze(&run, &builder);
    assert_int_equal(of(&run, 1)->unreachable_blocks, COUNT);
    assert_int_equal(of(&run, 1)->indirect_blocks, COUNT - 1);
    assert_int_equal(of(&run, 1)->kept_blocks, COUNT);
    assert_int_equal(of(&run, 2)->indirect_blocks, 1);
    analyzed_free(&run);
    builder_free(&builder);
    free(words);
    free(events);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_told_by_their_places),
        cmocka_unit_test(where_blocks_may_be_missing_freed_memory_counts),
        cmocka_unit_test(pointers_lead_into_blocks),
        cmocka_unit_test(what_holds_what_is_told_apart),
        cmocka_unit_test(lists_of_free_memory_hold_nothing),
        cmocka_unit_test(the_linkers_memory_is_its_own),
        cmocka_unit_test(a_stack_may_be_a_block),
        cmocka_unit_test(what_is_inherited_passes_on),
        cmocka_unit_test(without_a_whole_scan_nothing_is_said),
        cmocka_unit_test(malformed_parts_do_no_harm),
        cmocka_unit_test(many_blocks_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
