/* Suppression files: which chains their rules fit, and what they take out of a report. */
#include "test.h"

#include "model/suppressions.h"
#include "util/glob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* main calls App::run, which calls strdup in libc. */
static const struct listed_frame chain[] = {
    {"strdup", "strdup", "", "/usr/lib/libc.so.6", 0, true},
    {"_ZN3App3runEi", "App::run(int)", "/src/app/run.cc", "/opt/bin/app", 41, false},
    {"worker", "worker", "/src/app/pool.c", "/opt/lib/libpool.so.1", 7, false},
    {"main", "main", "/src/app/main.c", "/opt/bin/app", 12, false},
};

static struct frame_list *frames_of(uint8_t api) {
    static struct frame_list list;

    memcpy(list.items, chain, sizeof(chain));
    list.count = sizeof(chain) / sizeof(chain[0]);
    list.api = api;
    return &list;
}

static void parse(struct suppressions *suppressions, const char *text) {
    char *copy = strdup(text);
    struct error error;

    *suppressions = (struct suppressions){0};
    if (!suppressions_parse(suppressions, "rules", copy, &error))
        fail_msg("%s", error.text);
    free(copy);
}

static bool fits(const char *text, enum leak_kind kind) {
    struct suppressions suppressions;
    bool found;

    parse(&suppressions, text);
    found = suppressions_find(&suppressions, frames_of(MT_API_MALLOC), kind) != NULL;
    suppressions_free(&suppressions);
    return found;
}

static bool rule_fits(const char *pattern) {
    char text[200];

    snprintf(text, sizeof(text), "leak:%s\n", pattern);
    return fits(text, LEAK_DIRECT);
}

static bool frames_fit(const char *frames) {
    char text[400];

    snprintf(text, sizeof(text), "{\nname\nMemcheck:Leak\n%s\n}\n", frames);
    return fits(text, LEAK_DIRECT);
}

static void globs_take_back_what_a_star_took(void **state) {
    (void)state;
    assert_true(glob_match("a*bc", "abbcbc"));
    assert_true(glob_match("*.c", "x.c.c"));
    assert_true(glob_match("?*", "x"));
    assert_false(glob_match("?*", ""));
    assert_true(glob_match("**", ""));
    assert_false(glob_match("a*b", "abc"));
    assert_false(glob_match_stars("a?c", "abc"));
    assert_true(glob_match_stars("a?c", "a?c"));
}

static void a_pattern_is_sought_in_every_text_of_a_frame(void **state) {
    (void)state;
    assert_true(rule_fits("App::run"));
    assert_true(rule_fits("_ZN3App"));
    assert_true(rule_fits("libpool.so"));
    assert_true(rule_fits("app/main.c"));
    assert_true(rule_fits("App*int"));
    assert_false(rule_fits("App::stop"));
    assert_false(rule_fits("malloc"));
}

static void anchors_hold_a_pattern_to_the_ends(void **state) {
    (void)state;
    assert_true(rule_fits("^main$"));
    assert_true(rule_fits("^App::"));
    assert_false(rule_fits("^run"));
    assert_true(rule_fits("er$"));
    assert_false(rule_fits("work$"));
    assert_false(rule_fits("^mai$"));
}

static void valgrind_frames_begin_with_the_innermost(void **state) {
    (void)state;
    assert_true(frames_fit("fun:malloc\nfun:strdup\nfun:_ZN3App3runEi"));
    assert_true(frames_fit("fun:strdup"));
    assert_false(frames_fit("fun:worker"));
    assert_false(frames_fit("fun:_Znwm\nfun:strdup"));
    assert_false(frames_fit("fun:malloc\nfun:strdup\nfun:main"));
    assert_true(frames_fit("fun:*alloc\nfun:str???\nfun:App::run(*)"));
    assert_true(frames_fit("obj:*/vgpreload_*\nobj:*/libc.so.*"));
}

static void ellipses_stand_for_any_frames(void **state) {
    (void)state;
    assert_true(frames_fit("...\nfun:main"));
    assert_true(frames_fit("fun:malloc\n...\nobj:*/libpool.so*\nfun:main"));
    assert_true(frames_fit("...\nobj:*/app\n...\nfun:main"));
    assert_false(frames_fit("...\nobj:*/app\nfun:main"));
    assert_false(frames_fit("...\nfun:main\nfun:*"));
    assert_true(frames_fit("fun:malloc\n..."));
}

static void sources_may_have_lines(void **state) {
    (void)state;
    assert_true(frames_fit("...\nsrc:run.cc:41"));
    assert_true(frames_fit("...\nsrc:/src/*/run.cc"));
    assert_false(frames_fit("...\nsrc:run.cc:42"));
}

static void kinds_limit_valgrinds_rules(void **state) {
    static const char text[] = "{\nname\nMemcheck:Leak\nmatch-leak-kinds: definite, reachable\n"
                               "fun:malloc\n}\n";

    (void)state;
    assert_true(fits(text, LEAK_DIRECT));
    assert_false(fits(text, LEAK_INDIRECT));
    assert_true(fits(text, LEAK_REACHABLE));
    assert_true(fits(text, LEAK_UNKNOWN));
}

static void rules_of_other_tools_are_skipped(void **state) {
    (void)state;
    assert_false(fits("{\na\nMemcheck:Param\nwrite(buf)\nfun:malloc\n}\n", LEAK_DIRECT));
    assert_true(fits("# c\n\n{\na\nHelgrind:Race\nfun:x\n}\n{\nb\nMemcheck:Leak\nfun:malloc\n}\n",
                     LEAK_DIRECT));
}

static void refuses(const char *text, const char *message) {
    struct suppressions suppressions = {0};
    char *copy = strdup(text);
    struct error error;

    assert_false(suppressions_parse(&suppressions, "rules", copy, &error));
    if (!strstr(error.text, message))
        fail_msg("'%s' says '%s'", text, error.text);
    suppressions_free(&suppressions);
    free(copy);
}

static void faults_are_told_with_their_line(void **state) {
    (void)state;
    refuses("leak:a\nrace:b\n", "rules:2: 'race:b'");
    refuses("leak:\n", "rules:1");
    refuses("\n{\nname\nMemcheck:Leak\nfun:x\n", "rules:");
    refuses("{\nname\nMemcheck:Leak\n}\n", "names no frame");
    refuses("{\nname\nMemcheck:Leak\nfun:x\n}\nleak:y\n", "rules:6");
    refuses("{", "not followed by a name");
}

/* 100 and 20 bytes by sites 1 and 2; as if a scan had found the one unreachable and holding the
 * other. */
static void suppressed_leaks_take_along_what_they_hold(void **state) {
    static const struct built_event events[] = {{MT_OP_ALLOC, 1, 0x1000, 100, 2000},
                                                {MT_OP_ALLOC, 2, 0x2000, 20, 3000},
                                                {MT_OP_ALLOC, 3, 0x3000, 7, 4000}};
    struct suppressions suppressions;
    struct builder builder;
    struct analyzed run;
    struct report report = {0};
    struct counters *totals = &report.totals.counters;
    struct error error;

    (void)state;
    builder_begin(&builder);
    for (uint32_t i = 1; i <= 3; i++)
        builder_simple_context(&builder, i);
    builder_thread(&builder, 1, 500, "main");
    builder_events(&builder, 1, events, 3);
    builder_end(&builder, 8000);
    analyze(&run, &builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    for (size_t i = 0; i < 3; i++) {
        struct counters *row = &report.contexts.items[i].counters;

        row->unreachable_bytes = i < 2 ? row->leaked_bytes : 0;
        row->unreachable_blocks = i < 2;
        row->reachable_bytes = i < 2 ? 0 : row->leaked_bytes;
        row->reachable_blocks = i == 2;
        row->indirect_bytes = i == 1 ? 20 : 0;
        row->indirect_blocks = i == 1;
        row->kept_bytes = i == 0 ? 20 : 0;
        row->kept_blocks = i == 0;
    }
    /* One that leaves something of two kinds is one context. */
    report.contexts.items[0].counters.leaked_bytes += 3;
    report.contexts.items[0].counters.leaked_blocks++;
    report.contexts.items[0].counters.reachable_bytes = 3;
    report.contexts.items[0].counters.reachable_blocks = 1;
    totals->leaked_bytes += 3;
    totals->leaked_blocks++;
    totals->unreachable_bytes = 120;
    totals->unreachable_blocks = 2;
    totals->indirect_bytes = totals->kept_bytes = 20;
    totals->indirect_blocks = totals->kept_blocks = 1;
    totals->reachable_bytes = 10;
    totals->reachable_blocks = 2;
    parse(&suppressions, "leak:^function1$\nleak:^function2$\nleak:nothing\n");
    assert_true(suppressions_apply(&suppressions, &report, true, &error));
    assert_int_equal(totals->leaked_bytes, 7);
    assert_int_equal(totals->leaked_blocks, 1);
    assert_int_equal(totals->unreachable_bytes, 0);
    assert_int_equal(totals->indirect_bytes, 0);
    assert_int_equal(totals->reachable_bytes, 7);
    assert_int_equal(suppressions.bytes, 123);
    assert_int_equal(suppressions.blocks, 3);
    assert_int_equal(suppressions.contexts, 2);
    assert_int_equal(suppressions.rules.items[0].bytes, 123);
    assert_int_equal(suppressions.rules.items[0].contexts, 1);
    assert_int_equal(suppressions.rules.items[2].contexts, 0);
    suppressions_free(&suppressions);
    report_free(&report);
    analyzed_free(&run);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_take_back_what_a_star_took),
        cmocka_unit_test(a_pattern_is_sought_in_every_text_of_a_frame),
        cmocka_unit_test(anchors_hold_a_pattern_to_the_ends),
        cmocka_unit_test(valgrind_frames_begin_with_the_innermost),
        cmocka_unit_test(ellipses_stand_for_any_frames),
        cmocka_unit_test(sources_may_have_lines),
        cmocka_unit_test(kinds_limit_valgrinds_rules),
        cmocka_unit_test(rules_of_other_tools_are_skipped),
        cmocka_unit_test(faults_are_told_with_their_line),
        cmocka_unit_test(suppressed_leaks_take_along_what_they_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
