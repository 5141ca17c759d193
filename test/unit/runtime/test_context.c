/* Context ids: one per site, the same for every thread, until the site is forgotten. */
#include "context.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { THREADS = 8, SITES = 30000 };

static struct memtrack_site sites[SITES];
static struct mt_context_slot caches[THREADS][MT_CONTEXT_CACHE_SLOTS];
static uint32_t ids[THREADS][SITES];

static void *intern_all(void *argument) {
    size_t self = (size_t)argument;
    size_t at = self * 977;

    for (int i = 0; i < SITES; i++) {
        at = (at + 7919) % SITES;
        ids[self][at] = mt_context_of(caches[self], &sites[at]).value;
    }
    return NULL;
}

static void agrees_between_threads(void **state) {
    static bool seen[THREADS * SITES + 1];
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, intern_all, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SITES; i++) {
        uint32_t id = ids[0][i];

        assert_in_range(id, 1, mt_context_count());
        assert_false(seen[id]);
        seen[id] = true;
        assert_ptr_equal(mt_context_site((struct mt_context_id){id}), &sites[i]);
        for (int t = 1; t < THREADS; t++)
            assert_int_equal(ids[t][i], id);
    }
}

static void gives_a_forgotten_site_a_new_id(void **state) {
    struct mt_context_slot *cache = caches[0];
    uint32_t old = mt_context_of(cache, &sites[5]).value;
    uint32_t kept = mt_context_of(cache, &sites[900]).value;
    uint32_t fresh;

    (void)state;
    mt_context_set_defined((struct mt_context_id){old}, true);
    mt_context_forget(&sites[0], &sites[10]);
    mt_context_forget_cached(cache, &sites[0], &sites[10]);
    assert_null(mt_context_site((struct mt_context_id){old}));
    fresh = mt_context_of(cache, &sites[5]).value;
    assert_int_not_equal(fresh, old);
    assert_int_not_equal(fresh, 0);
    assert_false(mt_context_is_defined((struct mt_context_id){fresh}));
    assert_true(mt_context_is_defined((struct mt_context_id){old}));
    assert_int_equal(mt_context_of(cache, &sites[900]).value, kept);
    assert_int_equal(mt_context_of(cache, &sites[5]).value, fresh);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_between_threads),
        cmocka_unit_test(gives_a_forgotten_site_a_new_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
