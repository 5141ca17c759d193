/* Tags in chains, and marks. */
#include "test.h"

#include "model/filter.h"
#include "output/output.h"

#include <stdlib.h>
#include <string.h>

static const char *const request[] = {"request 17 (GET)", "worker"};
static const char *const task[] = {"task A"};

/* Calls 1 and 2 below each other, and allocations 3 in 2: without tags, under two sets of tags; and
 * one whose context has no more than calls and tags. Defined one by one, as a runtime does. */
static void build(struct builder *builder) {
    static const struct built_frame frames[] = {
        {"main", "m.c", 1, 1, 0}, {"serve", "s.c", 2, 1, 0}, {"parse", "p.c", 3, 1, 0}};
    static const struct built_context contexts[] = {
        {10, 0, 1},  {11, 10, 2}, {12, 11, 3},              /* no tag */
        {20, 11, 4}, {21, 20, 3},                           /* request 17 in worker */
        {30, 11, 5}, {31, 30, 3},                           /* task A */
        {40, 0, 4},  {41, 40, 3}, {42, 10, 4}, {43, 42, 3}, /* without callers; with fewer */
    };
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 12, 0x1000, 1, 2000},     {MT_OP_ALLOC, 21, 0x2000, 10, 3000},
        {MT_OP_ALLOC, 31, 0x3000, 100, 4000},   {MT_OP_ALLOC, 41, 0x4000, 1000, 5000},
        {MT_OP_ALLOC, 20, 0x5000, 10000, 6000}, {MT_OP_ALLOC, 43, 0x6000, 100000, 7000},
        {MT_OP_FREE, 12, 0x6000, 0, 8000},
    };

    builder_begin(builder);
    for (uint32_t i = 0; i < 3; i++)
        builder_site(builder, i + 1, 100 + i, i == 2, i == 2 ? 0 : MT_SITE_CALL, NULL, &frames[i],
                     1);
    builder_tags(builder, 4, request, 2);
    builder_tags(builder, 5, task, 1);
    for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++)
        builder_context(builder, contexts[i].id, contexts[i].parent, contexts[i].site);
    builder_thread(builder, 1, 500, "main");
    builder_events(builder, 1, events, sizeof(events) / sizeof(events[0]));
    builder_mark(builder, 3000, 1, MT_MARK_PHASE, "load");
    builder_mark(builder, 4000, 1, MT_MARK_SNAPSHOT, "no phase");
    builder_mark(builder, 5000, 1, MT_MARK_PHASE, "run");
    builder_end(builder, 9000);
}

static void expect_chain(const struct trace *trace, uint32_t id, const char *expected) {
    uint32_t at = defs_context(&trace->defs, id);
    char text[512] = "";

    for (; at; at = trace->defs.contexts.items[at].parent) {
        const struct site *site = defs_site(&trace->defs, at);

        for (uint32_t i = 0; i < site->frame_count; i++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;",
                     site->frames[i].function);
    }
    assert_string_equal(text, expected);
}

static void tags_are_outermost(void **state) {
    struct builder builder;
    struct analyzed run;
    const struct context *contexts;

    (void)state;
    build(&builder);
    analyze(&run, &builder);
    contexts = run.trace.defs.contexts.items;
    expect_chain(&run.trace, 12, "parse;serve;main;");
    expect_chain(&run.trace, 21, "parse;serve;main;[tag: request 17 (GET)];[tag: worker];");
    expect_chain(&run.trace, 31, "parse;serve;main;[tag: task A];");
    expect_chain(&run.trace, 41, "parse;[tag: request 17 (GET)];[tag: worker];");
    expect_chain(&run.trace, 43, "parse;main;[tag: request 17 (GET)];[tag: worker];");
    expect_chain(&run.trace, 20, "serve;main;[tag: request 17 (GET)];[tag: worker];");
    assert_int_equal(contexts[defs_context(&run.trace.defs, 21)].depth, 4);
    assert_int_equal(contexts[defs_context(&run.trace.defs, 21)].id, 21);
    /* Chains under the same tags share their outer part. */
    assert_int_equal(contexts[defs_context(&run.trace.defs, 21)].parent,
                     defs_context(&run.trace.defs, 20));
    assert_int_equal(contexts[contexts[defs_context(&run.trace.defs, 21)].parent].parent,
                     contexts[defs_context(&run.trace.defs, 43)].parent);
    for (uint32_t i = 1; i < run.trace.defs.contexts.count; i++)
        assert_true(contexts[i].parent < i);
    analyzed_free(&run);
    builder_free(&builder);
}

static void deep_chains_get_tags(void **state) {
    enum { DEPTH = 100000 };
    struct builder builder;
    struct trace trace;
    struct error error;
    struct built_context *contexts = calloc(DEPTH + 1, sizeof(*contexts));

    (void)state;
    builder_begin(&builder);
    builder_simple_context(&builder, 1);
    builder_tags(&builder, 2, task, 1);
    for (uint32_t i = 0; i < DEPTH; i++)
        contexts[i] = (struct built_context){i + 2, i + 1, 1};
    contexts[DEPTH] = (struct built_context){DEPTH + 2, DEPTH + 1, 2};
    builder_contexts(&builder, contexts, DEPTH + 1);
    assert_true(trace_open_bytes(&trace, builder.file.data, builder.file.size, &error));
    assert_int_equal(trace.defs.contexts.items[defs_context(&trace.defs, DEPTH + 2)].depth,
                     DEPTH + 2);
    trace_close(&trace);
    builder_free(&builder);
    free(contexts);
}

static char *render(const struct output_ops *format, const char *tag, bool no_fold) {
    struct report_options options = {.limit = 10, .no_fold = no_fold};
    struct report report = {0};
    struct builder builder;
    struct analyzed run;
    struct error error;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    build(&builder);
    analyze(&run, &builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    if (tag)
        assert_true(filter_report(&report, &(struct report_scope){.tag = tag}, &error));
    assert_true(format->report(out, &report, &options, &error));
    fclose(out);
    report_free(&report);
    analyzed_free(&run);
    builder_free(&builder);
    return text;
}

static void expect(const char *text, const char *part, bool there) {
    if ((strstr(text, part) != NULL) != there)
        fail_msg("%s'%s' in %s", there ? "no " : "", part, text);
}

static void reports_show_tags_and_phases(void **state) {
    char *text = render(&output_text, NULL, false);

    (void)state;
    expect(text, "[tag: request 17 (GET)]\n        [tag: worker]\n", true);
    expect(text, "(inlined)", false);
    expect(text, "  phases       load at 2.0 \xc2\xb5s\n", true);
    expect(text, "               run at 4.0 \xc2\xb5s\n", true);
    expect(text, "no phase", false);
    expect(text, "of 1 allocations only the outer calls are known", true);
    free(text);
    text = render(&output_json, NULL, false);
    expect(text, "\"phases\": [\n  {\"name\":\"load\",\"time_ns\":2000,\"thread\":1,\"pid\":4321},",
           true);
    expect(text, "\"inlined\":true", false);
    expect(text, "\"tag\":null", true);
    free(text);
}

static void a_tag_selects_what_is_under_it(void **state) {
    static const char *const tags[] = {"request 17 (GET)", "worker", "task A", "work", "worker]"};
    static const char *const sums[] = {"\"allocated_bytes\":111010", "\"allocated_bytes\":111010",
                                       "\"allocated_bytes\":100", "\"allocated_bytes\":0",
                                       "\"allocated_bytes\":0"};

    (void)state;
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        char *text = render(&output_json, tags[i], false);

        expect(text, sums[i], true);
        expect(text, "\"tag\":null", false);
        free(text);
    }
    for (int no_fold = 0; no_fold < 2; no_fold++) {
        char *text = render(&output_text, "worker", no_fold);

        expect(text, "  tag          worker (", true);
        expect(text, "  leaked       10.75 KiB (11,010 bytes) in 3 blocks\n", true);
        expect(text, "held at the peak of everything", true);
        expect(text, "task A", false);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_outermost),
        cmocka_unit_test(deep_chains_get_tags),
        cmocka_unit_test(reports_show_tags_and_phases),
        cmocka_unit_test(a_tag_selects_what_is_under_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
