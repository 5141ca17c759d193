/* Hidden blocks: each can be taken out as often as it was put in, by any thread, however many. */
#include "hidden.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { THREADS = 4, BLOCKS = 50000 };

static const void *block_of(uintptr_t thread, uintptr_t i) {
    return (const void *)(0x7f0000000000 + (thread << 32) + i * 48);
}

static void takes_out_what_was_put_in(void **state) {
    (void)state;
    assert_false(mt_hidden_any);
    mt_hidden_add(block_of(0, 1));
    assert_true(mt_hidden_any);
    assert_false(mt_hidden_remove(block_of(0, 2)));
    assert_true(mt_hidden_remove(block_of(0, 1)));
    assert_false(mt_hidden_remove(block_of(0, 1)));
}

/* The address may be given out again before the one who freed it has said so. */
static void counts_a_block_twice(void **state) {
    (void)state;
    mt_hidden_add(block_of(0, 1));
    mt_hidden_add(block_of(0, 1));
    assert_true(mt_hidden_remove(block_of(0, 1)));
    assert_true(mt_hidden_remove(block_of(0, 1)));
    assert_false(mt_hidden_remove(block_of(0, 1)));
}

/* Returns how many are missing. */
static void *fill_and_empty(void *argument) {
    uintptr_t thread = (uintptr_t)argument, missing = 0;

    for (uintptr_t i = 0; i < BLOCKS; i++)
        mt_hidden_add(block_of(thread, i));
    for (uintptr_t i = 0; i < BLOCKS; i++)
        missing += !mt_hidden_remove(block_of(thread, i));
    return (void *)missing;
}

static void serves_threads(void **state) {
    pthread_t threads[THREADS];

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, fill_and_empty, (void *)i);
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *missing;

        pthread_join(threads[i], &missing);
        assert_null(missing);
    }
    for (uintptr_t i = 0; i < THREADS * BLOCKS; i++)
        assert_false(mt_hidden_remove(block_of(i / BLOCKS, i % BLOCKS)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_out_what_was_put_in),
        cmocka_unit_test(counts_a_block_twice),
        cmocka_unit_test(serves_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
