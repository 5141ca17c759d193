/* Trees of calls: what becomes one node, and where costs go. */
#include "test.h"

#include "model/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *function_name(const struct chain_place *place) {
    return strdup(chain_frame(place)->function);
}

struct built {
    struct builder builder;
    uint32_t contexts;
    uint64_t address;
};

static void begin(struct built *built) {
    *built = (struct built){0};
    builder_begin(&built->builder);
}

/* A context of single-frame sites, outermost first: "main/load/xmalloc*", of which those with an
 * asterisk are wrappers, and ones with a number, r1 and r2, lines of one function; with an
 * allocation of that size. */
static void add_chain(struct built *built, const char *chain, uint64_t size) {
    char *copy = strdup(chain);
    struct built_event event = {MT_OP_ALLOC, 0, built->address += 0x1000, size, 2000};
    uint32_t parent = 0;

    for (char *name = strtok(copy, "/"); name; name = strtok(NULL, "/")) {
        size_t length = strcspn(name, "*0123456789");
        struct built_frame frame = {name, "file.c", (uint32_t)atoi(name + length), 1,
                                    name[length] == '*'};
        uint32_t id = ++built->contexts;

        name[length] = '\0';
        builder_site(&built->builder, id, id, 1, 0, NULL, &frame, 1);
        builder_context(&built->builder, id, parent, id);
        parent = id;
    }
    event.context = parent;
    builder_events(&built->builder, 1, &event, 1);
    free(copy);
}

/* "name:inclusive:self(children)..." */
static void describe(const struct tree *tree, bool bottom_up, char *out) {
    struct walk_options options = {.bottom_up = bottom_up, .order = REPORT_ORDER_ALLOCATED};
    struct walk_item item;
    struct walk walk;

    assert_true(walk_begin(&walk, tree, &options));
    for (;;) {
        walk_next(&walk, &item);
        if (item.kind == WALK_END)
            break;
        if (item.kind == WALK_NODE)
            out += sprintf(out, "%s:%d:%d(", item.name->text, (int)item.counters.allocated_bytes,
                           (int)item.self.allocated_bytes);
        else if (item.kind == WALK_LEAVE)
            out += sprintf(out, ")");
        else
            fail_msg("unexpected item %d", item.kind);
    }
    walk_end(&walk);
}

static void expect(struct built *built, struct tree_options options, bool bottom_up,
                   const char *expected) {
    struct analyzed run;
    struct report report = {0};
    struct tree tree;
    struct error error;
    char text[4096] = "";

    options.namer = function_name;
    options.depth = options.depth ? options.depth : MT_TREE_DEPTH;
    analyze(&run, &built->builder);
    assert_int_equal(run.trace.reader.damage.count, 0);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    assert_true(tree_build(&tree, &report, &options, &error));
    describe(&tree, bottom_up, text);
    if (strcmp(text, expected) != 0)
        fail_msg("'%s' is not '%s'", text, expected);
    tree_free(&tree);
    report_free(&report);
    analyzed_free(&run);
}

static const struct tree_options folded = {.fold = true};
static const struct tree_options unfolded = {.fold = false};

static void contexts_share_nodes(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main/run/load", 10);
    add_chain(&built, "main/run/save", 5);
    add_chain(&built, "main/run", 1);
    add_chain(&built, "thread/load", 3);
    expect(&built, folded, false,
           "main:16:0(run:16:1(load:10:10()save:5:5()))thread:3:0(load:3:3())");
    expect(&built, folded, true,
           "load:13:0(run:10:0(main:10:10())thread:3:3())save:5:0(run:5:0(main:5:5()))"
           "run:1:0(main:1:1())");
    builder_free(&built.builder);
}

static void costs_go_to_the_first_frame_not_folded(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main/load/xmalloc*/xrealloc*", 10);
    add_chain(&built, "main/xmalloc*", 4);
    add_chain(&built, "main/xmalloc*/pool", 2);
    add_chain(&built, "xmalloc*", 1);
    expect(&built, folded, false, "main:16:4(load:10:10()xmalloc:2:0(pool:2:2()))xmalloc:1:1()");
    expect(&built, unfolded, false,
           "main:16:0(load:10:0(xmalloc:10:0(xrealloc:10:10()))xmalloc:6:4(pool:2:2()))"
           "xmalloc:1:1()");
    builder_free(&built.builder);
}

/* Of one name, but a wrapper only in one file. */
static void equal_names_may_differ_in_folding(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main/get*", 1);
    add_chain(&built, "main/get", 2);
    expect(&built, folded, false, "main:3:1(get:2:2())");
    builder_free(&built.builder);
}

static void library_frames_in_a_row_are_one_node(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main/_ZSt/_ZNSt/_ZSa/load", 1);
    add_chain(&built, "main/_ZSt/load", 2);
    add_chain(&built, "main/_ZSt/_ZNSt/load/_ZSt/_ZNSt", 4);
    expect(&built, folded, false,
           "main:7:0([standard library]:5:0(load:5:5())_ZSt:2:0(load:2:2()))");
    builder_free(&built.builder);
}

static void recursion_counts_once(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main/walk1/walk2/walk2/walk1/leaf", 1);
    add_chain(&built, "main/walk1/leaf", 2);
    add_chain(&built, "main/expr/term/expr/term/expr", 4);
    expect(&built, folded, false, "main:7:0(expr:4:0(term:4:0(expr:4:4()))walk:3:0(leaf:3:3()))");
    expect(&built, folded, true,
           "expr:4:0(term:4:0(expr:4:0(main:4:4())))leaf:3:0(walk:3:0(main:3:3()))");
    expect(&built, (struct tree_options){.fold = true, .by_site = true}, false,
           "main:7:0(expr:4:0(term:4:0(expr:4:4()))"
           "walk:3:0(leaf:2:2()walk:1:0(walk:1:0(leaf:1:1()))))");
    builder_free(&built.builder);
}

static void the_innermost_is_kept_below_the_limit(void **state) {
    struct tree_options shallow = {.fold = true, .depth = 2};
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "a/b", 1);
    add_chain(&built, "a/b/c", 2);
    add_chain(&built, "a/b/c/d", 4);
    add_chain(&built, "a/b/e/f/d", 8);
    expect(&built, shallow, false, "a:15:0(b:15:1([deeper calls]:14:0(d:12:12()c:2:2())))");
    builder_free(&built.builder);
}

static void small_nodes_are_hidden_and_counted(void **state) {
    const struct walk_options options = {
        .order = REPORT_ORDER_ALLOCATED, .min_share = 10, .limit = 2};
    const struct tree_options tree_options = {
        .namer = function_name, .fold = true, .depth = MT_TREE_DEPTH};
    struct built built;
    struct analyzed run;
    struct report report = {0};
    struct tree tree;
    struct walk walk;
    struct walk_item item;
    struct error error;
    const char *const shown[] = {"main", "a", "b"};
    size_t next = 0;
    size_t hidden = 0;

    (void)state;
    begin(&built);
    add_chain(&built, "main/a", 50);
    add_chain(&built, "main/b", 20);
    add_chain(&built, "main/c", 15);
    add_chain(&built, "main/d", 10);
    add_chain(&built, "other", 5);
    analyze(&run, &built.builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    assert_true(tree_build(&tree, &report, &tree_options, &error));
    assert_true(walk_begin(&walk, &tree, &options));
    do {
        walk_next(&walk, &item);
        if (item.kind == WALK_NODE) {
            assert_string_equal(item.name->text, shown[next++]);
        } else if (item.kind == WALK_HIDDEN) {
            hidden++;
            assert_int_equal(item.hidden, item.depth ? 2 : 1);
            assert_int_equal(item.counters.allocated_bytes, item.depth ? 25 : 5);
        }
    } while (item.kind != WALK_END);
    assert_int_equal(next, 3);
    assert_int_equal(hidden, 2);
    walk_end(&walk);
    tree_free(&tree);
    report_free(&report);
    analyzed_free(&run);
    builder_free(&built.builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_share_nodes),
        cmocka_unit_test(costs_go_to_the_first_frame_not_folded),
        cmocka_unit_test(equal_names_may_differ_in_folding),
        cmocka_unit_test(library_frames_in_a_row_are_one_node),
        cmocka_unit_test(recursion_counts_once),
        cmocka_unit_test(the_innermost_is_kept_below_the_limit),
        cmocka_unit_test(small_nodes_are_hidden_and_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
