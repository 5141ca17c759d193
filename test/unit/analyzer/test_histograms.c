/* Histograms of lifetimes and sizes. */
#include "model/histograms.h"
#include "model/lifetimes.h"
#include "observed.h"

#include <stdlib.h>

enum { A = 0x10000, B = 0x200000, C = 0x300000, D = 0x400000 };

static void buckets(void **state) {
    (void)state;
    assert_int_equal(histogram_bucket(0), 0);
    assert_int_equal(histogram_bucket(1), 1);
    assert_int_equal(histogram_bucket(1023), 10);
    assert_int_equal(histogram_bucket(1024), 11);
    assert_int_equal(histogram_bucket(UINT64_MAX), 64);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        assert_int_equal(histogram_bucket(histogram_from(i)), i);
}

/* It takes one place, then what spans its buckets, in any order. */
static void histograms_grow(void **state) {
    static const unsigned order[] = {20, 20, 3, 64, 0, 20, 3};
    struct histogram histogram = {.one = 0}, sum = {.one = 0};

    (void)state;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        assert_true(histogram_add(&histogram, order[i], 1));
        assert_true(i > 1 || histogram.count == 1);
    }
    assert_true(histogram_at(&histogram, 20) == 3);
    assert_true(histogram_at(&histogram, 3) == 2);
    assert_true(histogram_at(&histogram, 64) == 1);
    assert_true(histogram_at(&histogram, 0) == 1);
    assert_true(histogram_at(&histogram, 21) == 0);
    assert_true(histogram_total(&histogram) == 7);
    assert_int_equal(histogram_quantile(&histogram, 0.5), 20);
    assert_int_equal(histogram_quantile(&histogram, 0.1), 0);
    assert_int_equal(histogram_quantile(&histogram, 1), 64);
    assert_true(histogram_add(&sum, 30, 2));
    assert_true(histogram_merge(&sum, &histogram));
    assert_true(histogram_total(&sum) == 9 && histogram_at(&sum, 30) == 2);
    histogram_free(&histogram);
    histogram_free(&sum);
}

/* A lives 1,000 ns, B 3,000 ns, C is superseded, D is left; context 2 has a small one that stays.
 */
static void build(struct builder *builder) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, A, 20000, 2000}, {MT_OP_FREE, 1, A, 0, 3000},
        {MT_OP_ALLOC, 2, B, 64, 4000},    {MT_OP_ALLOC, 1, C, 500, 5000},
        {MT_OP_ALLOC, 2, C, 0, 6000},     {MT_OP_FREE, 1, B, 0, 7000},
        {MT_OP_ALLOC, 1, D, 300, 8000},
    };

    builder_begin(builder);
    builder_simple_context(builder, 1);
    builder_simple_context(builder, 2);
    builder_events(builder, 1, events, 7);
    builder_end(builder, 9000);
}

static bool is(const struct histogram_total *total, double blocks, double bytes) {
    return total->blocks == blocks && total->bytes == bytes;
}

static void figures_are_exact(void **state) {
    static const struct histograms_options options = {.short_ns = 1001, .long_ns = 3000};
    struct builder builder;
    struct observed observed;
    const struct histograms *histograms;
    const struct context_histograms *contexts;

    (void)state;
    build(&builder);
    observe(&observed, &builder, &histograms_ops, &options, NULL, NULL);
    histograms = histograms_of(observed.observer);
    contexts = histograms->contexts;
    assert_true(is(&histograms->lifetimes[10], 1, 20000)); /* 512 to 1,023 */
    assert_true(is(&histograms->lifetimes[12], 1, 64));    /* 2,048 to 4,095 */
    assert_true(is(&histograms->unknown, 1, 500));
    assert_true(is(&histograms->left, 2, 300));
    assert_true(is(&histograms->sizes[0], 1, 0));
    assert_true(is(&histograms->sizes[9], 2, 800));
    assert_true(is(&histograms->sizes[15], 1, 20000));
    assert_true(histogram_at(&contexts[1].sizes, 9) == 2);
    assert_true(histogram_total(&contexts[1].lifetimes) == 1);
    assert_true(contexts[1].lifetime_ns == 1000);
    assert_true(is(&contexts[1].short_large, 1, 20000));
    assert_true(is(&contexts[2].short_large, 0, 0));
    /* B lived 3,000 ns; the last one at C is 3,000 ns old at the end. */
    assert_true(is(&contexts[2].long_small, 2, 64));
    assert_true(is(&contexts[1].long_small, 0, 0));
    observed_free(&observed);
    builder_free(&builder);
}

static void what_is_left_is_of_the_selection(void **state) {
    static const struct selection selection = {.since_ns = 4500};
    static const struct analysis_request request = {.selection = &selection};
    bool *places = calloc(3, sizeof(*places));
    struct builder builder;
    struct observed observed;
    const struct histograms *histograms;

    (void)state;
    places[1] = true;
    build(&builder);
    observe(&observed, &builder, &histograms_ops, NULL, &request, places);
    histograms = histograms_of(observed.observer);
    assert_true(is(&histograms->left, 1, 300));
    assert_true(is(&histograms->sizes[9], 1, 300));
    assert_true(is(&histograms->unknown, 0, 0));
    /* Half of the recording. */
    assert_true(histograms->options.long_ns == 4000);
    observed_free(&observed);
    builder_free(&builder);
}

/* Times in units of 1,024 ticks do not tell shorter lifetimes apart: they are all one bucket's. */
static void the_clock_limits_what_is_told(void **state) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 1, A, 8, 10240}, {MT_OP_FREE, 1, A, 0, 10240},  {MT_OP_ALLOC, 1, B, 8, 20480},
        {MT_OP_FREE, 1, B, 0, 21504},  {MT_OP_ALLOC, 1, C, 8, 30720}, {MT_OP_FREE, 1, C, 0, 36864},
    };
    struct builder builder;
    struct observed observed;
    struct report report = {.pool = NULL};
    struct lifetime_report lifetimes;
    struct error error = {""};

    (void)state;
    builder_begin_version(&builder, 4);
    builder_simple_context(&builder, 1);
    builder_predicted_events(&builder, 1, events, 6, 10);
    builder_end(&builder, 40000);
    observe(&observed, &builder, &histograms_ops, NULL, NULL, NULL);
    assert_true(report_add(&report, &observed.trace, &observed.facts, &error));
    assert_true(lifetime_report_make(&lifetimes, &report, &observed.observers, 0, REPORT_BY_CONTEXT,
                                     true, &error));
    assert_int_equal(lifetimes.coarse, 10);
    assert_true(is(&lifetimes.lifetimes[0], 0, 0));
    assert_true(is(&lifetimes.lifetimes[10], 1, 8));
    assert_true(is(&lifetimes.lifetimes[11], 1, 8));
    assert_true(is(&lifetimes.lifetimes[13], 1, 8));
    assert_int_equal(lifetimes.rows.count, 1);
    assert_int_equal(lifetimes.rows.items[0].histograms.lifetimes.first, 10);
    assert_true(histogram_total(&lifetimes.rows.items[0].histograms.lifetimes) == 3);
    assert_int_equal(lifetime_from(&lifetimes, 10), 0);
    assert_int_equal(lifetime_from(&lifetimes, 11), 1024);
    lifetime_report_free(&lifetimes);
    report_free(&report);
    observed_free(&observed);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets),
        cmocka_unit_test(histograms_grow),
        cmocka_unit_test(figures_are_exact),
        cmocka_unit_test(the_clock_limits_what_is_told),
        cmocka_unit_test(what_is_left_is_of_the_selection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
