#include "match.h"

#include "log.h"

#include <string.h>

#define PENDING 64
#define LOOK_BACK 32
#define SETTLED_SETS 256
#define SETTLED_WAYS 4

/* Far enough ahead to hide a miss of the last-level cache behind the events in between. */
#define PREFETCH_WORDS (16 * MT_RECORD_WORDS)
#define ADDRESS ((UINT64_C(1) << MT_RECORD_ADDRESS_BITS) - 1)

enum kind {
    NONE,
    SUPERSEDED,
    FREE,
    CREDITED, /* a free of what is live by now, or so it may turn out, that a superseded block got
               */
};

/* One half of a pair that may have been recorded the wrong way round. */
struct half {
    struct mt_live_block block; /* a superseded block, or of a free: its address */
    enum kind kind;
    uint64_t ticks;  /* of the event */
    uint32_t thread; /* that made the event */
    uint32_t other;  /* thread whose event may stand for it as well; else `thread` */
};

struct recent_free {
    uint64_t address;
    uint64_t ticks;
    uint32_t thread;
};

struct mt_block_table mt_match_blocks;
static struct half pending[PENDING]; /* in order of time */
static unsigned pending_count;
static struct half settled[SETTLED_SETS][SETTLED_WAYS]; /* by address; the newest first */
static struct recent_free recent[LOOK_BACK];
static unsigned recent_next;
static uint64_t window;
static bool several_threads;

bool mt_match_start(void) {
    return mt_block_table_start(&mt_match_blocks);
}

void mt_match_end(void) {
    mt_block_table_end(&mt_match_blocks);
    memset(settled, 0, sizeof settled);
    memset(recent, 0, sizeof recent);
    pending_count = 0;
    several_threads = false;
}

void mt_match_set_window(uint64_t ticks) {
    window = ticks;
}

void mt_match_several_threads(void) {
    several_threads = true;
}

/* What cannot be told any more */

static struct half *settled_of(uint64_t address) {
    return settled[address * UINT64_C(0x9fb21c651e98df25) >> 56];
}

static void remember(const struct half *half) {
    struct half *set = settled_of(half->block.address);
    unsigned place = 0;

    /* Free ones, and of credited frees of an address that before, which is of no more use. */
    while (place < SETTLED_WAYS - 1 && set[place].kind != NONE &&
           (half->kind != CREDITED || set[place].kind != CREDITED ||
            set[place].block.address != half->block.address))
        place++;
    memmove(set + 1, set, place * sizeof *set);
    *set = *half;
}

static uint64_t *counter_of(const struct half *half) {
    return half->kind == FREE ? &mt_totals.sums->unmatched_frees : &mt_totals.sums->missed_frees;
}

static void settle(const struct half *half) {
    remember(half);
    ++*counter_of(half);
}

static void drop_pending(unsigned first, unsigned count) {
    pending_count -= count;
    memmove(&pending[first], &pending[first + count], (pending_count - first) * sizeof pending[0]);
}

static void expire(uint64_t now) {
    unsigned old = 0;

    while (old < pending_count && now > pending[old].ticks && now - pending[old].ticks > window)
        settle(&pending[old++]);
    if (old)
        drop_pending(0, old);
}

static void add_pending(const struct half *half) {
    if (!several_threads) {
        settle(half);
        return;
    }
    if (pending_count == PENDING) {
        settle(&pending[0]);
        drop_pending(0, 1);
    }
    pending[pending_count++] = *half;
}

void mt_match_finish(void) {
    for (unsigned i = 0; i < pending_count; i++)
        settle(&pending[i]);
    pending_count = 0;
}

/* The oldest pending event of the kind at the address that another thread made, or -1. */
static int find_pending(uint64_t address, uint32_t thread, enum kind kind) {
    for (unsigned i = 0; i < pending_count; i++) {
        const struct half *half = &pending[i];

        if (half->kind == kind && half->block.address == address &&
            (half->thread != thread || half->other != thread))
            return (int)i;
    }
    return -1;
}

/* The thread other than this one that freed the address within the window before, or this one. */
static uint32_t freed_before_by(uint64_t address, uint64_t ticks, uint32_t thread) {
    for (unsigned i = 0; i < LOOK_BACK; i++) {
        const struct recent_free *earlier = &recent[(recent_next - 1 - i) % LOOK_BACK];

        if (ticks - earlier->ticks > window)
            break;
        if (earlier->address == address && earlier->thread != thread)
            return earlier->thread;
    }
    return thread;
}

/* Blocks */

static void superseded(const struct mt_live_block *block, uint64_t ticks, uint32_t thread) {
    const struct half half = {
        .block = *block, .ticks = ticks, .thread = thread, .other = thread, .kind = SUPERSEDED};

    add_pending(&half);
}

/* There is no room to follow it. */
static MT_COLD void begin_untracked(const struct mt_live_block *block) {
    struct mt_profile_totals *sums = mt_totals.sums;

    if (!(sums->flags & MT_PROFILE_INCOMPLETE))
        mt_log("the profile is incomplete: no memory to follow further blocks", NULL, NULL, NULL);
    sums->flags |= MT_PROFILE_INCOMPLETE;
    sums->untracked_blocks++;
    sums->untracked_bytes += block->size;
    mt_totals_allocated(mt_totals_of(block), block);
}

static void begin_and_end(const struct mt_live_block *block) {
    struct mt_totals_of of = mt_totals_of(block);

    mt_totals_begins(of, block);
    mt_totals_ends(of, block);
}

/* An allocation whose free by another thread was recorded first lives no longer than this event,
 * even if the address is live: then the next allocation was recorded first, too. */
static MT_COLD bool freed_already(const struct mt_live_block *block) {
    int index = find_pending(block->address, block->thread, FREE);
    const struct half *half;

    if (index < 0)
        return false;
    half = &pending[index];
    begin_and_end(block);
    mt_totals_freed(mt_totals_of(block), block,
                    half->thread != block->thread ? half->thread : half->other, block->ticks);
    drop_pending((unsigned)index, 1);
    return true;
}

/* `of`: what belongs to the block. */
static inline __attribute__((always_inline)) void allocate(struct mt_totals_of of,
                                                           const struct mt_live_block *block) {
    uint64_t *slot;

    if (MT_UNLIKELY(pending_count) && freed_already(block))
        return;
    slot = mt_block_table_find(&mt_match_blocks, block->address);
    if (MT_UNLIKELY(*slot)) {
        struct mt_live_block *old = mt_block_table_entry(&mt_match_blocks, *slot);

        mt_totals_ends(mt_totals_of(old), old);
        superseded(old, block->ticks, block->thread);
        *old = *block;
    } else if (MT_UNLIKELY(!mt_block_table_add(&mt_match_blocks, slot, block))) {
        begin_untracked(block);
        return;
    }
    mt_totals_begins(of, block);
}

static MT_COLD void release_unknown(uint64_t address, uint64_t ticks, uint32_t thread) {
    const struct half half = {
        .block = {.address = address},
        .ticks = ticks,
        .thread = thread,
        .other = several_threads ? freed_before_by(address, ticks, thread) : thread,
        .kind = FREE,
    };

    add_pending(&half);
}

/* Whether the free is that of a superseded block. */
static MT_COLD bool frees_superseded(uint64_t address, uint64_t ticks, uint32_t thread) {
    int old = find_pending(address, thread, SUPERSEDED);
    struct half credited;

    if (old < 0)
        return false;
    mt_totals_freed(mt_totals_of(&pending[old].block), &pending[old].block, thread,
                    pending[old].ticks);
    drop_pending((unsigned)old, 1);
    credited = (struct half){
        .block = {.address = address}, .ticks = ticks, .thread = thread, .kind = CREDITED};
    remember(&credited);
    return true;
}

static inline __attribute__((always_inline)) void end_block(const uint64_t *slot, uint64_t ticks,
                                                            uint32_t thread) {
    const struct mt_live_block *block = mt_block_table_entry(&mt_match_blocks, *slot);
    struct mt_totals_of of = mt_totals_of(block);

    mt_totals_ends(of, block);
    mt_totals_freed(of, block, thread, ticks);
    mt_block_table_remove(&mt_match_blocks, slot);
}

static inline __attribute__((always_inline)) void release(uint64_t address, uint64_t ticks,
                                                          uint32_t thread) {
    const uint64_t *slot;

    if (MT_UNLIKELY(pending_count) && frees_superseded(address, ticks, thread))
        return;
    slot = mt_block_table_find(&mt_match_blocks, address);
    if (MT_LIKELY(*slot))
        end_block(slot, ticks, thread);
    else
        release_unknown(address, ticks, thread);
}

/* Whether the record after an allocation is plain, and the free of that. */
static inline bool is_freed_next(const uint64_t *next, uint64_t address) {
    return (next[0] & (ADDRESS | UINT64_C(7) << MT_RECORD_ADDRESS_BITS)) ==
           (address | (uint64_t)MT_OP_FREE << MT_RECORD_ADDRESS_BITS);
}

/* A block that ends with the thread's next record, at that time: most programs have many of them,
 * and none needs to be remembered. False, and nothing is done, where there is more to it: an
 * allocation that was live, a peak, something pending. */
static inline __attribute__((always_inline)) bool
pass(struct mt_totals_of of, const struct mt_live_block *block, uint64_t ticks) {
    if (pending_count || *mt_block_table_find(&mt_match_blocks, block->address) ||
        of.sums->live + block->size > of.sums->peak ||
        of.thread->live + block->size > of.thread->peak)
        return false;
    mt_totals_allocated(of, block);
    mt_totals_freed(of, block, block->thread, ticks);
    of.thread->records++;
    of.thread->frees++;
    if (several_threads)
        recent[recent_next++ % LOOK_BACK] =
            (struct recent_free){block->address, ticks, block->thread};
    return true;
}

static MT_COLD void count_pool_record(struct mt_profile_thread *thread, unsigned op) {
    thread->pool_records++;
    mt_totals.sums->pool_events += op != MT_OP_IN_POOL;
    mt_totals.sums->events--;
}

/* A record of the thread whose totals these are, and `next` those up to `stop` that follow it, of
 * which it may take one more with *now, if that is not later than `until`. `sums->events` is the
 * caller's to count. */
static inline __attribute__((always_inline)) const uint64_t *
match(const struct mt_record *record, struct mt_profile_thread *entry, uint32_t thread,
      uint64_t *now, const uint64_t *next, const uint64_t *stop, uint64_t until) {
    uint64_t ticks = *now;

    if (MT_UNLIKELY(pending_count))
        expire(ticks);
    entry->records++;
    if (MT_UNLIKELY(record->op >= MT_OP_POOL_ALLOC)) {
        count_pool_record(entry, record->op);
    } else if (record->op & MT_OP_FREE) {
        entry->frees++;
        release(record->address, ticks, thread);
        if (several_threads)
            recent[recent_next++ % LOOK_BACK] =
                (struct recent_free){record->address, ticks, thread};
    } else {
        const struct mt_live_block block = {record->address, record->size, ticks,
                                            record->context.value, thread};
        struct mt_totals_of of = {mt_totals.sums, mt_totals_context(block.context), entry};

        if (next < stop && is_freed_next(next, block.address)) {
            uint64_t freed = mt_match_next_ticks(next, ticks);

            if (freed <= until && pass(of, &block, freed)) {
                *now = freed;
                return next + MT_RECORD_WORDS;
            }
        }
        allocate(of, &block);
    }
    return next;
}

static inline __attribute__((always_inline)) void look_ahead(const uint64_t *words) {
    /* What an extended record holds there is an address somewhere, too. */
    mt_block_table_prefetch(&mt_match_blocks, words[PREFETCH_WORDS] & ADDRESS);
    mt_block_table_prefetch_entry(&mt_match_blocks, words[PREFETCH_WORDS / 2] & ADDRESS);
}

const uint64_t *mt_match_run(const uint64_t *words, const uint64_t *stop, const uint64_t *end,
                             uint64_t until, uint64_t *ticks, uint32_t thread) {
    struct mt_profile_thread *entry = mt_totals_thread(thread);
    uint64_t before = entry->records, now = *ticks;

    while (words < stop && mt_match_next_ticks(words, now) <= until) {
        struct mt_record record;

        if (MT_LIKELY(words + PREFETCH_WORDS < end))
            look_ahead(words);
        record = mt_block_next_record(&words, &now);
        words = match(&record, entry, thread, &now, words, stop, until);
    }
    mt_totals.sums->events += entry->records - before;
    mt_totals.sums->last_ticks = now;
    *ticks = now;
    return words;
}

/* What came late */

static bool fits(const struct half *half, uint64_t address, enum kind kind, uint64_t begun,
                 uint64_t ticks) {
    return half->kind == kind && half->block.address == address && half->ticks >= ticks &&
           half->block.ticks <= begun;
}

/* Takes back what is pending or was settled at the address, if that came no earlier than the event,
 * and is of a block that had begun by then; false if there is nothing. */
static bool take_back_of(uint64_t address, uint64_t begun, uint64_t ticks, enum kind kind,
                         struct half *found) {
    struct half *set = settled_of(address);

    for (unsigned i = 0; i < pending_count; i++) {
        if (fits(&pending[i], address, kind, begun, ticks)) {
            *found = pending[i];
            drop_pending(i, 1);
            return true;
        }
    }
    for (unsigned i = 0; i < SETTLED_WAYS; i++) {
        if (fits(&set[i], address, kind, begun, ticks)) {
            *found = set[i];
            set[i].kind = NONE;
            if (kind != CREDITED)
                --*counter_of(found);
            return true;
        }
    }
    return false;
}

/* If need be of a later block, whose own free an earlier one has got. */
static bool take_back(uint64_t address, uint64_t ticks, enum kind kind, struct half *found) {
    return take_back_of(address, ticks, ticks, kind, found) ||
           take_back_of(address, UINT64_MAX, ticks, kind, found);
}

/* What is live at the address, if it has begun after this time; or NULL. */
static uint64_t *find_later(uint64_t address, uint64_t ticks) {
    uint64_t *slot = mt_block_table_find(&mt_match_blocks, address);

    return *slot && mt_block_table_entry(&mt_match_blocks, *slot)->ticks > ticks ? slot : NULL;
}

static void allocate_late(const struct mt_live_block *block) {
    const uint64_t *later;
    struct half half;

    if (take_back(block->address, block->ticks, FREE, &half)) {
        begin_and_end(block);
        mt_totals_freed(mt_totals_of(block), block, half.thread, half.ticks);
        return;
    }
    later = find_later(block->address, block->ticks);
    if (!later) {
        allocate(mt_totals_of(block), block);
        return;
    }
    begin_and_end(block);
    half = (struct half){.block = *block,
                         .ticks = mt_block_table_entry(&mt_match_blocks, *later)->ticks,
                         .thread = block->thread,
                         .kind = SUPERSEDED};
    settle(&half);
}

static void release_late(uint64_t address, uint64_t ticks, uint32_t thread) {
    const uint64_t *later = find_later(address, ticks);
    struct half half;

    if (take_back(address, ticks, SUPERSEDED, &half)) {
        mt_totals_freed(mt_totals_of(&half.block), &half.block, thread, ticks);
    } else if (!later) {
        release(address, ticks, thread);
    } else if (take_back(address, mt_block_table_entry(&mt_match_blocks, *later)->ticks, CREDITED,
                         &half)) {
        /* This one was the superseded block's, and that one the live block's. */
        end_block(later, half.ticks, half.thread);
    } else {
        half = (struct half){
            .block = {.address = address}, .ticks = ticks, .thread = thread, .kind = FREE};
        settle(&half);
    }
}

const uint64_t *mt_match_late(const uint64_t *words, uint64_t *ticks, uint32_t thread) {
    struct mt_record record = mt_block_next_record(&words, ticks);
    struct mt_profile_thread *entry = mt_totals_thread(thread);
    const struct mt_live_block block = {record.address, record.size, *ticks, record.context.value,
                                        thread};

    entry->records++;
    mt_totals.sums->events++;
    if (record.op >= MT_OP_POOL_ALLOC) {
        count_pool_record(entry, record.op);
    } else if (record.op & MT_OP_FREE) {
        entry->frees++;
        release_late(record.address, *ticks, thread);
    } else {
        allocate_late(&block);
    }
    return words;
}
