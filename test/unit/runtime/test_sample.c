/* Which allocations are kept: the logarithm and the draws against what they are of, the tiers, the
 * options, and the set of what is kept with its filter. */
#include "options.h"
#include "sample.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_logarithm_is_right(void **state) {
    const double unit = 1.0 / (UINT64_C(1) << 40);
    uint64_t bits = UINT64_MAX;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        double exact = -log((double)(bits | 1) / 18446744073709551616.0);

        if (fabs((double)mt_sample_log(bits) * unit - exact) > 4 * unit)
            fail_msg("-ln of %.17g: %.17g", (double)bits, (double)mt_sample_log(bits) * unit);
        bits = bits * UINT64_C(6364136223846793005) + 1442695040888963407u;
        bits >>= i % 64 / 8 * 7;
    }
    assert_true(fabs((double)mt_sample_log(0) * unit - 64 * log(2)) < 1e-9);
    assert_in_range(mt_sample_log(UINT64_MAX), 0, 2);
}

static void random_bits_are_even(void **state) {
    struct mt_sampler sampler = {0};
    unsigned ones[64] = {0};
    enum { DRAWS = 100000 };

    (void)state;
    mt_sample_seed(&sampler, 1);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t bits = mt_sample_random(&sampler);

        for (int b = 0; b < 64; b++)
            ones[b] += bits >> b & 1;
    }
    /* Within 5 standard deviations. */
    for (int b = 0; b < 64; b++)
        assert_in_range(ones[b], DRAWS / 2 - 800, DRAWS / 2 + 800);
}

/* An allocation of s bytes is kept with probability 1 - exp(-s/T). */
static void draws_are_exponential(void **state) {
    static const uint64_t sizes[] = {1, 7, 100, 500, 1000, 2000, 5000};
    enum { DRAWS = 200000, MEAN = 1000, SIZES = sizeof sizes / sizeof *sizes };
    unsigned kept[SIZES] = {0};
    struct mt_sampler sampler = {0};
    double sum = 0;

    (void)state;
    mt_sample_seed(&sampler, 2);
    for (int i = 0; i < DRAWS; i++) {
        int64_t left = mt_sample_draw(&sampler, MEAN);

        assert_true(left >= 1);
        sum += (double)left;
        for (size_t k = 0; k < SIZES; k++)
            kept[k] += (uint64_t)left <= sizes[k];
    }
    for (size_t k = 0; k < SIZES; k++) {
        double p = -expm1(-(double)sizes[k] / MEAN), error = sqrt(DRAWS * p * (1 - p));

        if (fabs(kept[k] - DRAWS * p) > 4 * error)
            fail_msg("%u of %.0f for %d bytes", kept[k], DRAWS * p, (int)sizes[k]);
    }
    /* Rounded up to whole bytes. */
    assert_true(fabs(sum / DRAWS - MEAN - 0.5) < 4 * MEAN / sqrt(DRAWS));
}

static void seeds_and_threads_differ(void **state) {
    struct mt_sampler a = {0}, b = {0};

    (void)state;
    mt_sample_seed(&a, 1);
    mt_sample_seed(&b, 2);
    assert_int_not_equal(mt_sample_random(&a), mt_sample_random(&b));
    mt_sample_seed(&a, 1);
    mt_sample_seed(&b, 1);
    assert_int_equal(mt_sample_random(&a), mt_sample_random(&b));
}

static void tiers_are_those_of_the_preset(void **state) {
    struct mt_sample_rule rule = mt_sample_preset(MT_SAMPLE_DEFAULT);

    (void)state;
    mt_sample_use_rule(&rule);
    /* The first ten. */
    assert_int_equal(mt_sample_probability(1, 1), MT_SAMPLE_CERTAIN);
    assert_int_equal(mt_sample_probability(1, 10), MT_SAMPLE_CERTAIN);
    /* Boosted from the threshold on, ten times at the most. */
    assert_int_equal(mt_sample_probability(1, 20), 1311);
    assert_int_equal(mt_sample_probability(1023, 55), 3604);
    assert_int_equal(mt_sample_probability(1023, 100), 6554);
    assert_int_equal(mt_sample_probability(1023, UINT32_MAX), 6554);
    assert_int_equal(mt_sample_probability(1024, 11), 7209);
    assert_int_equal(mt_sample_probability(1024, 1000), MT_SAMPLE_CERTAIN);
    assert_int_equal(mt_sample_probability(10240, 11), MT_SAMPLE_CERTAIN);

    rule = mt_sample_preset(MT_SAMPLE_PERFORMANCE);
    mt_sample_use_rule(&rule);
    assert_int_equal(mt_sample_probability(5119, 11), 66);
    assert_int_equal(mt_sample_probability(5119, 50), 66);
    assert_int_equal(mt_sample_probability(5119, 75), 98);
    assert_int_equal(mt_sample_probability(5119, 500), 655);
    assert_int_equal(mt_sample_probability(5120, 50), 3277);
    assert_int_equal(mt_sample_probability(51200, 50), MT_SAMPLE_CERTAIN);

    rule = mt_sample_preset(MT_SAMPLE_DEMO);
    mt_sample_use_rule(&rule);
    for (uint32_t count = 1; count < 1000; count++)
        assert_int_equal(mt_sample_probability(0, count), MT_SAMPLE_CERTAIN);

    /* What is never kept could not be estimated. */
    rule.rates[2] = 1;
    rule.boost_threshold = 1000;
    mt_sample_use_rule(&rule);
    assert_int_equal(mt_sample_probability(0, 100), 1);
}

/* As often as the probability says that goes with it. */
static void choices_follow_the_probability(void **state) {
    struct mt_sample_rule rule = mt_sample_preset(MT_SAMPLE_DEFAULT);
    struct mt_sample_count *counts = calloc(MT_SAMPLE_COUNTS, sizeof *counts);
    const struct mt_context_id context = {4711}, other = {4711 + MT_SAMPLE_COUNTS};
    enum { DRAWS = 200000 };
    double expected = 0, variance = 0;
    unsigned kept = 0;

    (void)state;
    mt_options.sample_seed = 3;
    mt_sample_use_rule(&rule);
    for (uint32_t i = 1; i <= DRAWS; i++) {
        double p = mt_sample_probability(64, i) / 65536.0;
        uint32_t chosen = mt_sample_choose(counts, context, 64);

        assert_true(chosen == 0 || chosen == mt_sample_probability(64, i));
        if (i <= MT_SAMPLE_FIRST)
            assert_int_equal(chosen, MT_SAMPLE_CERTAIN);
        expected += p;
        variance += p * (1 - p);
        kept += chosen != 0;
    }
    assert_true(fabs(kept - expected) < 4 * sqrt(variance));
    /* One that takes the place begins anew, and so does the first one after it. */
    for (int i = 0; i < 10; i++)
        assert_int_equal(mt_sample_choose(counts, other, 64), MT_SAMPLE_CERTAIN);
    assert_int_equal(mt_sample_choose(counts, context, 64), MT_SAMPLE_CERTAIN);
    free(counts);
}

static void sizes_hold_probabilities(void **state) {
    (void)state;
    assert_int_equal(mt_sample_weighted_size(100, MT_SAMPLE_CERTAIN), 100);
    assert_int_equal(mt_sample_weighted_size(100, 1), UINT64_C(1) << 48 | 100);
    assert_int_equal(mt_sample_weighted_size(100, 65535), UINT64_C(65535) << 48 | 100);
    /* What libstdc++'s aligned operator new rounds up to 0. */
    assert_int_equal(mt_sample_weighted_size(UINT64_MAX - 3, 65535), UINT64_C(65535) << 48);
}

static const void *block_of(uintptr_t i) {
    return (const void *)(0x7f0000000000 + i * 16);
}

static void only_what_is_kept_is_taken(void **state) {
    (void)state;
    assert_false(mt_sample_may_have(block_of(1)));
    assert_false(mt_sample_take(block_of(1)));
    assert_true(mt_sample_add(block_of(1)));
    assert_true(mt_sample_may_have(block_of(1)));
    assert_false(mt_sample_may_have(block_of(2)));
    assert_false(mt_sample_take(block_of(2)));
    assert_true(mt_sample_take(block_of(1)));
    assert_false(mt_sample_take(block_of(1)));
    assert_false(mt_sample_may_have(block_of(1)));
}

/* However often a free is missed. */
static void a_block_is_kept_once(void **state) {
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(mt_sample_add(block_of(1)));
    assert_true(mt_sample_take(block_of(1)));
    assert_false(mt_sample_take(block_of(1)));
    assert_false(mt_sample_may_have(block_of(1)));
}

/* Of addresses that fall to one place, any number may be kept. */
static void a_full_place_loses_none(void **state) {
    enum { BLOCKS = 1000 };
    const void *blocks[BLOCKS];
    const size_t area = (size_t)1 << MT_SAMPLE_FILTER_BITS; /* in granules */

    (void)state;
    for (uintptr_t i = 0; i < BLOCKS; i++) {
        uintptr_t first = (uintptr_t)(mt_sample_place(block_of(0)) - mt_sample_filter);
        uintptr_t here = (uintptr_t)(mt_sample_place(block_of(i * area)) - mt_sample_filter);
        uintptr_t low = ((uintptr_t)block_of(0) >> 4) % area;

        /* Within an area, places follow one another. */
        blocks[i] = block_of(i * area - low + (low + first - here) % area);
        assert_ptr_equal(mt_sample_place(blocks[i]), mt_sample_place(block_of(0)));
        assert_true(mt_sample_add(blocks[i]));
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        assert_true(mt_sample_may_have(blocks[i]));
        assert_true(mt_sample_take(blocks[i]));
    }
    assert_false(mt_sample_take(blocks[0]));
}

enum { THREADS = 4, PER_THREAD = 20000 };

static void *add_and_take(void *argument) {
    uintptr_t base = (uintptr_t)argument * PER_THREAD * 3 + 1000000, missing = 0;

    for (int round = 0; round < 3; round++) {
        for (uintptr_t i = 0; i < PER_THREAD; i++)
            missing += !mt_sample_add(block_of(base + i));
        for (uintptr_t i = 0; i < PER_THREAD; i++)
            missing +=
                !mt_sample_may_have(block_of(base + i)) || !mt_sample_take(block_of(base + i));
    }
    return (void *)missing;
}

static void serves_threads(void **state) {
    pthread_t threads[THREADS];

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, add_and_take, (void *)i);
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *missing;

        pthread_join(threads[i], &missing);
        assert_null(missing);
    }
    for (uintptr_t i = 0; i < THREADS * PER_THREAD * 3; i++)
        assert_false(mt_sample_may_have(block_of(1000000 + i)));
}

static void the_trace_says_how(void **state) {
    (void)state;
    assert_string_equal(mt_sample_description(), "all");
    assert_false(mt_sample_start());
    mt_options_parse("sample=tiered:leak_detection:sample_small_rate=0.25:sample_large=2K");
    assert_true(mt_sample_start());
    assert_string_equal(mt_sample_description(),
                        "tiered:large=2048,medium=256,large_rate=1000000ppm,"
                        "medium_rate=800000ppm,small_rate=2500ppm,boost_threshold=3");
    mt_options_parse("sample=poisson:1M");
    assert_true(mt_sample_start());
    assert_string_equal(mt_sample_description(), "poisson:1048576");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_logarithm_is_right),
        cmocka_unit_test(random_bits_are_even),
        cmocka_unit_test(draws_are_exponential),
        cmocka_unit_test(seeds_and_threads_differ),
        cmocka_unit_test(tiers_are_those_of_the_preset),
        cmocka_unit_test(choices_follow_the_probability),
        cmocka_unit_test(sizes_hold_probabilities),
        cmocka_unit_test(only_what_is_kept_is_taken),
        cmocka_unit_test(a_block_is_kept_once),
        cmocka_unit_test(a_full_place_loses_none),
        cmocka_unit_test(serves_threads),
        cmocka_unit_test(the_trace_says_how),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
