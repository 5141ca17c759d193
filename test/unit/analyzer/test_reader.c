/* Finding and checking blocks, definitions, clock. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

static const struct built_event three[] = {
    {MT_OP_ALLOC, 1, 0x10000, 100, 2000},
    {MT_OP_FREE, 2, 0x10000, 0, 2250},
    {MT_OP_ALLOC, 1, 0x20008, 50, 2300},
};

static void small_trace(struct builder *builder, int compress) {
    builder_begin(builder);
    builder->compress = compress;
    builder_clock(builder, 1000, 5000, 1700000000000000000);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_thread(builder, 1, 77, "main");
    builder_events(builder, 1, three, 3);
    builder_end(builder, 3000);
}

static void whole_trace_is_read(void **state) {
    struct builder builder;
    struct analyzed analyzed;

    (void)state;
    for (int compress = 0; compress < 2; compress++) {
        small_trace(&builder, compress);
        analyze(&analyzed, &builder);
        assert_int_equal(analyzed.trace.reader.damage.count, 0);
        assert_int_equal(analyzed.trace.reader.lost_events, 0);
        assert_true(analyzed.trace.defs.end.present);
        assert_int_equal(analyzed.facts.allocations, 2);
        assert_int_equal(analyzed.facts.frees, 1);
        assert_int_equal(analyzed.facts.allocated_bytes, 150);
        assert_int_equal(analyzed.facts.live, 50);
        assert_int_equal(analyzed.facts.peak, 100);
        assert_true(trace_duration_ns(&analyzed.trace, 0) == 2000);
        assert_string_equal(defs_site(&analyzed.trace.defs, 1)->frames[0].function, "function1");
        assert_string_equal(defs_thread(&analyzed.trace.defs, 1)->name, "main");
        analyzed_free(&analyzed);
        builder_free(&builder);
    }
}

/* The one that docs/trace-format.md works out byte by byte. */
static void documented_example(void **state) {
    static const uint8_t payload[] = {
        0x02, 0,    0,    0,    0x02, 0,    0,    0,    0x08, 0,    0,    0,
        0x01, 0,    0,    0,    0x03, 0,    0,    0,    0x00, 0x01, 0x01, 0x02,
        0xd4, 0x84, 0x80, 0xc0, 0x83, 0xd6, 0x02, 0x00, 0x64, 0x00, 0xfa, 0x01,
    };
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, 0x5581c00012a0, 100, 500},
        {MT_OP_FREE, 2, 0x5581c00012a0, 0, 750},
    };
    struct bytes built = {0};
    struct mt_block_header header = {.count = 2, .first_ticks = 500, .last_ticks = 750};
    uint8_t *padded = calloc(1, sizeof(payload) + MT_PAYLOAD_PADDING);
    struct event decoded[MT_DECODE_CHUNK];
    struct predictor *predictor = NULL;
    struct decoder decoder;
    struct error error;
    bool fault;

    (void)state;
    builder_events_payload(&built, events, 2);
    assert_int_equal(built.size, sizeof(payload));
    assert_memory_equal(built.data, payload, sizeof(payload));
    memcpy(padded, payload, sizeof(payload));
    assert_true(decode_begin(&decoder, padded, sizeof(payload), &header, 0, 0, &predictor, &error));
    assert_null(predictor);
    assert_int_equal(decode_chunk(&decoder, decoded, &fault, &error), 2);
    assert_false(fault);
    assert_int_equal(decoded[0].address, 0x5581c00012a0);
    assert_int_equal(decoded[0].size, 100);
    assert_int_equal(decoded[1].op, MT_OP_FREE);
    assert_int_equal(decoded[1].ticks, 750);
    assert_int_equal(decoded[1].context, 2);
    bytes_free(&built);
    free(padded);
}

static void expect_refusal(const void *bytes, size_t size, const char *reason) {
    struct trace trace;
    struct error error;

    assert_false(trace_open_bytes(&trace, bytes, size, &error));
    if (!strstr(error.text, reason))
        fail_msg("'%s' does not say '%s'", error.text, reason);
}

static void bad_files_are_refused(void **state) {
    struct builder builder;

    (void)state;
    small_trace(&builder, 0);
    expect_refusal("", 0, "is empty");
    expect_refusal("\x7f"
                   "ELF and so on",
                   14, "not a MemTrack trace");
    expect_refusal(builder.file.data, 63, "cut off inside the file header");
    builder.file.data[8] = MT_TRACE_VERSION + 1;
    builder_reseal_file_header(&builder);
    expect_refusal(builder.file.data, builder.file.size, "version 5, this memtrack reads 1 to 4");
    builder.file.data[8] = 0;
    builder_reseal_file_header(&builder);
    expect_refusal(builder.file.data, builder.file.size, "version 0, this memtrack reads 1 to 4");
    builder.file.data[8] = MT_TRACE_VERSION;
    builder.file.data[16] ^= 1;
    builder_reseal_file_header(&builder);
    builder.file.data[16] ^= 1;
    expect_refusal(builder.file.data, builder.file.size, "wrong checksum");
    builder_free(&builder);
}

static void unknown_kinds_are_skipped(void **state) {
    struct builder builder;
    struct analyzed analyzed;
    struct bytes payload = {0};

    (void)state;
    bytes_string(&payload, "from the future");
    builder_begin(&builder);
    builder_block(&builder, (struct mt_block_header){.kind = 4711, .count = 9}, &payload);
    builder_simple_context(&builder, 1);
    builder_events(&builder, 1, three, 3);
    builder_end(&builder, 3000);
    analyze(&analyzed, &builder);
    assert_int_equal(analyzed.trace.reader.damage.count, 0);
    assert_int_equal(analyzed.facts.events, 3);
    analyzed_free(&analyzed);
    builder_free(&builder);
    bytes_free(&payload);
}

static void larger_file_header_is_stepped_over(void **state) {
    struct builder builder;
    struct analyzed analyzed;
    uint16_t header_size = 80;

    (void)state;
    builder_begin(&builder);
    bytes_add(&builder.file, "sixteen more byt", 16);
    memcpy(builder.file.data + 10, &header_size, sizeof(header_size));
    builder_reseal_file_header(&builder);
    builder_events(&builder, 1, three, 3);
    analyze(&analyzed, &builder);
    assert_int_equal(analyzed.trace.reader.damage.count, 0);
    assert_int_equal(analyzed.facts.events, 3);
    analyzed_free(&analyzed);
    builder_free(&builder);
}

static void ids_need_not_be_dense(void **state) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, UINT32_MAX, 0x10000, 100, 2000},
        {MT_OP_ALLOC, 5, 0x20000, 30, 2001},
    };
    struct built_frame frame = {"far", "far.c", 1, 1, 0};
    struct builder builder;
    struct analyzed analyzed;

    (void)state;
    builder_begin(&builder);
    builder_site(&builder, UINT32_MAX, 7, 1, 0, NULL, &frame, 1);
    builder_context(&builder, UINT32_MAX, 0, UINT32_MAX);
    builder_events(&builder, 3, events, 2);
    analyze(&analyzed, &builder);
    assert_int_equal(defs_context(&analyzed.trace.defs, UINT32_MAX), 1);
    assert_int_equal(analyzed.facts.contexts[1].live, 100);
    assert_int_equal(analyzed.facts.contexts[0].live, 30);
    assert_true(analyzed.trace.defs.context_table_size < 100000);
    analyzed_free(&analyzed);
    builder_free(&builder);
}

static void context_cycles_end_at_the_root(void **state) {
    struct builder builder;
    struct analyzed analyzed;
    const struct context *contexts;

    (void)state;
    builder_begin(&builder);
    builder_context(&builder, 1, 2, 1);
    builder_context(&builder, 2, 1, 1);
    builder_context(&builder, 3, 3, 1);
    analyze(&analyzed, &builder);
    contexts = analyzed.trace.defs.contexts.items;
    assert_int_equal(contexts[1].parent, 0);
    assert_int_equal(contexts[2].parent, 1);
    assert_int_equal(contexts[2].depth, 2);
    assert_int_equal(contexts[3].parent, 0);
    analyzed_free(&analyzed);
    builder_free(&builder);
}

/* A wrapper inlined into main, called through an ordinary call. */
static void build_calls(struct builder *builder, int version) {
    static const struct built_frame inner[] = {{"xmalloc", "x.c", 3, 4, MT_FRAME_WRAPPER | 64},
                                               {"load", "load.c", 5, 6, 0}};
    static const struct built_frame outer = {"main", "main.c", 7, 8, 0};
    static const struct built_event events[] = {{MT_OP_ALLOC, 20, 0x1000, 8, 2000}};

    builder_begin_version(builder, version);
    builder_site(builder, 7, 70, MT_API_MALLOC, 0, NULL, inner, 2);
    builder_site(builder, 9, 90, 0, MT_SITE_CALL | MT_SITE_NO_DEBUG_INFO, NULL, &outer, 1);
    builder_context(builder, 12, 0, 9);
    builder_context(builder, 20, 12, 7);
    builder_events(builder, 1, events, 1);
}

static void all_versions_are_read(void **state) {
    struct builder builder;
    struct analyzed analyzed;
    const struct defs *defs = &analyzed.trace.defs;
    const struct site *site;

    (void)state;
    for (int version = 1; version <= MT_TRACE_VERSION; version++) {
        build_calls(&builder, version);
        analyze(&analyzed, &builder);
        assert_int_equal(analyzed.trace.reader.damage.count, 0);
        site = defs_site(defs, defs_context(defs, 20));
        assert_string_equal(site->frames[1].function, "load");
        assert_int_equal(site->frames[1].column, 6);
        assert_int_equal(site->frames[0].flags & MT_FRAME_WRAPPER, version >= 2);
        assert_int_equal(site->frames[1].flags, 0);
        site = defs_site(defs, defs_context(defs, 12));
        assert_int_equal(site->flags, version >= 2 ? MT_SITE_CALL | MT_SITE_NO_DEBUG_INFO
                                                   : MT_SITE_NO_DEBUG_INFO);
        assert_int_equal(defs->contexts.items[defs_context(defs, 20)].depth, 2);
        assert_int_equal(analyzed.facts.contexts[defs_context(defs, 20)].live, 8);
        analyzed_free(&analyzed);
        builder_free(&builder);
    }
}

/* What the other version's writer wrote is too short or too long, never misread. Calls are the same
 * since version 3. */
static void a_wrong_version_is_damage(void **state) {
    struct builder builder;
    struct analyzed analyzed;

    (void)state;
    for (int version = 1; version <= 4; version++) {
        build_calls(&builder, version);
        builder.file.data[8] = (uint8_t)(version % 3 + 1);
        builder_reseal_file_header(&builder);
        analyze(&analyzed, &builder);
        assert_int_not_equal(analyzed.trace.reader.damage.count, 0);
        analyzed_free(&analyzed);
        builder_free(&builder);
    }
}

static void clock_rate_comes_from_first_and_last_point(void **state) {
    struct builder builder;
    struct analyzed analyzed;
    uint32_t flags = MT_FILE_CLOCK_TSC;

    (void)state;
    builder_begin(&builder);
    memcpy(builder.file.data + 12, &flags, sizeof(flags));
    builder_reseal_file_header(&builder);
    builder_clock(&builder, 1000, 5000, 0);
    analyze(&analyzed, &builder);
    assert_false(analyzed.trace.defs.rate_known);
    analyzed_free(&analyzed);
    builder_clock(&builder, 2000, 5100, 0);
    builder_clock(&builder, 3000, 5500, 0);
    analyze(&analyzed, &builder);
    assert_true(analyzed.trace.defs.rate_known);
    assert_true(trace_ns(&analyzed.trace, 2000) == 250);
    assert_true(trace_ns(&analyzed.trace, 0) == 0);
    analyzed_free(&analyzed);
    builder_free(&builder);
}

static void losses_are_added_up_by_reason(void **state) {
    struct builder builder;
    struct analyzed analyzed;

    (void)state;
    builder_begin(&builder);
    builder_loss(&builder, 1, 10, MT_LOSS_BUFFERS_FULL);
    builder_loss(&builder, 2, 5, MT_LOSS_BUFFERS_FULL);
    builder_loss(&builder, 0, 1, MT_LOSS_SIGNAL);
    builder_loss(&builder, 0, 3, 200);
    analyze(&analyzed, &builder);
    assert_int_equal(analyzed.trace.defs.losses[MT_LOSS_BUFFERS_FULL], 15);
    assert_int_equal(analyzed.trace.defs.losses[MT_LOSS_SIGNAL], 1);
    assert_int_equal(analyzed.trace.defs.losses[0], 3);
    assert_int_equal(defs_dropped(&analyzed.trace.defs), 19);
    analyzed_free(&analyzed);
    builder_free(&builder);
}

static void later_thread_record_replaces_the_earlier(void **state) {
    struct builder builder;
    struct analyzed analyzed;

    (void)state;
    builder_begin(&builder);
    builder_thread(&builder, 1, 77, "starting");
    builder_thread(&builder, 2, 78, "other");
    builder_thread(&builder, 1, 77, "worker");
    analyze(&analyzed, &builder);
    assert_int_equal(analyzed.trace.defs.threads.count, 2);
    assert_string_equal(defs_thread(&analyzed.trace.defs, 1)->name, "worker");
    assert_null(defs_thread(&analyzed.trace.defs, 3));
    analyzed_free(&analyzed);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_trace_is_read),
        cmocka_unit_test(documented_example),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(unknown_kinds_are_skipped),
        cmocka_unit_test(larger_file_header_is_stepped_over),
        cmocka_unit_test(ids_need_not_be_dense),
        cmocka_unit_test(context_cycles_end_at_the_root),
        cmocka_unit_test(all_versions_are_read),
        cmocka_unit_test(a_wrong_version_is_damage),
        cmocka_unit_test(clock_rate_comes_from_first_and_last_point),
        cmocka_unit_test(losses_are_added_up_by_reason),
        cmocka_unit_test(later_thread_record_replaces_the_earlier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
