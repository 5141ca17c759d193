/* Context ids: one per caller and site, the same for every thread, until the site is forgotten; and
 * the chains of links that lead to them. */
#include "context.h"

#include "sites.h"
#include "stack.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { THREADS = 8, SITES = 30000 };

static struct memtrack_site sites[SITES];
static struct mt_context_slot caches[THREADS][MT_CONTEXT_CACHE_SLOTS];
static struct mt_context_path paths[MT_CONTEXT_PATHS];
static uint32_t ids[THREADS][SITES];

static struct mt_context_id child(struct mt_context_slot *cache, uint32_t parent,
                                  const struct memtrack_site *site) {
    return mt_context_child(cache, (struct mt_context_id){parent}, site, true);
}

static void *intern_all(void *argument) {
    size_t self = (size_t)argument;
    size_t at = self * 977;

    for (int i = 0; i < SITES; i++) {
        at = (at + 7919) % SITES;
        ids[self][at] = child(caches[self], 0, &sites[at]).value;
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
    uint32_t old = child(cache, 0, &sites[5]).value;
    uint32_t kept = child(cache, 0, &sites[900]).value;
    uint32_t fresh;

    (void)state;
    mt_context_forget(&sites[0], &sites[10]);
    mt_context_forget_cached(cache, &sites[0], &sites[10]);
    assert_null(mt_context_site((struct mt_context_id){old}));
    fresh = child(cache, 0, &sites[5]).value;
    assert_int_not_equal(fresh, old);
    assert_int_not_equal(fresh, 0);
    assert_int_equal(child(cache, 0, &sites[900]).value, kept);
    assert_int_equal(child(cache, 0, &sites[5]).value, fresh);
}

/* A chain of calls by sites `first` on, the innermost last, as generated code would build it. */
static memtrack_context chain(struct memtrack_link *links, size_t depth, size_t first) {
    memtrack_context context = 0;

    /* Callers lie higher. */
    for (size_t i = 0; i < depth; i++) {
        struct memtrack_link *link = &links[depth - 1 - i];

        *link = (struct memtrack_link){context, (uintptr_t)&sites[first],
                                       MT_LINK_CALL | (i + i / MT_LINK_KNOWN)};
        context = (memtrack_context)link;
    }
    return context;
}

static void expect_chain(struct mt_context_id id, size_t depth, size_t first) {
    while (depth--) {
        assert_ptr_equal(mt_context_site(id), &sites[first + depth]);
        id = mt_context_parent(id);
    }
    assert_int_equal(id.value, 0);
}

/* The parent of what is found for an allocation there. */
static struct mt_context_id found(struct mt_local *local, memtrack_context context) {
    struct mt_context_id id = mt_context_find(local, context, &sites[0]);

    assert_ptr_equal(mt_context_site(id), &sites[0]);
    return mt_context_parent(id);
}

/* By both ways to walk, at every depth around the numbers that are special to them. */
static void walks_chains(void **state) {
    static const size_t depths[] = {0, 1, 2, 7, 8, 9, 63, 64, 65, 254, 255, 256, 511, 600, 5000};
    struct mt_local *local = &mt_local;
    size_t first = 1000;

    (void)state;
    local->cache = caches[0];
    local->paths = paths;
    mt_stack_start(local);
    for (int i = 0; i < SITES; i++)
        sites[i].flags = MT_SITE_CALL;
    __memtrack_register_sites_v3(sites, sites + SITES);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        struct memtrack_link links[5000];
        memtrack_context context = chain(links, depths[i], first);
        struct mt_context_id id = found(local, context);

        expect_chain(id, depths[i], first);
        assert_int_equal(found(local, context).value, id.value);
        context = chain(links, depths[i], first);
        assert_int_equal(found(local, context).value, id.value);
        context = chain(links, depths[i], first);
        assert_int_equal(mt_context_walk(local, context, false).value, id.value);
        /* The next call of the innermost function. */
        if (depths[i]) {
            *(uint16_t *)&((struct memtrack_link *)context)->call = 5;
            id = found(local, context);
            assert_ptr_equal(mt_context_site(id), &sites[first + 5]);
            expect_chain(mt_context_parent(id), depths[i] - 1, first);
        }
        first += 1000;
    }
}

/* A chain of three links whose functions' sites, and calls, are near those of others. Links narrow
 * and wide, sites that differ by what the next ones differ by. */
static void tells_chains_apart(void **state) {
    enum { NEAR = 6, FIRST = 20000 };
    struct mt_local *local = &mt_local;

    (void)state;
    for (unsigned i = 0; i < NEAR * NEAR * NEAR * NEAR * 2; i++) {
        unsigned at[4] = {i % NEAR, i / NEAR % NEAR, i / NEAR / NEAR % NEAR,
                          i / NEAR / NEAR / NEAR % NEAR};
        uintptr_t narrow = i & 1 ? MT_LINK_NARROW : 0;
        struct memtrack_link links[3];
        struct mt_context_id id;

        for (unsigned k = 0; k < 3; k++) {
            links[k].caller = k < 2 ? (memtrack_context)&links[k + 1] : 0;
            links[k].sites = (uintptr_t)&sites[FIRST + 8 * at[k]] | narrow;
            links[k].call = MT_LINK_CALL | (k < 2 ? at[k + 1] : 1);
        }
        id = mt_context_find(local, (memtrack_context)links, &sites[FIRST + 8 * at[3] + 7]);
        assert_ptr_equal(mt_context_site(id), &sites[FIRST + 8 * at[3] + 7]);
        for (unsigned k = 0; k < 3; k++) {
            id = mt_context_parent(id);
            assert_ptr_equal(mt_context_site(id),
                             &sites[FIRST + 8 * at[k] + (k < 2 ? at[k + 1] : 1)]);
        }
        assert_int_equal(mt_context_parent(id).value, 0);
    }
}

/* What uninstrumented code leaves behind: links of functions that are gone, with anything in them.
 */
static void survives_dead_links(void **state) {
    struct mt_local *local = &mt_local;
    struct memtrack_link links[3];
    memtrack_context context;
    void *gone = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    /* A site that is none. */
    context = chain(links, 3, 1000);
    links[1].sites = (uintptr_t)links;
    assert_ptr_equal(mt_context_site(found(local, context)), &sites[1002]);
    /* Not a link any more. */
    context = chain(links, 3, 1000);
    links[1].call = 1;
    expect_chain(found(local, context), 1, 1002);
    assert_int_equal(links[1].call, 1);
    /* A caller that is unaligned, deeper than its callee, or in no memory at all. */
    for (int i = 0; i < 3; i++) {
        context = chain(links, 3, 1000);
        links[0].caller = i == 0 ? links[0].caller + 1 : i == 1 ? context - 4096 : (uintptr_t)gone;
        if (i == 2)
            munmap(gone, 4096);
        expect_chain(found(local, context), 1, 1002);
    }
    /* Two stacks that call each other in a circle. */
    gone = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    context = chain(links, 1, 1000);
    links[0].caller = (uintptr_t)gone;
    *(struct memtrack_link *)gone =
        (struct memtrack_link){context, (uintptr_t)&sites[5], MT_LINK_CALL};
    found(local, context);
    munmap(gone, 4096);
}

/* The bounds of its stack are not known yet, and all is on one page of it. */
static void *walk_to_deeper_callers(void *argument) {
    _Alignas(4096) struct memtrack_link links[3];
    struct mt_context_id *results = argument;
    struct mt_local *local = &mt_local;

    local->cache = caches[1];
    local->paths = paths;
    for (int i = 0; i < 2; i++) {
        memtrack_context context = chain(&links[1], 2, 1000);

        chain(&links[0], 1, 1000);
        links[2].caller = i == 0 ? (memtrack_context)&links[0] : (memtrack_context)&links[2];
        local->stack_size = 0;
        results[i] = mt_context_find(local, context, &sites[0]);
    }
    return NULL;
}

static void ends_a_threads_chain_at_deeper_callers(void **state) {
    struct mt_context_id results[2];
    pthread_t thread;

    (void)state;
    pthread_create(&thread, NULL, walk_to_deeper_callers, results);
    pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++)
        expect_chain(mt_context_parent(results[i]), 2, 1000);
}

/* An entry point is told that the context is its caller's link, and it is not. */
static void survives_a_lost_context(void **state) {
    struct mt_local *local = &mt_local;
    void *gone = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t rubbish[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    memtrack_context contexts[] = {0, 8, (memtrack_context)gone, (memtrack_context)&rubbish[1] + 1};

    (void)state;
    munmap(gone, 4096);
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        struct mt_context_id id;

        __memtrack_context = contexts[i];
        id = mt_record_context(local, MT_OP_ALLOC, (uintptr_t)&sites[7] | MT_SITE_LINKED);
        __memtrack_context = 0;
        assert_ptr_equal(mt_context_site(id), &sites[7]);
        assert_int_equal(mt_context_parent(id).value, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_between_threads),
        cmocka_unit_test(gives_a_forgotten_site_a_new_id),
        cmocka_unit_test(walks_chains),
        cmocka_unit_test(tells_chains_apart),
        cmocka_unit_test(survives_dead_links),
        cmocka_unit_test(ends_a_threads_chain_at_deeper_callers),
        cmocka_unit_test(survives_a_lost_context),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
