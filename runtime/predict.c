#include "predict.h"

#include "block.h"
#include "os_memory.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

enum { LIVE_HEAP = 0, LIVE_POOL = 1, LISTS = MT_PREDICTED_LISTS };

/* A block that the thread allocated, live or free, in the list of those alike. The first LISTS
 * slots are the ends of the lists, which are rings. */
struct slot {
    uint64_t block; /* bits 0-47 the address, 48-55 its home, the list for when it is free, 56-63
                       the list it is in: one load tells all */
    uint32_t older;
    uint32_t newer;
};
enum { HOME_SHIFT = 48, LIST_SHIFT = 56 };

struct candidates {
    uint32_t value[2]; /* the likelier first */
};

struct mt_predictor {
    struct slot *slots;
    uint32_t *index; /* of blocks by address */
    struct candidates *symbols;
    struct candidates *sizes;
    uint32_t *last_of_context; /* slot */
    unsigned slot_bits, table_bits;
    uint32_t used;      /* slots that have been taken once */
    uint32_t next;      /* slot to take */
    uint32_t symbol[2]; /* of the last event and the one before it */
    uint32_t last_slot;
    uint64_t bump[2]; /* heap, pools */
    uint64_t ended[2];
    uint64_t pool;
    uint32_t cursors[LISTS]; /* what is older than the last one taken from the list */
    uint32_t thread;         /* whose it is; 0 nobody's */
    uint32_t sequence;       /* of the next block in its group */
    uint64_t next_event;
    uint64_t group_events; /* that its group has so far */
    uint64_t last_used;    /* in blocks_begun */
    bool dirty;            /* its memory is not all zeros */
};

/* Bounded, and with memory only for those in use: a program with one busy thread has a good model
 * of a large heap, one with many has small ones. At most 10.5 MiB in all. */
static const struct tier {
    unsigned count, slot_bits, table_bits;
} tiers[] = {{1, 18, 12}, {3, 15, 12}, {44, 10, 10}};
enum { STATES = 48 };

/* Blocks of other threads after which a state may be taken from its thread for a better one. */
enum { IDLE = 1024 };

static struct mt_predictor states[STATES];
static uint64_t blocks_begun;
static _Atomic bool states_locked; /* against other encoders, for moments */

static size_t state_bytes(unsigned slot_bits, unsigned table_bits) {
    return (sizeof(struct slot) << slot_bits) + (sizeof(uint32_t) << (slot_bits + 1)) +
           ((2 * sizeof(struct candidates) + sizeof(uint32_t)) << table_bits);
}

static bool provide(struct mt_predictor *p, const struct tier *tier) {
    uint8_t *memory;

    if (p->slots)
        return true;
    memory = mt_os_memory_map(state_bytes(tier->slot_bits, tier->table_bits));
    if (!memory)
        return false;
    p->slot_bits = tier->slot_bits;
    p->table_bits = tier->table_bits;
    p->slots = (struct slot *)memory;
    memory += sizeof(struct slot) << p->slot_bits;
    p->index = (uint32_t *)memory;
    memory += sizeof(uint32_t) << (p->slot_bits + 1);
    p->symbols = (struct candidates *)memory;
    memory += sizeof(struct candidates) << p->table_bits;
    p->sizes = (struct candidates *)memory;
    memory += sizeof(struct candidates) << p->table_bits;
    p->last_of_context = (uint32_t *)memory;
    return true;
}

/* Slots beyond `used` are never looked at. */
static void reset(struct mt_predictor *p) {
    if (p->dirty) {
        memset(p->index, 0, sizeof(uint32_t) << (p->slot_bits + 1));
        memset(p->symbols, 0, sizeof(struct candidates) << p->table_bits);
        memset(p->sizes, 0, sizeof(struct candidates) << p->table_bits);
        memset(p->last_of_context, 0, sizeof(uint32_t) << p->table_bits);
    }
    p->dirty = true;
    for (uint32_t list = 0; list < LISTS; list++) {
        p->slots[list] = (struct slot){.older = list, .newer = list};
        p->cursors[list] = list;
    }
    p->used = p->next = p->last_slot = LISTS;
    p->symbol[0] = p->symbol[1] = 0;
    p->bump[0] = p->bump[1] = p->ended[0] = p->ended[1] = p->pool = 0;
    p->sequence = 0;
    p->group_events = 0;
}

static struct mt_predictor *find_state(uint32_t thread) {
    for (unsigned i = 0; i < STATES; i++) {
        if (states[i].thread == thread)
            return &states[i];
    }
    return NULL;
}

/* The best state that is nobody's, or the thread's own, or that its thread has not used for long;
 * else the one not used for the longest time. */
static struct mt_predictor *choose_state(uint32_t thread) {
    struct mt_predictor *oldest = &states[0];
    const struct tier *tier = tiers, *oldest_tier = tiers;
    unsigned left = tier->count;

    for (unsigned i = 0; i < STATES; i++, left--) {
        struct mt_predictor *p = &states[i];

        if (left == 0)
            left = (++tier)->count;
        if (!p->thread || p->thread == thread || blocks_begun - p->last_used > IDLE)
            return provide(p, tier) ? p : NULL;
        if (p->last_used < oldest->last_used) {
            oldest = p;
            oldest_tier = tier;
        }
    }
    return provide(oldest, oldest_tier) ? oldest : NULL;
}

/* What is not in use can be taken while others are: those are the latest begun. */
static void lock_states(void) {
    while (atomic_exchange_explicit(&states_locked, true, memory_order_acquire))
        sched_yield();
}

static void unlock_states(void) {
    atomic_store_explicit(&states_locked, false, memory_order_release);
}

/* `fresh`: it knows of another thread, or has come to the end of a group. */
static struct mt_predictor *begin(uint32_t thread, uint64_t first_event, bool *fresh) {
    struct mt_predictor *p = find_state(thread), *known = p;

    blocks_begun++;
    *fresh = !p || p->sequence == MT_PREDICT_GROUP || p->group_events >= MT_PREDICT_GROUP_EVENTS ||
             p->next_event != first_event;
    if (*fresh) {
        p = choose_state(thread);
        if (!p)
            return NULL;
        if (known && known != p)
            known->thread = 0;
        p->thread = thread;
    }
    p->last_used = blocks_begun;
    return p;
}

struct mt_predictor *mt_predict_begin(uint32_t thread, uint64_t first_event, uint32_t *sequence) {
    struct mt_predictor *p;
    bool fresh;

    lock_states();
    p = begin(thread, first_event, &fresh);
    unlock_states();
    if (!p)
        return NULL;
    if (fresh)
        reset(p);
    p->next_event = first_event;
    *sequence = p->sequence++;
    return p;
}

unsigned mt_predict_slots(const struct mt_predictor *predictor) {
    return predictor->slot_bits;
}

unsigned mt_predict_tables(const struct mt_predictor *predictor) {
    return predictor->table_bits;
}

void mt_predict_forget(uint32_t thread) {
    struct mt_predictor *p;

    lock_states();
    p = find_state(thread);
    if (p)
        p->thread = 0;
    unlock_states();
}

void mt_predict_forget_all(void) {
    for (unsigned i = 0; i < STATES; i++)
        states[i].thread = 0;
}

/* The model */

static inline bool holds(const struct mt_predictor *p, uint32_t slot, uint64_t address) {
    return (p->slots[slot].block ^ address) << (64 - MT_PREDICTED_ADDRESS_BITS) == 0;
}

static inline unsigned home_of(const struct slot *slot) {
    return slot->block >> HOME_SHIFT & 0xff;
}

static inline unsigned list_of(const struct slot *slot) {
    return slot->block >> LIST_SHIFT;
}

/* A pool's first block has the address of the heap's block that it lies in. */
static inline uint32_t *index_of(const struct mt_predictor *p, uint64_t address, bool pool) {
    return &p->index[(address >> 5 ^ (pool ? 0x5555 : 0)) & ((UINT64_C(2) << p->slot_bits) - 1)];
}

static inline bool is_pool_list(unsigned list) {
    return list > MT_PREDICTED_CLASS_MAX;
}

/* The slot of a known block, or 0. */
static inline uint32_t find(const struct mt_predictor *p, uint64_t address, bool pool) {
    uint32_t slot = *index_of(p, address, pool);

    return slot && holds(p, slot, address) && is_pool_list(home_of(&p->slots[slot])) == pool ? slot
                                                                                             : 0;
}

static inline void detach(struct mt_predictor *p, const struct slot *slot) {
    p->slots[slot->older].newer = slot->newer;
    p->slots[slot->newer].older = slot->older;
}

static inline void take(struct mt_predictor *p, uint32_t slot) {
    const struct slot *s = &p->slots[slot];

    p->cursors[list_of(s)] = s->older;
    detach(p, s);
}

static inline void append(struct mt_predictor *p, uint32_t slot, uint64_t address, uint64_t home,
                          uint32_t list) {
    struct slot *end = &p->slots[list], *s = &p->slots[slot];
    uint32_t older = end->older;

    *s = (struct slot){address | home << HOME_SHIFT | (uint64_t)list << LIST_SHIFT, older, list};
    p->slots[older].newer = slot;
    end->older = slot;
}

/* A slot for a block that is not known, if need be that of the block known for the longest time. */
static inline uint32_t new_slot(struct mt_predictor *p, uint64_t address, bool pool) {
    uint32_t slot = p->next++;
    const struct slot *s = &p->slots[slot];

    if (slot < p->used) {
        if (p->cursors[list_of(s)] == slot)
            p->cursors[list_of(s)] = s->older;
        detach(p, s);
    } else {
        p->used = p->next;
    }
    if (p->next == 1u << p->slot_bits)
        p->next = LISTS;
    *index_of(p, address, pool) = slot;
    return slot;
}

/* Size classes as allocators have them: 16 bytes apart, then four to each power of two. */
static inline uint32_t class_of(uint64_t size, bool pool) {
    uint64_t units = (size + (pool ? 15 : 23)) >> 4;

    if (units < MT_PREDICTED_CLASS_MIN)
        return MT_PREDICTED_CLASS_MIN;
    if (units >= 64) {
        unsigned log = 63 - (unsigned)__builtin_clzll(units);

        units = 64 + (log - 6) * 4 + (units >> (log - 2) & 3);
        units = units < MT_PREDICTED_CLASS_MAX ? units : MT_PREDICTED_CLASS_MAX;
    }
    return (uint32_t)units;
}

static inline uint64_t place_after(uint64_t address, uint64_t size, bool pool) {
    if (pool)
        return address + ((size + 7) & ~UINT64_C(7));
    return address + (size <= 8 ? 32 : (size + 23) & ~UINT64_C(15));
}

/* The code for column STEPS that leads to the slot, or -1. */
static inline int steps_to(const struct mt_predictor *p, uint32_t list, uint32_t slot) {
    uint32_t at = p->slots[list].older, older = p->cursors[list], newer = p->slots[older].newer;

    for (int code = 0; code < MT_PREDICTED_NEAR; code++) {
        at = p->slots[at].older;
        if (at == slot)
            return code;
    }
    for (int code = MT_PREDICTED_NEAR; code < 2 * MT_PREDICTED_NEAR; code += 2) {
        older = p->slots[older].older;
        if (older == slot)
            return code;
        newer = p->slots[newer].newer;
        if (newer == slot)
            return code + 1;
    }
    return -1;
}

static inline uint8_t *put_varint(uint8_t *at, uint64_t value) {
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

/* In units of 16 bytes from `base`; what does not lie on its units says so. */
static inline uint8_t *put_address(uint8_t *at, uint64_t address, uint64_t base) {
    uint64_t step = mt_zigzag((int64_t)((address >> 4) - (base >> 4))) << 1;

    if (MT_LIKELY(((address ^ base) & 15) == 0))
        return put_varint(at, step);
    at = put_varint(at, step | 1);
    *at++ = address & 15;
    return at;
}

static inline unsigned guess_of_two(struct candidates *candidates, uint32_t value) {
    uint32_t first = candidates->value[0];

    if (MT_LIKELY(first == value))
        return 0;
    candidates->value[0] = value;
    if (candidates->value[1] == value) {
        candidates->value[1] = first;
        return 1;
    }
    candidates->value[1] = first;
    return 2;
}

static inline unsigned put_symbol(struct mt_predictor *p, uint32_t symbol, uint8_t **column) {
    uint32_t hash = p->symbol[0] * 0x9e3779b1u + p->symbol[1] * 0x85ebca77u;
    unsigned guess;

    hash = (hash ^ hash >> 15) * 0x2c1b3c6du;
    guess = guess_of_two(&p->symbols[hash >> (32 - p->table_bits)], symbol);
    if (guess == 2)
        *column = put_varint(*column, symbol);
    return guess;
}

/* Before the event becomes the last one. */
static inline unsigned put_size(struct mt_predictor *p, uint32_t context, uint64_t size,
                                uint8_t **column) {
    uint32_t hash = (context + p->symbol[0] * 0x85ebca77u) * 0x9e3779b1u;
    unsigned guess = 2;

    if (MT_LIKELY(size <= UINT32_MAX))
        guess = guess_of_two(&p->sizes[hash >> (32 - p->table_bits)], (uint32_t)size);
    if (guess == 2)
        *column = put_varint(*column, size);
    return guess;
}

static inline __attribute__((always_inline)) unsigned
put_end(struct mt_predictor *p, uint64_t address, bool pool, uint8_t *columns[MT_PREDICTED_COUNT]) {
    uint32_t list = pool ? LIVE_POOL : LIVE_HEAP, older = p->cursors[list];
    uint32_t newer = p->slots[older].newer, slot;
    unsigned guess = MT_GUESS_NONE;
    int code;

    if (MT_UNLIKELY(address >> MT_PREDICTED_ADDRESS_BITS)) {
        slot = 0;
    } else if (holds(p, slot = older, address)) {
        guess = MT_GUESS_OLDER;
    } else if (holds(p, slot = newer, address)) {
        guess = MT_GUESS_NEWER;
    } else if (holds(p, slot = p->slots[list].older, address)) {
        guess = MT_GUESS_NEWEST;
    } else if (holds(p, slot = p->slots[older].older, address)) {
        guess = MT_GUESS_OLDER_2;
    } else if (holds(p, slot = p->slots[newer].newer, address)) {
        guess = MT_GUESS_NEWER_2;
    } else if ((slot = find(p, address, pool)) && list_of(&p->slots[slot]) == list) {
        if ((code = steps_to(p, list, slot)) >= 0) {
            guess = MT_GUESS_STEPS;
            *columns[MT_PREDICTED_STEPS]++ = (uint8_t)code;
        } else {
            guess = MT_GUESS_SLOT;
            columns[MT_PREDICTED_SLOTS] =
                put_varint(columns[MT_PREDICTED_SLOTS], mt_zigzag((int64_t)slot - p->last_slot));
        }
    }
    if (guess == MT_GUESS_NONE) {
        columns[MT_PREDICTED_ENDS] =
            put_address(columns[MT_PREDICTED_ENDS], address, p->ended[pool]);
    } else {
        unsigned home = home_of(&p->slots[slot]);

        take(p, slot);
        append(p, slot, address, home, home);
        p->last_slot = slot;
    }
    p->ended[pool] = address;
    return guess;
}

static inline bool is_free(const struct mt_predictor *p, uint32_t slot, bool pool) {
    unsigned list = list_of(&p->slots[slot]);

    return list > LIVE_POOL && is_pool_list(list) == pool;
}

static inline __attribute__((always_inline)) unsigned
put_allocation(struct mt_predictor *p, uint64_t address, uint64_t size, uint32_t context, bool pool,
               uint8_t *columns[MT_PREDICTED_COUNT]) {
    uint32_t list = class_of(size, pool) + (pool ? MT_PREDICTED_POOL_LISTS : 0);
    uint32_t older = p->cursors[list], slot;
    uint32_t *last = &p->last_of_context[context * 0x9e3779b1u >> (32 - p->table_bits)];
    unsigned guess = MT_GUESS_NONE;
    bool known = true;
    int code;

    if (MT_UNLIKELY(address >> MT_PREDICTED_ADDRESS_BITS)) {
        known = false;
    } else if (holds(p, slot = p->slots[list].older, address)) {
        guess = MT_GUESS_NEWEST;
    } else if (holds(p, slot = older, address)) {
        guess = MT_GUESS_OLDER;
    } else if (holds(p, slot = p->slots[older].newer, address)) {
        guess = MT_GUESS_NEWER;
    } else if (address == p->bump[pool]) {
        guess = MT_GUESS_BUMP;
        known = false;
    } else if (address == p->ended[pool]) {
        guess = MT_GUESS_ENDED;
        known = false;
    } else if (holds(p, slot = *last, address) && is_free(p, slot, pool)) {
        guess = MT_GUESS_CONTEXT;
    } else if ((slot = find(p, address, pool)) && list_of(&p->slots[slot]) == list &&
               (code = steps_to(p, list, slot)) >= 0) {
        guess = MT_GUESS_STEPS;
        *columns[MT_PREDICTED_STEPS]++ = (uint8_t)code;
    } else {
        known = false;
    }
    if (guess == MT_GUESS_NONE)
        columns[MT_PREDICTED_ADDRESSES] =
            put_address(columns[MT_PREDICTED_ADDRESSES], address, p->bump[pool]);
    if (guess == MT_GUESS_NONE || guess == MT_GUESS_BUMP)
        p->bump[pool] = place_after(address, size, pool);
    if (MT_UNLIKELY(address >> MT_PREDICTED_ADDRESS_BITS))
        return guess;
    if (!known && !(slot = find(p, address, pool)))
        slot = new_slot(p, address, pool);
    else
        take(p, slot);
    append(p, slot, address, list, pool ? LIVE_POOL : LIVE_HEAP);
    *last = slot;
    return guess;
}

static inline unsigned put_in_pool(struct mt_predictor *p, uint64_t address,
                                   uint8_t *columns[MT_PREDICTED_COUNT]) {
    if (address == p->pool)
        return MT_GUESS_NEWEST;
    columns[MT_PREDICTED_ADDRESSES] =
        put_address(columns[MT_PREDICTED_ADDRESSES], address, p->pool);
    p->pool = address;
    return MT_GUESS_NONE;
}

/* The tag of an event. Inlined for either kind of blocks, of which pools' are rare. */
static inline __attribute__((always_inline)) unsigned
put_event(struct mt_predictor *p, const struct mt_record *record, bool pool, uint8_t **at) {
    uint32_t context = record->context.value, symbol = context << 3 | record->op;
    unsigned tag = put_symbol(p, symbol, &at[MT_PREDICTED_SYMBOLS]) << MT_TAG_SYMBOL_SHIFT;

    if (record->op & MT_OP_FREE) {
        tag |= put_end(p, record->address, pool, at);
    } else {
        tag |= put_size(p, context, record->size, &at[MT_PREDICTED_SIZES]) << MT_TAG_SIZE_SHIFT;
        if (pool && record->op == MT_OP_IN_POOL)
            tag |= put_in_pool(p, record->address, at);
        else
            tag |= put_allocation(p, record->address, record->size, context, pool, at);
    }
    p->symbol[1] = p->symbol[0];
    p->symbol[0] = symbol;
    return tag;
}

uint32_t mt_predict_events(struct mt_predictor *p, const uint64_t *words, const uint64_t *end,
                           unsigned shift, uint64_t *ticks, uint64_t *unit,
                           struct mt_bytes columns[MT_PREDICTED_COUNT]) {
    uint8_t *at[MT_PREDICTED_COUNT];
    uint8_t *tags, *times;
    uint64_t now = *ticks, last = *unit;
    uint32_t count = 0;

    for (int c = 0; c < MT_PREDICTED_COUNT; c++)
        at[c] = columns[c].data + columns[c].size;
    tags = at[MT_PREDICTED_TAGS];
    times = at[MT_PREDICTED_TICKS];
    while (words < end) {
        struct mt_record record = mt_block_next_record(&words, &now);

        tags[count++] =
            (uint8_t)(MT_LIKELY(record.op < MT_OP_POOL_ALLOC) ? put_event(p, &record, false, at)
                                                              : put_event(p, &record, true, at));
        times = put_varint(times, (now >> shift) - last);
        last = now >> shift;
    }
    at[MT_PREDICTED_TAGS] = tags + count;
    at[MT_PREDICTED_TICKS] = times;
    *ticks = now;
    *unit = last;
    p->next_event += count;
    p->group_events += count;
    for (int c = 0; c < MT_PREDICTED_COUNT; c++)
        columns[c].size = (size_t)(at[c] - columns[c].data);
    return count;
}
