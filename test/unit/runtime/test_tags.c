/* Sets of tags: one number for one sequence of texts in all threads, whoever is first; balance of
 * pushes and pops where there is no room; the words that stand for sets in the table of contexts.
 */
#include "tags.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8, TEXTS = 500, ROUNDS = 20000 };

static uint64_t sets[THREADS][TEXTS];
static uint32_t contexts[THREADS][TEXTS];

static void expect_tags(uint64_t tags, size_t count, ...) {
    uint32_t set = MT_TAGS_SET(tags);
    va_list texts;

    assert_int_equal(mt_tags_depth(set), count);
    va_start(texts, count);
    for (; set; set = mt_tags_outer(set))
        assert_string_equal(mt_tags_text(set), va_arg(texts, const char *));
    va_end(texts);
}

static void interns_sequences(void **state) {
    char text[] = "one";
    uint64_t one = mt_tags_push(0, text), two, other;

    (void)state;
    text[0] = 'x';
    two = mt_tags_push(one, "two");
    expect_tags(0, 0);
    expect_tags(one, 1, "one");
    expect_tags(two, 2, "two", "one");
    assert_int_equal(mt_tags_pop(two), one);
    assert_int_equal(mt_tags_pop(one), 0);
    assert_int_equal(mt_tags_pop(0), 0);
    assert_int_equal(mt_tags_push(mt_tags_push(0, "one"), "two"), two);
    other = mt_tags_push(mt_tags_push(0, "two"), "one");
    assert_int_not_equal(other, two);
    assert_true(mt_tags_hash((uint32_t)other) != mt_tags_hash((uint32_t)two));
    expect_tags(mt_tags_push(0, NULL), 1, "");
    assert_int_equal(mt_tags_push(0, ""), mt_tags_push(0, NULL));
    assert_int_not_equal(mt_tags_push(0, ""), 0);
}

static void takes_no_number_it_has_not_given(void **state) {
    uint64_t one = mt_tags_push(0, "one");

    (void)state;
    assert_int_equal(mt_tags_checked(0), 0);
    assert_int_equal(mt_tags_checked(one), one);
    assert_int_equal(mt_tags_checked(one + MT_TAGS_MISSED), one + MT_TAGS_MISSED);
    assert_int_equal(mt_tags_checked(MT_TAGS_SETS - 1), 0);
    assert_int_equal(mt_tags_checked(MT_TAGS_SETS), 0);
    assert_int_equal(mt_tags_checked(UINT64_MAX), 0);
}

static void has_words_that_are_no_addresses(void **state) {
    (void)state;
    for (uint32_t set = 1; set < MT_TAGS_SETS; set = set * 3 + 1) {
        uintptr_t word = (uintptr_t)mt_tags_word(set);

        assert_true(mt_tags_is_word(word));
        assert_int_equal(mt_tags_set_in(word), set);
        assert_int_equal(word & MT_SITE_LINKED, 0);
    }
    assert_false(mt_tags_is_word((uintptr_t)&contexts));
    assert_false(mt_tags_is_word((uintptr_t)1 << 63 | 1));
    assert_false(mt_tags_is_word(mt_context_word((struct mt_context_id){1})));
}

static void counts_what_has_no_room(void **state) {
    uint64_t tags = 0, deepest;

    (void)state;
    for (unsigned i = 0; i < MT_TAGS_DEPTH; i++)
        tags = mt_tags_push(tags, "deep");
    deepest = tags;
    assert_int_equal(mt_tags_depth(MT_TAGS_SET(tags)), MT_TAGS_DEPTH);
    for (int i = 0; i < 100; i++)
        tags = mt_tags_push(tags, i % 2 ? "deep" : "one");
    assert_int_equal(MT_TAGS_SET(tags), deepest);
    for (int i = 0; i < 100; i++)
        tags = mt_tags_pop(tags);
    assert_int_equal(tags, deepest);
    for (unsigned i = 0; i < MT_TAGS_DEPTH; i++)
        tags = mt_tags_pop(tags);
    assert_int_equal(tags, 0);
}

static pthread_barrier_t barrier;

/* Pushes the same texts as the other threads do, at first at the same time, and uses the sets. */
static void *push_all(void *argument) {
    static _Thread_local struct mt_context_slot cache[MT_CONTEXT_CACHE_SLOTS];
    size_t self = (size_t)argument, at = 0;
    struct mt_local *local = &mt_local;
    char text[16];

    for (int i = 0; i < ROUNDS; i++) {
        if (i < TEXTS && i % 8 == 0)
            pthread_barrier_wait(&barrier);
        at = i < TEXTS ? (size_t)i : (at + 211 + self) % TEXTS;
        snprintf(text, sizeof text, "text %d", (int)at);
        mt_tags_use(local, mt_tags_push(mt_tags_push(0, text), "inner"));
        sets[self][at] = local->tags;
        contexts[self][at] = mt_tags_context(local, i % 2 ? cache : NULL, MT_CONTEXT_ROOT).value;
        mt_tags_use(local, mt_tags_pop(mt_tags_pop(local->tags)));
    }
    return NULL;
}

static void agrees_between_threads(void **state) {
    static bool seen[MT_TAGS_SETS];
    pthread_t threads[THREADS];

    (void)state;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, push_all, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < TEXTS; i++) {
        char text[16];

        snprintf(text, sizeof text, "text %d", i);
        expect_tags(sets[0][i], 2, "inner", text);
        assert_false(seen[sets[0][i]]);
        seen[sets[0][i]] = true;
        assert_ptr_equal(mt_context_site((struct mt_context_id){contexts[0][i]}),
                         mt_tags_word((uint32_t)sets[0][i]));
        for (int t = 1; t < THREADS; t++) {
            assert_int_equal(sets[t][i], sets[0][i]);
            assert_int_equal(contexts[t][i], contexts[0][i]);
        }
    }
}

/* The last test: no new set can be made after it. */
static void is_bounded(void **state) {
    uint64_t known = mt_tags_push(mt_tags_push(0, "one"), "two");
    uint64_t tags = 0, again;
    unsigned made = 0;
    char text[16];

    (void)state;
    while (tags < MT_TAGS_MISSED) {
        snprintf(text, sizeof text, "number %u", made++);
        tags = mt_tags_push(0, text);
        assert_in_range(made, 1, MT_TAGS_SETS);
    }
    assert_true(made > MT_TAGS_SETS / 2);
    assert_int_equal(tags, MT_TAGS_MISSED);
    /* What is known is found, also inside. */
    again = mt_tags_push(mt_tags_push(0, "one"), "two");
    assert_int_equal(again, known);
    tags = mt_tags_push(mt_tags_push(again, "new"), "one");
    assert_int_equal(tags, known + 2 * MT_TAGS_MISSED);
    assert_int_equal(mt_tags_pop(mt_tags_pop(tags)), known);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interns_sequences),
        cmocka_unit_test(takes_no_number_it_has_not_given),
        cmocka_unit_test(has_words_that_are_no_addresses),
        cmocka_unit_test(counts_what_has_no_room),
        cmocka_unit_test(agrees_between_threads),
        cmocka_unit_test(is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
