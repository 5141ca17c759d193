/* Histories of allocations and frees by several threads, whose buffers come to the profile in any
 * order and are taken at any moment; the totals are those of the history all the same. */
#include "match.h"
#include "os_memory.h"
#include "profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 6, ADDRESSES = 48, CONTEXTS = 5, STEPS = 30000, QUEUED = 4096, EVENTS_MAX = 200 };

struct entry {
    uint64_t live, live_blocks, at_peak, allocations, bytes, frees;
};

struct block {
    uint64_t size;
    uint32_t context, thread; /* thread 0: not live */
};

/* A thread, and what it has recorded. */
struct actor {
    struct mt_buffer *queue[QUEUED]; /* full, and not added yet */
    unsigned queued;
    struct mt_buffer *buffer;
    uint64_t last_ticks, events;
    unsigned room; /* events until the buffer counts as full */

    /* A realloc that has freed its block and not recorded that. */
    bool in_realloc;
    uint64_t before;
    unsigned from;

    /* The truth. */
    uint64_t allocations, frees, freed_by_others, temporary, live, peak;
    unsigned last; /* address + 1 */
};

static struct actor actors[THREADS + 1];
static struct block blocks[ADDRESSES];
static struct entry truth[CONTEXTS + 1];
static uint64_t now, live, peak, random_state, until;
static unsigned addresses; /* that the history uses */
static unsigned given_back, handed_over;

static uint64_t next_random(uint64_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static uint64_t address_of(unsigned i) {
    return 0x550000001000 + 48 * (uint64_t)i;
}

/* Recording, as thread.c does it */

static void begin_buffer(uint32_t thread, uint64_t ticks) {
    struct actor *actor = &actors[thread];
    struct mt_buffer *buffer = mt_os_memory_map(sizeof *buffer);

    buffer->thread_id = thread;
    buffer->first_ticks = actor->last_ticks = ticks > actor->last_ticks ? ticks : actor->last_ticks;
    buffer->first_event = actor->events;
    actor->buffer = buffer;
    actor->room = 1 + (unsigned)next_random(EVENTS_MAX);
}

static void hand_over(uint32_t thread) {
    struct actor *actor = &actors[thread];

    assert_true(actor->queued < QUEUED);
    actor->queue[actor->queued++] = actor->buffer;
    actor->buffer = NULL;
    handed_over++;
}

static void record(uint32_t thread, enum mt_event_op op, unsigned i, uint64_t size,
                   uint32_t context, uint64_t ticks) {
    struct mt_event event = {op, (void *)(uintptr_t)address_of(i), size, 0, ticks};
    struct actor *actor = &actors[thread];
    struct mt_context_id id = {context};
    uint64_t *slot;

    if (actor->buffer && actor->room == 0)
        hand_over(thread);
    if (!actor->buffer)
        begin_buffer(thread, ticks);
    if (event.ticks < actor->last_ticks)
        event.ticks = actor->last_ticks;
    slot = actor->buffer->words + actor->buffer->used;
    if (mt_record_fits(&event, actor->last_ticks)) {
        mt_record_store(slot, &event, id, actor->last_ticks);
        actor->buffer->used += MT_RECORD_WORDS;
    } else {
        slot[0] = (uint64_t)MT_RECORD_OP_EXTENDED << MT_RECORD_ADDRESS_BITS;
        slot[1] = event.ticks;
        slot[2] = (uintptr_t)event.address;
        slot[3] = size;
        slot[4] = op;
        slot[5] = context;
        actor->buffer->used += MT_RECORD_EXTENDED_WORDS;
    }
    actor->last_ticks = event.ticks;
    actor->events++;
    actor->room--;
}

/* History */

static void begins(uint32_t thread, unsigned i, uint64_t size, uint32_t context) {
    struct actor *actor = &actors[thread];

    blocks[i] = (struct block){size, context, thread};
    truth[context].allocations++;
    truth[context].bytes += size;
    truth[context].live += size;
    truth[context].live_blocks++;
    actor->allocations++;
    actor->live += size;
    actor->last = i + 1;
    if (actor->live > actor->peak)
        actor->peak = actor->live;
    live += size;
    if (live <= peak)
        return;
    peak = live;
    for (int c = 1; c <= CONTEXTS; c++)
        truth[c].at_peak = truth[c].live;
}

static void ends(uint32_t thread, unsigned i) {
    struct block *block = &blocks[i];
    struct actor *owner = &actors[block->thread];

    truth[block->context].live -= block->size;
    truth[block->context].live_blocks--;
    truth[block->context].frees++;
    owner->live -= block->size;
    live -= block->size;
    actors[thread].frees++;
    owner->freed_by_others += thread != block->thread;
    owner->temporary += thread == block->thread && owner->last == i + 1;
    block->thread = 0;
}

static uint64_t pick_size(void) {
    return next_random(50) ? next_random(5000) : (uint64_t)1 << next_random(40);
}

static void allocate(uint32_t thread, enum mt_event_op op, unsigned i) {
    uint32_t context = 1 + (uint32_t)next_random(CONTEXTS);
    uint64_t size = pick_size();

    record(thread, op, i, size, context, now);
    begins(thread, i, size, context);
}

/* The second half of a realloc: it records both. */
static void end_realloc(uint32_t thread) {
    struct actor *actor = &actors[thread];
    unsigned to = (unsigned)next_random(addresses);

    while (blocks[to].thread)
        to = (to + 1) % addresses;
    actor->in_realloc = false;
    record(thread, MT_OP_REALLOC_FREE, actor->from, 0, 1, actor->before);
    now++;
    allocate(thread, MT_OP_REALLOC_ALLOC, to);
}

static unsigned count_live(void) {
    unsigned count = 0;

    for (unsigned i = 0; i < addresses; i++)
        count += blocks[i].thread != 0;
    return count;
}

static void step(bool with_reallocs) {
    uint32_t thread = 1 + (uint32_t)next_random(THREADS);
    unsigned i = (unsigned)next_random(addresses);

    now += next_random(200) ? 1 + next_random(100) : next_random(UINT64_C(1) << 30);
    if (actors[thread].in_realloc) {
        /* Long enough for others to use the address again, and again. */
        if (next_random(10) == 0)
            end_realloc(thread);
    } else if (!blocks[i].thread) {
        if (count_live() < addresses - THREADS)
            allocate(thread, MT_OP_ALLOC, i);
    } else if (with_reallocs && next_random(4) == 0) {
        actors[thread].in_realloc = true;
        actors[thread].before = now;
        actors[thread].from = i;
        ends(thread, i);
    } else {
        record(thread, MT_OP_FREE, i, 0, 1, now);
        ends(thread, i);
    }
}

/* Taking */

static void give_back(struct mt_buffer *buffer) {
    given_back++;
    mt_os_memory_unmap(buffer, sizeof *buffer);
}

static void add_some(uint32_t thread, unsigned count) {
    struct actor *actor = &actors[thread];

    for (unsigned i = 0; i < count; i++)
        assert_true(mt_profile_add(actor->queue[i]));
    actor->queued -= count;
    memmove(actor->queue, actor->queue + count, actor->queued * sizeof actor->queue[0]);
}

/* With all buffers of the threads, which come in another order each time. */
static void take(uint64_t to) {
    uint32_t first = (uint32_t)next_random(THREADS);

    for (uint32_t i = 0; i < THREADS; i++) {
        uint32_t thread = 1 + (first + i) % THREADS;
        struct actor *actor = &actors[thread];

        add_some(thread, actor->queued);
        if (actor->buffer)
            mt_profile_see(actor->buffer, actor->buffer->words + actor->buffer->used);
    }
    mt_profile_take(to, give_back);
    until = to;
}

static void reset(uint64_t seed) {
    memset(actors, 0, sizeof actors);
    memset(blocks, 0, sizeof blocks);
    memset(truth, 0, sizeof truth);
    live = peak = until = 0;
    now = 1000;
    given_back = handed_over = 0;
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    assert_true(mt_profile_start());
}

static void run_history(uint64_t seed, bool with_reallocs) {
    reset(seed);
    addresses = with_reallocs ? ADDRESSES / 3 : ADDRESSES;
    for (int i = 0; i < STEPS; i++) {
        step(with_reallocs);
        if (next_random(20) == 0) {
            uint32_t thread = 1 + (uint32_t)next_random(THREADS);

            add_some(thread, (unsigned)next_random(actors[thread].queued + 1));
        }
        if (next_random(with_reallocs ? 30 : 300) == 0)
            take(until + next_random(now - until + 1));
    }
    for (uint32_t thread = 1; thread <= THREADS; thread++)
        if (actors[thread].in_realloc)
            end_realloc(thread);
    take(UINT64_MAX);
    mt_profile_finish();
}

/* `missed`: blocks whose free may have been taken for another's. */
static void compare_totals(uint64_t missed) {
    uint64_t blocks_live = 0;

    for (uint32_t c = 1; c <= CONTEXTS; c++) {
        const struct mt_profile_context *context = mt_totals_context(c);

        assert_int_equal(context->allocations, truth[c].allocations);
        assert_int_equal(context->allocated_bytes, truth[c].bytes);
        assert_int_equal(context->live, truth[c].live);
        assert_int_equal(context->live_blocks, truth[c].live_blocks);
        assert_in_range(context->frees, truth[c].frees - mt_totals.sums->missed_frees,
                        truth[c].frees);
        blocks_live += truth[c].live_blocks;
    }
    for (uint32_t t = 1; t <= THREADS; t++) {
        const struct mt_profile_thread *thread = mt_totals_thread(t);

        assert_int_equal(thread->records, actors[t].events);
        assert_int_equal(thread->allocations, actors[t].allocations);
        assert_int_equal(thread->frees, actors[t].frees);
        assert_int_equal(thread->live, actors[t].live);
    }
    assert_int_equal(mt_totals.sums->live, live);
    assert_int_equal(mt_totals.sums->live_blocks, blocks_live);
    assert_int_equal(mt_match_blocks.count, blocks_live);
    assert_in_range(mt_totals.sums->missed_frees, 0, missed);
    assert_int_equal(mt_totals.sums->unmatched_frees, mt_totals.sums->missed_frees);
    assert_int_equal(given_back, handed_over);
    assert_in_range(mt_totals.sums->point_count, 2, MT_PROFILE_POINTS);
}

/* What depends on the order, too, or on who did what. */
static void compare_order(void) {
    assert_int_equal(mt_totals.sums->peak, peak);
    for (uint32_t c = 1; c <= CONTEXTS; c++) {
        mt_totals_touch(mt_totals.sums, mt_totals_context(c));
        assert_int_equal(mt_totals_context(c)->at_peak, truth[c].at_peak);
    }
    for (uint32_t t = 1; t <= THREADS; t++) {
        assert_int_equal(mt_totals_thread(t)->temporary, actors[t].temporary);
        assert_int_equal(mt_totals_thread(t)->freed_by_others, actors[t].freed_by_others);
        assert_int_equal(mt_totals_thread(t)->peak, actors[t].peak);
    }
}

static void takes_buffers_in_order_of_time(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_history(seed, false);
        compare_totals(0);
        compare_order();
        mt_profile_forget();
    }
}

/* The first half of a realloc is recorded after others have used the address again. */
static void takes_what_comes_late(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_history(seed, true);
        compare_totals(8);
        mt_profile_forget();
    }
}

/* One block after the other, and all of them live in the end. */
static void grows(void **state) {
    enum { COUNT = 200000 };

    (void)state;
    reset(1);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t words[MT_RECORD_WORDS], ticks = 0;
        struct mt_event event = {MT_OP_ALLOC, (void *)(uintptr_t)(16 * (i + 1)), 1, 0, i};

        mt_record_store(words, &event, (struct mt_context_id){(uint32_t)(i % 5000)}, i);
        mt_match_run(words, words + 2, words + 2, UINT64_MAX, &ticks, 1);
    }
    assert_int_equal(mt_totals.sums->live_blocks, COUNT);
    assert_int_equal(mt_totals_context(4999)->live_blocks, COUNT / 5000);
    for (uint64_t i = 0; i < COUNT; i += 2) {
        uint64_t words[MT_RECORD_WORDS], ticks = 0;
        struct mt_event event = {MT_OP_FREE, (void *)(uintptr_t)(16 * (i + 1)), 0, 0, COUNT + i};

        mt_record_store(words, &event, (struct mt_context_id){1}, COUNT + i);
        mt_match_run(words, words + 2, words + 2, UINT64_MAX, &ticks, 1);
    }
    assert_int_equal(mt_totals.sums->live_blocks, COUNT / 2);
    assert_int_equal(mt_totals.sums->unmatched_frees, 0);
    assert_int_equal(mt_totals.sums->peak, COUNT);
    mt_profile_forget();
}

/* A block that ends with the next record is passed over, but not where that would be seen. */
static void passes_over_blocks(void **state) {
    const struct mt_profile_context *context;

    (void)state;
    reset(1);
    /* The peak is one of them. */
    record(1, MT_OP_ALLOC, 0, 10, 1, 1001);
    record(1, MT_OP_ALLOC, 1, 100, 1, 1002);
    record(1, MT_OP_FREE, 1, 0, 1, 1003);
    /* The address is live: its free was missed. */
    record(1, MT_OP_ALLOC, 0, 20, 1, 1004);
    record(1, MT_OP_FREE, 0, 0, 1, 1005);
    /* It is, by and large, alone. */
    record(1, MT_OP_ALLOC, 2, 30, 1, 1006);
    record(1, MT_OP_FREE, 2, 0, 1, 1008);
    take(UINT64_MAX);
    context = mt_totals_context(1);
    assert_int_equal(mt_totals.sums->peak, 110);
    assert_int_equal(mt_totals.sums->live_blocks, 0);
    assert_int_equal(mt_totals.sums->missed_frees, 1);
    assert_int_equal(mt_totals.sums->events, 7);
    assert_int_equal(context->allocations, 4);
    assert_int_equal(context->frees, 3);
    assert_int_equal(context->temporary, 3);
    assert_true(context->lifetime_ticks == 1 + 1 + 2);
    mt_profile_forget();

    /* With another thread's it is a peak. */
    reset(1);
    record(1, MT_OP_ALLOC, 0, 105, 1, 1001);
    record(1, MT_OP_FREE, 0, 0, 1, 1002);
    record(2, MT_OP_ALLOC, 2, 60, 1, 1005);
    record(1, MT_OP_ALLOC, 1, 50, 1, 1010);
    record(1, MT_OP_FREE, 1, 0, 1, 1011);
    take(UINT64_MAX);
    assert_int_equal(mt_totals.sums->peak, 110);
    mt_profile_forget();

    /* Another thread's block begins meanwhile. */
    reset(1);
    record(1, MT_OP_ALLOC, 0, 105, 1, 1001);
    record(1, MT_OP_FREE, 0, 0, 1, 1002);
    record(1, MT_OP_ALLOC, 1, 50, 1, 1010);
    record(1, MT_OP_FREE, 1, 0, 1, 1030);
    record(2, MT_OP_ALLOC, 2, 60, 1, 1020);
    take(UINT64_MAX);
    assert_int_equal(mt_totals.sums->peak, 110);
    mt_profile_forget();
}

/* Points in time are thinned out, and never get too many. */
static void keeps_points_of_any_length(void **state) {
    const uint64_t step = UINT64_C(1) << 24, count = 5000;

    (void)state;
    reset(1);
    for (uint64_t i = 1; i <= count; i++)
        mt_totals_note_point(i * step);
    assert_in_range(mt_totals.sums->point_count, MT_PROFILE_POINTS / 2 - 1, MT_PROFILE_POINTS);
    for (uint64_t i = 1; i < mt_totals.sums->point_count; i++)
        assert_true(mt_totals.sums->points[i].ticks > mt_totals.sums->points[i - 1].ticks);
    assert_true(mt_totals.sums->points[mt_totals.sums->point_count - 1].ticks >
                (count - 32) * step);
    mt_profile_forget();
}

/* The totals of threads beyond those told apart are one. */
static void tells_so_many_threads_apart(void **state) {
    uint64_t words[MT_RECORD_WORDS], ticks = 0;

    (void)state;
    reset(1);
    for (uint32_t thread = MT_PROFILE_THREADS - 1; thread < MT_PROFILE_THREADS + 2; thread++) {
        struct mt_event event = {MT_OP_ALLOC, (void *)(uintptr_t)(16 * thread), 10, 0, thread};

        mt_record_store(words, &event, (struct mt_context_id){1}, thread);
        mt_match_run(words, words + 2, words + 2, UINT64_MAX, &ticks, thread);
    }
    assert_int_equal(mt_totals_thread(MT_PROFILE_THREADS - 1)->allocations, 1);
    assert_int_equal(mt_totals_thread(0)->live, 20);
    mt_profile_forget();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_buffers_in_order_of_time),
        cmocka_unit_test(takes_what_comes_late),
        cmocka_unit_test(grows),
        cmocka_unit_test(passes_over_blocks),
        cmocka_unit_test(keeps_points_of_any_length),
        cmocka_unit_test(tells_so_many_threads_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
