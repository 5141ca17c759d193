/* Processes that forked, given together and alone. */
#include "test.h"

#include "output/output.h"

#include <stdlib.h>
#include <string.h>

enum { A = 0x10000, B = 0x20000, C = 0x30000, MEMBERS = 4 };

/* Built, opened and analyzed in the order given. */
struct family {
    struct builder builders[MEMBERS];
    struct trace traces[MEMBERS];
    struct facts facts[MEMBERS];
    size_t count;
};

/* Context 1 and 2 of the malloc family, 3 of new. The trace's number is its id. */
static struct builder *add(struct family *family, uint64_t id, uint64_t parent,
                           const char *fork_ticks) {
    static const struct built_frame frame = {"maker", "new.cc", 3, 1, 0};
    struct builder *builder = &family->builders[family->count++];

    builder_begin(builder);
    builder_ids(builder, id, parent);
    builder_process_text(builder, "capture", "interposed");
    if (fork_ticks)
        builder_process_text(builder, "fork_ticks", fork_ticks);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_site(builder, 3, 3, MT_API_NEW, 0, NULL, &frame, 1);
    builder_context(builder, 3, 0, 3);
    return builder;
}

static void event(struct builder *builder, uint64_t ticks, uint8_t op, uint64_t address,
                  uint64_t size, uint32_t context) {
    struct built_event built = {op, context, address, size, ticks};

    builder_events(builder, 1, &built, 1);
}

static void run(struct family *family) {
    struct error error = {""};

    for (size_t i = 0; i < family->count; i++) {
        const struct bytes *file;

        builder_end(&family->builders[i], 99000);
        file = &family->builders[i].file;
        if (!trace_open_bytes(&family->traces[i], file->data, file->size, &error))
            fail_msg("%s", error.text);
    }
    if (!analysis_run(family->traces, family->count, family->facts, &(struct analysis_request){0},
                      &error))
        fail_msg("%s", error.text);
}

static void done(struct family *family) {
    for (size_t i = 0; i < family->count; i++) {
        facts_free(&family->facts[i]);
        trace_close(&family->traces[i]);
        builder_free(&family->builders[i]);
    }
}

static void expect(const struct family *family, size_t member, uint64_t inherited, uint64_t orphans,
                   uint64_t unmatched, uint64_t doubles, uint64_t invalid, uint64_t mismatched) {
    const struct facts *facts = &family->facts[member];

    assert_int_equal(facts->inherited_frees, inherited);
    assert_int_equal(facts->orphan_frees, orphans);
    assert_int_equal(facts->unmatched_frees, unmatched);
    assert_int_equal(facts->errors.counts[MEMORY_DOUBLE_FREE], doubles);
    assert_int_equal(facts->errors.counts[MEMORY_INVALID_FREE], invalid);
    assert_int_equal(facts->errors.counts[MEMORY_MISMATCHED_FREE], mismatched);
}

/* The parent keeps A and frees B after the fork, the child frees both; whichever comes first. */
static void inherited_memory_is_known(void **state) {
    (void)state;
    for (size_t parent = 0; parent < 2; parent++) {
        struct family family = {0};
        struct builder *builder;

        for (size_t i = 0; i < 2; i++) {
            if (i == parent) {
                builder = add(&family, 10, 0, NULL);
                event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
                event(builder, 3000, MT_OP_ALLOC, B, 10, 1);
                event(builder, 6000, MT_OP_FREE, B, 0, 2);
                event(builder, 7000, MT_OP_ALLOC, C, 1, 2);
            } else {
                builder = add(&family, 11, 10, "5000");
                event(builder, 8000, MT_OP_FREE, B, 0, 2);
                event(builder, 9000, MT_OP_ALLOC, B, 1000, 2);
                event(builder, 10000, MT_OP_FREE, A, 0, 2);
            }
        }
        run(&family);
        expect(&family, parent, 0, 0, 0, 0, 0, 0);
        expect(&family, !parent, 2, 0, 0, 0, 0, 0);
        assert_int_equal(family.facts[parent].live, 101);
        assert_int_equal(family.facts[parent].peak, 110);
        assert_int_equal(family.facts[!parent].live, 1000);
        assert_int_equal(family.facts[!parent].peak, 1000);
        assert_int_equal(family.facts[!parent].frees, 2);
        assert_int_equal(family.facts[!parent].missed_frees, 0);
        done(&family);
    }
}

/* What the parent got after the fork is none of the child's. */
static void the_moment_of_the_fork_counts(void **state) {
    static const char *const forks[] = {"1500", "2000", "2999", "3000", NULL, "soon"};
    static const uint64_t inherited[] = {0, 1, 1, 2, 0, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(forks) / sizeof(forks[0]); i++) {
        struct family family = {0};
        struct builder *builder = add(&family, 10, 0, NULL);

        event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
        event(builder, 3000, MT_OP_ALLOC, B, 10, 1);
        builder = add(&family, 11, 10, forks[i]);
        event(builder, 8000, MT_OP_FREE, A, 0, 2);
        event(builder, 9000, MT_OP_FREE, B, 0, 2);
        run(&family);
        expect(&family, 1, inherited[i], 0, 0, 0, 2 - inherited[i], 0);
        done(&family);
    }
}

static void errors_reach_across_the_fork(void **state) {
    struct family family = {0};
    struct builder *builder = add(&family, 10, 0, NULL);
    const struct memory_error *errors;

    (void)state;
    event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
    event(builder, 3000, MT_OP_FREE, A, 0, 2);
    event(builder, 3100, MT_OP_ALLOC, B, 48, 3);
    event(builder, 3200, MT_OP_ALLOC, C, 64, 1);
    builder = add(&family, 11, 10, "5000");
    event(builder, 8000, MT_OP_FREE, A, 0, 1);     /* double: the first was the parent's */
    event(builder, 8100, MT_OP_FREE, B + 8, 0, 2); /* inside a block of the parent's */
    event(builder, 8200, MT_OP_FREE, B, 0, 2);     /* which is of new */
    event(builder, 8300, MT_OP_FREE, B, 0, 2);     /* double: the first was the child's */
    event(builder, 8400, MT_OP_FREE, B + 8, 0, 2); /* inside of nothing any more */
    event(builder, 8500, MT_OP_FREE, C, 0, 2);
    event(builder, 8600, MT_OP_ALLOC, C, 1, 2);
    run(&family);
    expect(&family, 0, 0, 0, 0, 0, 0, 0);
    expect(&family, 1, 2, 0, 0, 2, 2, 1);
    errors = family.facts[1].errors.list.items;
    for (size_t i = 0; i < family.facts[1].errors.list.count; i++) {
        assert_ptr_equal(errors[i].freed_at.trace, &family.traces[1]);
        if (errors[i].allocated_at.trace)
            assert_ptr_equal(errors[i].allocated_at.trace, &family.traces[0]);
        if (errors[i].kind == MEMORY_DOUBLE_FREE)
            assert_ptr_equal(errors[i].first_freed_at.trace,
                             &family.traces[errors[i].address == B]);
        if (errors[i].kind == MEMORY_DOUBLE_FREE && errors[i].address == B)
            assert_int_equal(errors[i].size, 48);
    }
    done(&family);
}

static void generations_are_told_apart(void **state) {
    struct family family = {0};
    struct builder *builder = add(&family, 12, 11, "20000");

    (void)state;
    event(builder, 21000, MT_OP_FREE, A, 0, 2); /* the grandparent's */
    event(builder, 22000, MT_OP_FREE, B, 0, 2); /* the parent has freed it */
    event(builder, 23000, MT_OP_FREE, C, 0, 2); /* the parent's own */
    event(builder, 24000, MT_OP_FREE, A, 0, 2); /* double */
    builder = add(&family, 13, 10, "4000");
    event(builder, 25000, MT_OP_FREE, B, 0, 2);
    event(builder, 26000, MT_OP_FREE, C, 0, 2); /* was not there yet */
    builder = add(&family, 10, 0, NULL);
    event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
    event(builder, 3000, MT_OP_ALLOC, B, 10, 1);
    builder = add(&family, 11, 10, "5000");
    event(builder, 6000, MT_OP_FREE, B, 0, 2);
    event(builder, 7000, MT_OP_ALLOC, C, 1, 2);
    run(&family);
    expect(&family, 0, 2, 0, 0, 2, 0, 0);
    expect(&family, 1, 1, 0, 0, 0, 1, 0);
    expect(&family, 2, 0, 0, 0, 0, 0, 0);
    expect(&family, 3, 1, 0, 0, 0, 0, 0);
    assert_int_equal(family.facts[2].live, 110);
    done(&family);
}

/* Given alone; a second free of the same address is an error all the same, and so are those of what
 * the child allocated itself. */
static void without_its_parent_a_child_has_orphans(void **state) {
    struct family family = {0};
    struct builder *builder = add(&family, 11, 10, "5000");
    const struct memory_error *errors;

    (void)state;
    event(builder, 6000, MT_OP_FREE, A, 0, 1);
    event(builder, 6100, MT_OP_FREE, B, 0, 1);
    event(builder, 6200, MT_OP_FREE, A, 0, 2);
    event(builder, 6300, MT_OP_ALLOC, C, 16, 1);
    event(builder, 6400, MT_OP_FREE, C + 8, 0, 1);
    event(builder, 6500, MT_OP_FREE, C, 0, 1);
    event(builder, 6600, MT_OP_FREE, C, 0, 2);
    run(&family);
    expect(&family, 0, 0, 2, 0, 2, 1, 0);
    errors = family.facts[0].errors.list.items;
    assert_null(errors[0].allocated_at.trace);
    assert_int_equal(errors[0].first_freed_at.context, 1);
    done(&family);
}

/* So does a grandchild of a process whose trace is not there, with its parent's. */
static void orphans_have_orphans(void **state) {
    struct family family = {0};
    struct builder *builder = add(&family, 11, 10, "5000");

    (void)state;
    event(builder, 6000, MT_OP_ALLOC, B, 1, 1);
    builder = add(&family, 12, 11, "7000");
    event(builder, 8000, MT_OP_FREE, A, 0, 1);
    event(builder, 9000, MT_OP_FREE, B, 0, 1);
    run(&family);
    expect(&family, 1, 1, 1, 0, 0, 0, 0);
    done(&family);
}

/* What explains a free in the parent explains one in the child. */
static void gaps_are_inherited(void **state) {
    (void)state;
    for (int gap = 0; gap < 4; gap++) {
        struct family family = {0};
        struct builder *builder = add(&family, 10, 0, NULL);

        event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
        if (gap == 0)
            builder_loss(builder, 1, 3, MT_LOSS_BUFFERS_FULL);
        if (gap == 1)
            builder_process_text(builder, "capture", "calls-only");
        if (gap >= 2)
            builder_mark(builder, gap == 2 ? 4000 : 6000, 1, MT_MARK_PAUSE, "");
        builder = add(&family, 11, 10, "5000");
        event(builder, 8000, MT_OP_FREE, B, 0, 1);
        run(&family);
        expect(&family, 1, 0, 0, gap != 3, 0, gap == 3, 0);
        done(&family);
    }
}

/* The child uses the address of what it inherited: it must have freed it, unseen or late. */
static void an_inherited_address_is_used_again(void **state) {
    for (int late = 0; late < 2; late++) {
        struct family family = {0};
        struct builder *builder = add(&family, 10, 0, NULL);
        struct built_event freed = {MT_OP_FREE, 3, A, 0, 8000 + 100};

        (void)state;
        event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
        builder = add(&family, 11, 10, "5000");
        event(builder, 8000, MT_OP_ALLOC, A, 1, 1);
        if (late)
            builder_events(builder, 2, &freed, 1);
        event(builder, 20000, MT_OP_FREE, A, 0, 1);
        run(&family);
        expect(&family, 1, late, 0, 0, 0, 0, late);
        assert_int_equal(family.facts[1].missed_frees, !late);
        assert_int_equal(family.facts[1].live, 0);
        assert_int_equal(family.facts[0].live, 100);
        done(&family);
    }
}

/* The parent's error takes a second look at the whole family. */
static void damage_is_counted_once(void **state) {
    struct family family = {0};
    struct builder *builder = add(&family, 10, 0, NULL);
    size_t block;

    (void)state;
    event(builder, 2000, MT_OP_FREE, A, 0, 1);
    builder = add(&family, 11, 10, "5000");
    block = builder->file.size;
    event(builder, 8000, MT_OP_ALLOC, B, 1, 1);
    builder->file.data[builder->file.size - 2] = 0x80; /* a number that does not end */
    builder_reseal_block(builder, block);
    run(&family);
    expect(&family, 0, 0, 0, 0, 0, 1, 0);
    assert_int_equal(family.traces[1].reader.damage.count, 1);
    assert_int_equal(family.traces[1].reader.lost_events, 1);
    done(&family);
}

static void made_up_parents_do_no_harm(void **state) {
    static const uint64_t ids[][2] = {{10, 11}, {11, 12}, {12, 10}, {12, 12}};
    struct family family = {0};

    (void)state;
    for (size_t i = 0; i < MEMBERS; i++) {
        struct builder *builder = add(&family, ids[i][0], ids[i][1], i % 2 ? "9999" : "5000");

        event(builder, 6000, MT_OP_ALLOC, A, 1, 1);
        event(builder, 7000, MT_OP_FREE, B, 0, 1);
    }
    run(&family);
    for (size_t i = 0; i < MEMBERS; i++)
        assert_int_equal(family.facts[i].allocations, 1);
    done(&family);
}

static void other_clocks_are_not_compared(void **state) {
    struct family family = {0};
    struct builder *builder = add(&family, 10, 0, NULL);

    (void)state;
    event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
    builder = add(&family, 11, 10, "5000");
    builder->file.data[12] = MT_FILE_CLOCK_TSC;
    builder_reseal_file_header(builder);
    event(builder, 8000, MT_OP_FREE, A, 0, 1);
    run(&family);
    expect(&family, 1, 0, 1, 0, 0, 0, 0);
    done(&family);
}

static void many_generations_fit_the_stack(void **state) {
    enum { GENERATIONS = 3000 };
    struct builder *builders = calloc(GENERATIONS, sizeof(*builders));
    struct trace *traces = calloc(GENERATIONS, sizeof(*traces));
    struct facts *facts = calloc(GENERATIONS, sizeof(*facts));
    struct error error;

    (void)state;
    for (uint64_t i = 0; i < GENERATIONS; i++) {
        builder_begin(&builders[i]);
        builder_ids(&builders[i], i + 1, i);
        builder_process_text(&builders[i], "capture", "interposed");
        builder_process_text(&builders[i], "fork_ticks", "5000");
        if (i == 0)
            event(&builders[i], 2000, MT_OP_ALLOC, A, 1, 0);
        event(&builders[i], 9000, MT_OP_FREE, A, 0, 0);
        assert_true(
            trace_open_bytes(&traces[i], builders[i].file.data, builders[i].file.size, &error));
    }
    assert_true(analysis_run(traces, GENERATIONS, facts, &(struct analysis_request){0}, &error));
    assert_int_equal(facts[0].inherited_frees, 0);
    for (int i = 1; i < GENERATIONS; i++)
        assert_int_equal(facts[i].inherited_frees, 1);
    for (int i = 0; i < GENERATIONS; i++) {
        facts_free(&facts[i]);
        trace_close(&traces[i]);
        builder_free(&builders[i]);
    }
    free(builders);
    free(traces);
    free(facts);
}

static char *report_text(const struct family *family) {
    struct report_options options = {.limit = 10};
    struct report report = {0};
    struct error error;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < family->count; i++)
        assert_true(report_open(&report, &family->traces[i], &error));
    for (size_t i = 0; i < family->count; i++)
        assert_true(report_add(&report, &family->traces[i], &family->facts[i], &error));
    assert_true(output_text.report(out, &report, &options, &error));
    fputs("\n--\n", out);
    assert_true(output_text.errors(out, &report, &options, &error));
    fclose(out);
    report_free(&report);
    return text;
}

static void expect_text(const char *text, const char *part, bool there) {
    if ((strstr(text, part) != NULL) != there)
        fail_msg("%s'%s' in %s", there ? "no " : "", part, text);
}

static void reports_count_leaks_once_and_name_the_parent(void **state) {
    struct family family = {0};
    struct builder *builder = add(&family, 10, 0, NULL);
    char *text;

    (void)state;
    event(builder, 2000, MT_OP_ALLOC, A, 100, 1);
    event(builder, 2100, MT_OP_ALLOC, B, 10, 1);
    for (int i = 0; i < 2; i++) {
        builder = add(&family, 11, 10, "5000");
        builder_process_text(builder, "parent_trace", "/tmp/parent.mtrace");
        event(builder, 8000, MT_OP_FREE, A, 0, 1);
        event(builder, 8001, MT_OP_FREE, A, 0, 2);
    }
    run(&family);
    text = report_text(&family);
    expect_text(text, "leaked       110 B (110 bytes) in 2 blocks", true);
    expect_text(text, "- 2 frees of memory that the parent process allocated and is charged with",
                true);
    expect_text(text, "! 2 errors: 2 double frees", true);
    expect_text(text, "/tmp/parent.mtrace", false);
    expect_text(text, "      allocated at (process 4321)\n        function1  file.c:1\n", true);
    expect_text(text, "2 times, first at 7.0 \xc2\xb5s by thread 1 of process 4321\n", true);
    free(text);
    done(&family);

    family = (struct family){0};
    builder = add(&family, 11, 10, "5000");
    builder_process_text(builder, "parent_trace", "/tmp/parent.mtrace");
    event(builder, 8000, MT_OP_FREE, A, 0, 1);
    run(&family);
    text = report_text(&family);
    expect_text(text,
                "  - 1 frees of memory inherited from the parent\n"
                "    (give its trace, too: /tmp/parent.mtrace)\n",
                true);
    expect_text(text, "error:", false);
    expect_text(text, "errors       none\n", true);
    free(text);
    done(&family);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inherited_memory_is_known),
        cmocka_unit_test(the_moment_of_the_fork_counts),
        cmocka_unit_test(errors_reach_across_the_fork),
        cmocka_unit_test(generations_are_told_apart),
        cmocka_unit_test(without_its_parent_a_child_has_orphans),
        cmocka_unit_test(orphans_have_orphans),
        cmocka_unit_test(gaps_are_inherited),
        cmocka_unit_test(an_inherited_address_is_used_again),
        cmocka_unit_test(damage_is_counted_once),
        cmocka_unit_test(made_up_parents_do_no_harm),
        cmocka_unit_test(other_clocks_are_not_compared),
        cmocka_unit_test(many_generations_fit_the_stack),
        cmocka_unit_test(reports_count_leaks_once_and_name_the_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
