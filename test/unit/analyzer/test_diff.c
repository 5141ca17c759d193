/* Reports side by side: which rows are taken for the same. */
#include "test.h"

#include "model/diff.h"

#include <stdlib.h>
#include <string.h>

struct side {
    struct builder builder;
    struct analyzed run;
    struct report report;
    struct diff_side side;
};

/* What a trace allocates: a block of that size in a function, called by main. */
struct place {
    const char *function;
    const char *file;
    uint32_t line;
    uint64_t hash; /* of the site */
    uint64_t size;
    const char *module;
};

static void make_side(struct side *side, const struct place *places, uint32_t count,
                      enum report_by by) {
    struct built_frame main_frame = {"main", "main.c", 12, 3, 0};
    struct error error;

    *side = (struct side){.builder = {.events = 0}};
    builder_begin(&side->builder);
    builder_site(&side->builder, 100, 5000 + places[0].line, 0, 2, NULL, &main_frame, 1);
    builder_context(&side->builder, 100, 0, 100);
    builder_thread(&side->builder, 1, 500, "main");
    for (uint32_t i = 0; i < count; i++) {
        struct built_frame frame = {places[i].function, places[i].file, places[i].line, 3, 0};
        struct built_event event = {MT_OP_ALLOC, i + 1, 0x1000 * (i + 1), places[i].size,
                                    2000 + i * 1000};

        builder_site_of(&side->builder, i + 1, places[i].hash, MT_API_MALLOC, 0, places[i].module,
                        &frame, 1);
        builder_context(&side->builder, i + 1, 100, i + 1);
        builder_events(&side->builder, 1, &event, 1);
    }
    builder_end(&side->builder, 1001000);
    analyze(&side->run, &side->builder);
    assert_true(report_add(&side->report, &side->run.trace, &side->run.facts, &error));
    assert_true(diff_side_make(&side->side, &side->report, by, true, &error));
}

static void free_side(struct side *side) {
    diff_side_free(&side->side);
    report_free(&side->report);
    analyzed_free(&side->run);
    builder_free(&side->builder);
}

static const struct diff_pair *pair_of(const struct diff *diff, uint64_t new_size) {
    for (size_t i = 0; i < diff->pairs.count; i++) {
        const struct diff_item *item = diff->pairs.items[i].new;

        if (item && item->counters.allocated_bytes == new_size)
            return &diff->pairs.items[i];
    }
    fail_msg("nothing of %d bytes", (int)new_size);
    return NULL;
}

static uint64_t partner(const struct diff *diff, uint64_t new_size) {
    const struct diff_pair *pair = pair_of(diff, new_size);

    return pair->base ? pair->base->counters.allocated_bytes : 0;
}

static void equal_hashes_are_one_place(void **state) {
    static const struct place base[] = {{"f", "a.c", 1, 1, 100, "/bin/p"},
                                        {"g", "a.c", 2, 2, 20, "/bin/p"}};
    static const struct place new[] = {{"g", "a.c", 2, 2, 30, "/bin/p"},
                                       {"h", "a.c", 9, 3, 7, "/bin/p"}};
    struct side sides[2];
    struct diff diff;
    struct error error;

    (void)state;
    make_side(&sides[0], base, 2, REPORT_BY_SITE);
    make_side(&sides[1], new, 2, REPORT_BY_SITE);
    assert_true(diff_make(&diff, &sides[0].side, &sides[1].side, DIFF_AS_IT_IS, &error));
    assert_int_equal(diff.pairs.count, 3);
    assert_int_equal(partner(&diff, 30), 20);
    assert_false(pair_of(&diff, 30)->moved);
    assert_int_equal(partner(&diff, 7), 0);
    diff_sort(&diff, REPORT_ORDER_PEAK);
    assert_null(diff.pairs.items[0].new);
    assert_int_equal(diff.pairs.items[0].base->counters.peak_bytes, 100);
    assert_true(diff_pair_change(&diff, &diff.pairs.items[0], REPORT_ORDER_PEAK) <= -100);
    diff_free(&diff);
    free_side(&sides[0]);
    free_side(&sides[1]);
}

/* Another directory, other lines, so other hashes; two mallocs in f. */
static const struct place here[] = {{"f", "/a/x.c", 1, 1, 1000, "/a/bin/p"},
                                    {"f", "/a/x.c", 5, 2, 10, "/a/bin/p"},
                                    {"g", "/a/x.c", 9, 3, 50, "/a/bin/p"}};
static const struct place there[] = {{"f", "/b/x.c", 6, 11, 12, "/b/p"},
                                     {"g", "/b/x.c", 10, 13, 51, "/b/p"},
                                     {"f", "/b/x.c", 2, 12, 1100, "/b/p"},
                                     {"g", "/b/x.c", 10, 14, 1, "/b/q"}};

static void moved_places_are_joined_by_functions(void **state) {
    static const enum report_by ways[] = {REPORT_BY_CONTEXT, REPORT_BY_SITE};
    struct side sides[2];
    struct diff diff;
    struct error error;

    (void)state;
    for (int i = 0; i < 2; i++) {
        make_side(&sides[0], here, 3, ways[i]);
        make_side(&sides[1], there, 4, ways[i]);
        assert_true(diff_make(&diff, &sides[0].side, &sides[1].side, DIFF_AS_IT_IS, &error));
        assert_int_equal(diff.pairs.count, 4);
        assert_int_equal(partner(&diff, 1100), 1000);
        assert_int_equal(partner(&diff, 12), 10);
        assert_int_equal(partner(&diff, 51), 50);
        assert_int_equal(partner(&diff, 1), 0);
        assert_true(pair_of(&diff, 51)->moved);
        diff_free(&diff);
        free_side(&sides[0]);
        free_side(&sides[1]);
    }
}

static void files_are_joined_whatever_their_directory(void **state) {
    struct side sides[2];
    struct diff diff;
    struct error error;

    (void)state;
    make_side(&sides[0], here, 3, REPORT_BY_FILE);
    make_side(&sides[1], there, 4, REPORT_BY_FILE);
    assert_true(diff_make(&diff, &sides[0].side, &sides[1].side, DIFF_AS_IT_IS, &error));
    assert_int_equal(diff.pairs.count, 1);
    assert_int_equal(partner(&diff, 1164), 1060);
    diff_free(&diff);
    free_side(&sides[0]);
    free_side(&sides[1]);
}

static void one_factor_makes_both_sides_equally_long(void **state) {
    struct side sides[2];
    struct diff diff;
    struct error error;

    (void)state;
    make_side(&sides[0], here, 3, REPORT_BY_FUNCTION);
    make_side(&sides[1], there, 4, REPORT_BY_FUNCTION);
    assert_true(diff_make(&diff, &sides[0].side, &sides[1].side, DIFF_PER_ALLOCATION, &error));
    assert_true(diff.factor > 0.749 && diff.factor < 0.751);
    assert_true(diff_change(&diff, &sides[0].side.totals, &sides[1].side.totals,
                            REPORT_ORDER_COUNT) < 0.001);
    assert_true(diff_change(&diff, &sides[0].side.totals, &sides[1].side.totals,
                            REPORT_ORDER_PEAK) > 103.9);
    diff_free(&diff);
    sides[1].side.events = 0;
    assert_false(diff_make(&diff, &sides[0].side, &sides[1].side, DIFF_PER_EVENT, &error));
    assert_non_null(strstr(error.text, "NEW"));
    free_side(&sides[0]);
    free_side(&sides[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_hashes_are_one_place),
        cmocka_unit_test(moved_places_are_joined_by_functions),
        cmocka_unit_test(files_are_joined_whatever_their_directory),
        cmocka_unit_test(one_factor_makes_both_sides_equally_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
