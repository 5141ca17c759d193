/* Which courses are growth, and that a course holds the least of every interval. */
#include "test.h"

#include "model/advice/floors.h"
#include "model/advice/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 48 };

typedef double course(double time);

static struct trend trend_at(course *of, double noise) {
    double values[COUNT];
    unsigned state = 1;

    for (size_t i = 0; i < COUNT; i++) {
        state = state * 1103515245 + 12345;
        values[i] =
            of((double)i / (COUNT - 1)) + noise * ((double)(state >> 16 & 1023) / 1023 - 0.5);
    }
    return trend_of(values, COUNT);
}

static double line(double time) {
    return 1000 * time;
}

static double set_up_and_line(double time) {
    return 2000 + 1000 * time;
}

static double root(double time) {
    return 1000 * sqrt(time);
}

static void test_growth(void **state) {
    struct trend trend = trend_at(line, 0);

    (void)state;
    assert_true(trend.grows);
    assert_int_equal(trend.first, COUNT / 3);
    assert_true(fabs(trend.slope - 1000.0 / (COUNT - 1)) < 1e-6);
    assert_true(fabs(trend.rise - 1000.0 * 31 / 47) < 1e-6);
    assert_true(fabs(trend.tau - 1) < 1e-9);
    assert_true(fabs(trend.fit - 1) < 1e-9);
    assert_true(trend_at(line, 100).grows);
    assert_true(trend_at(set_up_and_line, 0).grows);
    assert_true(trend_at(root, 0).grows);
}

static double nothing(double time) {
    return 0 * time;
}

static double set_up(double time) {
    return time < 0.3 ? 1000 * time : 300;
}

static double levels_at_half(double time) {
    return 1000 * fmin(time, 0.5);
}

static double levels_late(double time) {
    return 1000 * fmin(time, 0.8);
}

/* A cache that fills up by hits at random. */
static double fills_up(double time) {
    return 1000 * (1 - exp(-5 * time));
}

static double steps(double time) {
    return 100 * exp2(floor(5 * time));
}

static double saw_tooth(double time) {
    return 1000 * (5 * time - floor(5 * time));
}

static double last_tooth_ends(double time) {
    return time < 0.9 ? 1000 * time : 0;
}

static double falls(double time) {
    return 1000 - 900 * time;
}

static double little_of_much(double time) {
    return 10000 + 1000 * time;
}

static double late_step(double time) {
    return time < 0.7 ? 10 : 1000;
}

static void test_no_growth(void **state) {
    course *const courses[] = {nothing,  set_up,         levels_at_half, levels_late,
                               fills_up, steps,          saw_tooth,      last_tooth_ends,
                               falls,    little_of_much, late_step};

    (void)state;
    for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
        if (trend_at(courses[i], 0).grows || trend_at(courses[i], 5).grows)
            fail_msg("course %zu is no growth", i);
    }
}

static double staircase(double time) {
    return 100 * floor(9 * time);
}

/* A few blocks, however large, are no trend. */
static void test_staircase(void **state) {
    (void)state;
    assert_false(trend_at(staircase, 0).grows);
}

/* Noise may end higher than it began, and rise in more parts than it falls in. */
static void test_noise(void **state) {
    unsigned random = 99;

    (void)state;
    for (int run = 0; run < 20000; run++) {
        double values[COUNT];

        for (size_t i = 0; i < COUNT; i++) {
            random = random * 1103515245 + 12345;
            values[i] = (double)(random >> 16 & 1023) + 4 * (double)i;
        }
        assert_false(trend_of(values, COUNT).grows);
    }
}

static void test_too_few(void **state) {
    double values[15];

    (void)state;
    for (int i = 0; i < 15; i++)
        values[i] = i;
    assert_false(trend_of(values, 15).grows);
    assert_false(trend_of(values, 0).grows);
}

enum { ALLOCATIONS = 5000 };

/* The least of each allocation's time: from the state before what came after the one before it. */
static void test_floors(void **state) {
    static uint64_t lows[ALLOCATIONS];
    static struct floor floor;
    struct floors floors;
    double values[MT_FLOOR_INTERVALS];
    unsigned random = 7;
    uint64_t live = 0;
    size_t count, width;

    (void)state;
    floors_init(&floors);
    assert_true(floors_start(&floors, &floor));
    for (size_t i = 0; i < ALLOCATIONS; i++) {
        uint64_t low = live;

        random = random * 1103515245 + 12345;
        /* Long pauses of this floor, while others allocate. */
        if (random >> 16 & 3 && (i / 300) % 2) {
            uint64_t freed = live ? (random >> 8) % live : 0;

            floors_subtract(&floors, &floor, freed);
            live -= freed;
            low = live < low ? live : low;
            floors_add(&floors, &floor, random >> 20);
            live += random >> 20;
        }
        lows[i] = low;
        if (floors_tick(&floors))
            floors_next(&floors, &(struct interval_end){.ticks = i, .live = live});
    }
    count = floors_values(&floors, &floor, values);
    assert_in_range(count, MT_FLOOR_INTERVALS / 2, MT_FLOOR_INTERVALS - 1);
    width = floors.stride;
    for (size_t i = 0; i < count; i++) {
        uint64_t low = UINT64_MAX;

        for (size_t k = i * width; k < (i + 1) * width; k++)
            low = lows[k] < low ? lows[k] : low;
        assert_int_equal((uint64_t)values[i], low);
        assert_int_equal(floors.ends[i].ticks, (i + 1) * width - 1);
    }
    floors_free(&floors);
}

/* What begins late has been what it is now. */
static void test_late_floor(void **state) {
    static struct floor floor;
    struct floors floors;
    double values[MT_FLOOR_INTERVALS];

    (void)state;
    floors_init(&floors);
    for (int i = 0; i < 3; i++) {
        floors_add(&floors, &floor, 100);
        floors_next(&floors, &(struct interval_end){0});
    }
    assert_int_equal(floors_values(&floors, &floor, values), 0);
    assert_true(floors_start(&floors, &floor));
    floors_add(&floors, &floor, 100);
    floors_next(&floors, &(struct interval_end){0});
    floors_next(&floors, &(struct interval_end){0});
    assert_int_equal(floors_values(&floors, &floor, values), 5);
    assert_int_equal((int)values[0], 300);
    assert_int_equal((int)values[3], 300);
    assert_int_equal((int)values[4], 400);
    floors_free(&floors);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),     cmocka_unit_test(test_no_growth),
        cmocka_unit_test(test_staircase),  cmocka_unit_test(test_noise),
        cmocka_unit_test(test_too_few),    cmocka_unit_test(test_floors),
        cmocka_unit_test(test_late_floor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
