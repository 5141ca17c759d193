/* What MEMTRACK_OPTIONS may say. */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct mt_options *initial(void) {
    static struct mt_options options;

    if (!options.output[0])
        options = mt_options;
    return &options;
}

static int set_up(void **state) {
    (void)state;
    mt_options = *initial();
    mt_options.mode = MT_MODE_TRACE;
    return 0;
}

static void takes_every_kind(void **state) {
    (void)state;
    mt_options_parse("mode=off:output=a=b:buffer_mb=65536:overflow=drop:zstd_level=1");
    assert_int_equal(mt_options.mode, MT_MODE_OFF);
    assert_string_equal(mt_options.output, "a=b");
    assert_int_equal(mt_options.buffer_mb, 65536);
    assert_int_equal(mt_options.overflow, MT_OVERFLOW_DROP);
    assert_int_equal(mt_options.zstd_level, 1);
    assert_string_equal(mt_options.given,
                        "mode=off:output=a=b:buffer_mb=65536:overflow=drop:zstd_level=1");
}

static void takes_what_follows_sample(void **state) {
    (void)state;
    mt_options_parse("sample=tiered:high_precision:verbose=1");
    assert_int_equal(mt_options.sample, MT_SAMPLE_TIERED);
    assert_int_equal(mt_options.sample_preset, MT_SAMPLE_HIGH_PRECISION);
    assert_int_equal(mt_options.verbose, 1);
    mt_options_parse("sample=tiered:sample_preset=demo");
    assert_int_equal(mt_options.sample_preset, MT_SAMPLE_DEMO);
    mt_options_parse("sample=tiered:nothing:sample_seed=7");
    assert_int_equal(mt_options.sample_preset, MT_SAMPLE_DEMO);
    assert_int_equal(mt_options.sample_seed, 7);
    mt_options_parse("sample=poisson");
    assert_int_equal(mt_options.sample, MT_SAMPLE_POISSON);
    assert_int_equal(mt_options.sample_bytes, 524288);
    mt_options_parse("verbose=0:sample=poisson:3M");
    assert_int_equal(mt_options.sample_bytes, 3 << 20);
    assert_int_equal(mt_options.verbose, 0);
    mt_options_parse("sample_bytes=5K:sample_medium=77");
    assert_int_equal(mt_options.sample_bytes, 5 << 10);
    assert_int_equal(mt_options.sample_medium, 77);
    mt_options_parse("sample_small_rate=0.1:sample_medium_rate=12.3456:sample_large_rate=100");
    assert_int_equal(mt_options.sample_small_rate, 1000);
    assert_int_equal(mt_options.sample_medium_rate, 123456);
    assert_int_equal(mt_options.sample_large_rate, 1000000);
    mt_options_parse("sample_small_rate=.5");
    assert_int_equal(mt_options.sample_small_rate, 5000);
}

static void keeps_defaults_for_nonsense(void **state) {
    static const char *const texts[] = {"",
                                        ":::",
                                        "mode",
                                        "mode=",
                                        "mode=of",
                                        "mode=offf",
                                        "buffer_mb=0",
                                        "buffer_mb=65537",
                                        "buffer_mb=-1",
                                        "buffer_mb=1x",
                                        "buffer_mb=99999999999999999999999999",
                                        "output=",
                                        "=",
                                        "=x",
                                        "zstd_level=20",
                                        "MODE=off",
                                        "sample=some",
                                        "sample=all:default",
                                        "sample_preset=bad",
                                        "sample_bytes=",
                                        "sample_bytes=K",
                                        "sample_bytes=0",
                                        "sample_bytes=0K",
                                        "sample_bytes=1G",
                                        "sample_bytes=1KK",
                                        "sample_bytes=99999999999M",
                                        "sample_large=-1",
                                        "sample_small_rate=0",
                                        "sample_small_rate=",
                                        "sample_small_rate=.",
                                        "sample_small_rate=0.00001",
                                        "sample_small_rate=100.1",
                                        "sample_small_rate=1%",
                                        "sample_small_rate=1.2.3"};
    struct mt_options before = mt_options;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mt_options_parse(texts[i]);
        memcpy(before.given, mt_options.given, sizeof before.given);
        assert_memory_equal(&mt_options, &before, sizeof before);
    }
    mt_options_parse(NULL);
    assert_string_equal(mt_options.given, "");
}

static void refuses_what_does_not_fit(void **state) {
    static char text[3 * MT_OPTION_STRING_SIZE] = "output=";

    (void)state;
    memset(text + 7, 'x', MT_OPTION_STRING_SIZE);
    mt_options_parse(text);
    assert_string_equal(mt_options.output, initial()->output);
    text[7 + MT_OPTION_STRING_SIZE - 1] = 0;
    mt_options_parse(text);
    assert_int_equal(strlen(mt_options.output), MT_OPTION_STRING_SIZE - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_every_kind, set_up),
        cmocka_unit_test_setup(takes_what_follows_sample, set_up),
        cmocka_unit_test_setup(keeps_defaults_for_nonsense, set_up),
        cmocka_unit_test_setup(refuses_what_does_not_fit, set_up),
    };

    initial();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
