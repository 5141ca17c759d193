/* Reports: grouping, JSON, several traces. */
#include "test.h"

#include "output/output.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Two copies of one source site under different callers, and one site without debug info and with
 * a name that is not UTF-8. */
static void build(struct builder *builder) {
    static const struct built_frame inlined[] = {{"_Z5innerv", "inner.h", 12, 3, 0},
                                                 {"outer", "outer.c", 40, 9, 0}};
    static const struct built_frame caller = {"main", "main.c", 5, 1, 0};
    static const struct built_frame bare = {"na\xff"
                                            "me",
                                            NULL, 0, 0, 0};
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, 0x1000, 100, 2000}, {MT_OP_ALLOC, 2, 0x2000, 50, 3000},
        {MT_OP_ALLOC, 3, 0x3000, 7, 4000},   {MT_OP_FREE, 4, 0x1000, 0, 5000},
        {MT_OP_ALLOC, 5, 0x4000, 1, 6000},   {MT_OP_FREE, 2, 0x4000, 0, 7000},
    };

    builder_begin(builder);
    builder_process(builder, "executable", "/bin/prog", 9);
    builder_process(builder, "command", "prog\0--x\0", 9);
    builder_site(builder, 1, 77, MT_API_MALLOC, 0, "Node", inlined, 2);
    builder_site(builder, 2, 77, MT_API_MALLOC, 0, "Node", inlined, 2);
    builder_site(builder, 3, 99, MT_API_MALLOC, 1, NULL, &bare, 1);
    builder_site(builder, 4, 55, MT_API_NEW, 0, NULL, &caller, 1);
    builder_context(builder, 1, 0, 1);
    builder_context(builder, 2, 0, 2);
    builder_context(builder, 3, 0, 3);
    builder_context(builder, 4, 0, 4);
    builder_context(builder, 5, 4, 2);
    builder_thread(builder, 1, 500, "main");
    builder_events(builder, 1, events, 6);
    builder_end(builder, 8000);
}

static char *render(struct report *report, const struct output_ops *ops,
                    const struct report_options *options) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct error error;

    assert_true(ops->report(out, report, options, &error));
    fclose(out);
    return text;
}

static json_t *member(json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);

    if (!value)
        fail_msg("no member '%s'", key);
    return value;
}

static json_int_t integer(json_t *object, const char *key) {
    json_t *value = member(object, key);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static json_t *report_json(struct report *report, enum report_by by) {
    struct report_options options = {.by = by};
    char *text = render(report, &output_json, &options);
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);

    if (!root)
        fail_msg("%s in %s", error.text, text);
    free(text);
    return root;
}

static void copies_of_a_site_are_one_row(void **state) {
    struct builder builder;
    struct analyzed run;
    struct report report = {0};
    struct error error;
    json_t *root, *contexts, *first, *frame;

    (void)state;
    build(&builder);
    analyze(&run, &builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    root = report_json(&report, REPORT_BY_CONTEXT);
    contexts = member(root, "contexts");
    assert_int_equal(json_array_size(contexts), 3);
    first = json_array_get(contexts, 0);
    assert_int_equal(integer(first, "allocations"), 2);
    assert_int_equal(integer(first, "allocated_bytes"), 150);
    assert_int_equal(integer(first, "peak_bytes"), 150);
    assert_int_equal(integer(first, "leaked_bytes"), 50);
    assert_int_equal(integer(first, "leaked_blocks"), 1);
    assert_int_equal(integer(first, "frees"), 1);
    assert_int_equal(json_array_size(member(first, "frames")), 2);
    frame = json_array_get(member(first, "frames"), 0);
    assert_string_equal(json_string_value(member(frame, "function")), "inner()");
    assert_string_equal(json_string_value(member(frame, "symbol")), "_Z5innerv");
    assert_string_equal(json_string_value(member(frame, "type")), "Node");
    assert_int_equal(integer(frame, "line"), 12);
    assert_true(json_is_true(member(frame, "inlined")));
    frame = json_array_get(member(first, "frames"), 1);
    assert_true(json_is_false(member(frame, "inlined")));
    frame = json_array_get(member(json_array_get(contexts, 1), "frames"), 0);
    assert_string_equal(json_string_value(member(frame, "function")), "na\xef\xbf\xbdme");
    assert_true(json_is_null(member(frame, "file")));
    json_decref(root);
    report_free(&report);
    analyzed_free(&run);
    builder_free(&builder);
}

static void json_has_what_the_design_promises(void **state) {
    static const char *const keys[] = {
        "threads",           "allocations",        "frees",     "allocated_bytes", "peak_bytes",
        "leaked_bytes",      "leaked_blocks",      "temporary", "duration_ns",     "dropped_events",
        "unreachable_bytes", "unreachable_blocks", "estimated", "unmatched_frees", "missed_frees",
        "complete",          "lost_events"};
    struct builder builder;
    struct analyzed run;
    struct report report = {0};
    struct error error;
    json_t *root, *summary, *mismatch, *frames;

    (void)state;
    build(&builder);
    analyze(&run, &builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    root = report_json(&report, REPORT_BY_CONTEXT);
    summary = member(root, "summary");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        member(summary, keys[i]);
    assert_int_equal(integer(summary, "allocations"), 4);
    assert_int_equal(integer(summary, "frees"), 2);
    assert_int_equal(integer(summary, "peak_bytes"), 157);
    assert_int_equal(integer(summary, "peak_ns"), 3000);
    assert_int_equal(integer(summary, "leaked_bytes"), 57);
    assert_int_equal(integer(summary, "temporary"), 1);
    assert_int_equal(integer(summary, "duration_ns"), 7000);
    assert_int_equal(integer(summary, "threads"), 1);
    assert_true(json_is_true(member(summary, "complete")));
    assert_int_equal(json_array_size(member(member(root, "process"), "command")), 2);
    assert_int_equal(json_array_size(member(root, "threads")), 1);
    assert_int_equal(json_array_size(member(root, "errors")), 1);
    mismatch = json_array_get(member(root, "errors"), 0);
    assert_string_equal(json_string_value(member(mismatch, "kind")), "mismatched_free");
    assert_int_equal(integer(mismatch, "count"), 1);
    frames = member(member(mismatch, "freed_at"), "frames");
    assert_string_equal(json_string_value(member(json_array_get(frames, 0), "function")), "main");
    json_decref(root);
    report_free(&report);
    analyzed_free(&run);
    builder_free(&builder);
}

static void callers_follow_the_site(void **state) {
    struct builder builder;
    struct analyzed run;
    struct report report = {0};
    struct error error;
    json_t *root, *contexts, *frames = NULL;

    (void)state;
    build(&builder);
    analyze(&run, &builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    root = report_json(&report, REPORT_BY_CONTEXT);
    contexts = member(root, "contexts");
    for (size_t i = 0; i < json_array_size(contexts); i++) {
        if (integer(json_array_get(contexts, i), "id") == 5)
            frames = member(json_array_get(contexts, i), "frames");
    }
    assert_int_equal(json_array_size(frames), 3);
    assert_string_equal(json_string_value(member(json_array_get(frames, 2), "function")), "main");
    json_decref(root);
    report_free(&report);
    analyzed_free(&run);
    builder_free(&builder);
}

static void groups_add_up(void **state) {
    struct builder builder;
    struct analyzed run;
    struct report report = {0};
    struct error error;

    (void)state;
    build(&builder);
    analyze(&run, &builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    for (int by = REPORT_BY_SITE; by < REPORT_BY_THREAD; by++) {
        json_t *root = report_json(&report, (enum report_by)by);
        json_t *groups = member(root, "groups");

        assert_int_equal(json_array_size(groups), 2);
        assert_int_equal(integer(json_array_get(groups, 0), "allocations"), 3);
        assert_int_equal(integer(json_array_get(groups, 1), "allocated_bytes"), 7);
        json_decref(root);
    }
    report_free(&report);
    analyzed_free(&run);
    builder_free(&builder);
}

static void traces_add_up_without_mixing_addresses(void **state) {
    struct builder builder;
    struct analyzed runs[2];
    struct report report = {0};
    struct error error;
    json_t *root, *summary;

    (void)state;
    build(&builder);
    for (int i = 0; i < 2; i++) {
        analyze(&runs[i], &builder);
        assert_true(report_add(&report, &runs[i].trace, &runs[i].facts, &error));
    }
    root = report_json(&report, REPORT_BY_CONTEXT);
    summary = member(root, "summary");
    assert_int_equal(integer(summary, "allocations"), 8);
    assert_int_equal(integer(summary, "missed_frees"), 0);
    assert_int_equal(integer(summary, "peak_bytes"), 314);
    assert_int_equal(integer(summary, "traces"), 2);
    assert_int_equal(json_array_size(member(root, "processes")), 2);
    assert_int_equal(json_array_size(member(root, "contexts")), 3);
    assert_int_equal(integer(json_array_get(member(root, "errors"), 0), "count"), 2);
    json_decref(root);
    report_free(&report);
    for (int i = 0; i < 2; i++)
        analyzed_free(&runs[i]);
    builder_free(&builder);
}

/* `probability` of 65536; 0: a complete trace. */
static void fits_the_terminal(uint64_t probability) {
    struct built_frame frames[3];
    char longest[3000];
    struct built_event events[] = {
        {MT_OP_ALLOC, 9, 0x9000, UINT64_C(1) << 47 | probability << 48, 9000}};
    struct builder builder;
    struct analyzed run;
    struct report report = {0};
    struct report_options options = {.limit = 10};
    struct error error;
    char *text;

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    frames[0] = (struct built_frame){longest, longest, 4000000000, 1, 0};
    frames[1] = (struct built_frame){"short", longest, 1, 1, 0};
    frames[2] = (struct built_frame){longest, NULL, 0, 0, 0};
    build(&builder);
    builder_site(&builder, 9, 9, 0, 0, longest, frames, 3);
    builder_context(&builder, 9, 4, 9);
    builder_events(&builder, 2, events, 1);
    analyze(&run, &builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    for (int by = REPORT_BY_CONTEXT; by <= REPORT_BY_THREAD; by++) {
        options.by = (enum report_by)by;
        text = render(&report, &output_text, &options);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            if (strlen(line) > 100)
                fail_msg("%zu columns: %s", strlen(line), line);
        }
        free(text);
    }
    report_free(&report);
    analyzed_free(&run);
    builder_free(&builder);
}

static void text_fits_the_terminal(void **state) {
    (void)state;
    fits_the_terminal(0);
    fits_the_terminal(1);
    fits_the_terminal(65535);
}

/* A free of what was never allocated, and a block given out again without a free. */
static void build_unmatched(struct builder *builder) {
    static const struct built_event events[] = {
        {MT_OP_FREE, 1, 0x9000, 0, 2000},
        {MT_OP_ALLOC, 1, 0x1000, 100, 100000},
        {MT_OP_ALLOC, 1, 0x1000, 100, 200000},
        {MT_OP_FREE, 1, 0x1000, 0, 300000},
    };

    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_thread(builder, 1, 500, "main");
    builder_events(builder, 1, events, 4);
}

static void make_forked(struct builder *builder) {
    uint64_t parent = 5;

    memcpy(builder->file.data + offsetof(struct mt_file_header, parent_trace_id), &parent,
           sizeof(parent));
    builder_reseal_file_header(builder);
}

/* The text report of what was built, which is freed. */
static char *text_of(struct builder *builder) {
    struct report_options options = {.limit = 10};
    struct analyzed run;
    struct report report = {0};
    struct error error;
    char *text;

    analyze(&run, builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    text = render(&report, &output_text, &options);
    report_free(&report);
    analyzed_free(&run);
    builder_free(builder);
    return text;
}

static void expect_notes(char *text, const char *unmatched, const char *missed) {
    char expected[512];

    snprintf(expected, sizeof(expected),
             "  - 1 frees of memory that was allocated by code that is not instrumented%s\n"
             "  - 1 blocks were freed by code that is not instrumented%s\n",
             unmatched, missed);
    if (!strstr(text, expected))
        fail_msg("no '%s' in %s", expected, text);
    free(text);
}

static void unmatched_events_are_explained_truly(void **state) {
    static const char lost[] = ",\n    or whose allocation was lost";
    static const char lost_free[] = ", or their free was lost";
    static const struct built_event more[] = {{MT_OP_ALLOC, 1, 0x5000, 8, 400000}};
    struct builder builder;

    (void)state;
    build_unmatched(&builder);
    builder_end(&builder, 500000);
    expect_notes(text_of(&builder), "", "");

    build_unmatched(&builder);
    builder_end(&builder, 500000);
    make_forked(&builder);
    expect_notes(text_of(&builder), ", or before the fork", "");

    build_unmatched(&builder);
    builder_loss(&builder, 1, 3, MT_LOSS_BUFFERS_FULL);
    builder_end(&builder, 500000);
    expect_notes(text_of(&builder), lost, lost_free);

    build_unmatched(&builder);
    builder_events(&builder, 1, more, 1);
    builder.file.data[builder.file.size - 1] ^= 1;
    builder_end(&builder, 500000);
    expect_notes(text_of(&builder), lost, lost_free);

    build_unmatched(&builder);
    builder_events(&builder, 1, more, 1);
    builder.file.size--;
    make_forked(&builder);
    expect_notes(text_of(&builder), ", or before the fork,\n    or whose allocation was lost",
                 lost_free);
}

static void a_trace_without_end_says_what_is_missing(void **state) {
    static const char missing[] = "what its threads had not handed to the writer is missing";
    struct builder builder;
    char *text;

    (void)state;
    build_unmatched(&builder);
    text = text_of(&builder);
    assert_non_null(strstr(text, "the program was killed, or runs still:"));
    assert_non_null(strstr(text, missing));
    assert_non_null(strstr(text, "the figures are a lower bound"));
    expect_notes(text, ",\n    or whose allocation was lost", ", or their free was lost");

    build_unmatched(&builder);
    builder_end(&builder, 500000);
    text = text_of(&builder);
    assert_null(strstr(text, missing));
    assert_null(strstr(text, "lower bound"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_of_a_site_are_one_row),
        cmocka_unit_test(json_has_what_the_design_promises),
        cmocka_unit_test(callers_follow_the_site),
        cmocka_unit_test(groups_add_up),
        cmocka_unit_test(traces_add_up_without_mixing_addresses),
        cmocka_unit_test(text_fits_the_terminal),
        cmocka_unit_test(unmatched_events_are_explained_truly),
        cmocka_unit_test(a_trace_without_end_says_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
