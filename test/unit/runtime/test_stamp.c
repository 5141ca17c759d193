/* clock=coarse: which events of which thread get a time stamp. */
#include "stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PERIOD = 16 };

static uint64_t words[64 * MT_RECORD_WORDS] __attribute__((aligned(4096)));

/* A thread that has recorded that many events. */
static struct mt_local thread(uint32_t owner, unsigned events) {
    return (struct mt_local){.cursor = words + (size_t)events * MT_RECORD_WORDS,
                             .owner = owner,
                             .thread = (struct mt_thread *)words};
}

static const void *block(unsigned number) {
    return (const void *)(uintptr_t)(0x550000001010 + 32 * number);
}

static bool stamps(struct mt_local *local, const void *address) {
    local->stamp = 1;
    return mt_stamp(local, address) != 1;
}

static int begin(void **state) {
    (void)state;
    mt_stamp_kind = MT_STAMP_COARSE;
    atomic_store(&mt_stamp_several, true);
    mt_stamp_after_fork_in_child();
    return 0;
}

static void stamps_one_thread_now_and_then(void **state) {
    unsigned count = 0, pairs = 0;

    (void)state;
    for (unsigned i = 0; i < 4 * PERIOD; i++) {
        struct mt_local local = thread(1, i);

        count += mt_stamp_is_due(&local, block(i));
        /* Of two records that follow, as a realloc makes them, one is at such a place. */
        if (i % 2)
            pairs += stamps(&local, block(i));
    }
    assert_int_equal(count, 4);
    assert_int_equal(pairs, 4);
    /* The others' addresses are told apart from here on. */
    atomic_store(&mt_stamp_several, true);
    for (unsigned i = 0; i < PERIOD; i++) {
        struct mt_local local = thread(1, 1);

        assert_true(stamps(&local, block(i)));
    }
}

static void stamps_what_another_had(void **state) {
    struct mt_local first = thread(1, 1), second = thread(2, 1);

    (void)state;
    atomic_store(&mt_stamp_several, true);
    assert_true(stamps(&first, block(0)));
    assert_false(stamps(&first, block(0)));
    assert_true(stamps(&second, block(0)));
    assert_false(stamps(&second, block(0)));
    assert_true(stamps(&first, block(0)));
    /* Neighbours are other blocks. */
    assert_true(stamps(&first, block(1)));
    assert_false(stamps(&first, block(0)));
}

/* The same place in the table. */
static void tells_addresses_apart(void **state) {
    struct mt_local local = thread(1, 1);

    (void)state;
    atomic_store(&mt_stamp_several, true);
    assert_true(stamps(&local, block(0)));
    assert_true(stamps(&local, block(MT_STAMP_OWNERS)));
    assert_true(stamps(&local, block(0)));
}

static void stamps_all_of_threads_without_number(void **state) {
    struct mt_local first = thread(0, 1), second = thread(0, 1);

    (void)state;
    atomic_store(&mt_stamp_several, true);
    for (int i = 0; i < 3; i++) {
        assert_true(stamps(&first, block(0)));
        assert_true(stamps(&second, block(0)));
    }
}

/* From a moment on that tells before from after. */
static void stamps_anew(void **state) {
    struct mt_local local = thread(1, 1);

    (void)state;
    atomic_store(&mt_stamp_several, true);
    assert_true(stamps(&local, block(0)));
    assert_false(stamps(&local, block(0)));
    mt_stamp_all_anew();
    assert_true(stamps(&local, block(0)));
}

/* What has no stamp of its own is not earlier than what has come before. */
static void keeps_the_last_stamp(void **state) {
    struct mt_local local = thread(1, 1);
    uint64_t mark = mt_stamp_now(&local);

    (void)state;
    assert_int_equal(mt_stamp(&local, block(0)), mark);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stamps_one_thread_now_and_then, begin),
        cmocka_unit_test_setup(stamps_what_another_had, begin),
        cmocka_unit_test_setup(tells_addresses_apart, begin),
        cmocka_unit_test_setup(stamps_all_of_threads_without_number, begin),
        cmocka_unit_test_setup(stamps_anew, begin),
        cmocka_unit_test_setup(keeps_the_last_stamp, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
