#include "trace/predict.h"

#include "trace/decode.h"
#include "util/alone.h"

#include <stdlib.h>

enum { PREFETCH_DISTANCE = 48 }; /* events */
enum { LIVE_HEAP = 0, LIVE_POOL = 1, LISTS = MT_PREDICTED_LISTS };

const char *const predict_column_names[MT_PREDICTED_COUNT] = {
    "tags", "symbols", "sizes", "steps", "slots", "addresses", "ends", "ticks"};

/* A block of memory. The first LISTS slots are the ends of the lists, which are rings: `older` of
 * an end is the newest block. */
struct slot {
    uint64_t address : 48;
    uint64_t home : 8; /* the list it is in when it is free */
    uint64_t list : 8; /* the one it is in */
    uint32_t older;
    uint32_t newer;
};

/* Of an event. Stored to it all at once: to read a bit-field behind a store to its neighbour waits
 * for the line, which may be in the cache of the CPU that read what was there before. */
struct fields {
    uint64_t address, size, ticks;
    uint32_t context, op;
};

struct candidates {
    uint32_t value[2];
};

struct predictor {
    struct slot *slots;
    uint32_t *index;
    struct candidates *symbols;
    struct candidates *sizes;
    uint32_t *last_of_context;
    unsigned slot_bits, table_bits;
    uint32_t used, next;
    uint32_t symbol[2];
    uint32_t last_slot;
    uint64_t bump[2], ended[2], pool;
    uint32_t cursors[LISTS];
    bool reused; /* slots have been taken more than once */
    bool broken; /* a block has not been decoded to its end */
    uint64_t next_event;
    uint64_t next_sequence;
};

static const char no_block[] = "a guess names no block";

void predict_free(struct predictor *predictor) {
    if (predictor)
        free(predictor->slots);
    free(predictor);
}

static inline uint32_t *index_of(const struct predictor *p, uint64_t address, bool pool) {
    return &p->index[(address >> 5 ^ (pool ? 0x5555 : 0)) & ((UINT64_C(2) << p->slot_bits) - 1)];
}

/* What few slots have put into a large index. */
static void clear_index(struct predictor *p) {
    for (uint32_t slot = LISTS; slot < p->used; slot++) {
        *index_of(p, p->slots[slot].address, false) = 0;
        *index_of(p, p->slots[slot].address, true) = 0;
    }
}

/* All tables in one piece, behind the slots; those need no zeros. */
static bool provide(struct predictor *p, unsigned slot_bits, unsigned table_bits) {
    size_t slots = sizeof(struct slot) << slot_bits;
    size_t index = sizeof(uint32_t) << (slot_bits + 1);
    size_t table = sizeof(struct candidates) << table_bits;
    size_t zeroed = index + 2 * table + (sizeof(uint32_t) << table_bits);
    uint8_t *memory;

    if (p->slots && p->slot_bits == slot_bits && p->table_bits == table_bits) {
        if (p->reused || p->used > 1u << (slot_bits - 3)) {
            memset(p->index, 0, zeroed);
        } else {
            clear_index(p);
            memset(p->symbols, 0, zeroed - index);
        }
        return true;
    }
    free(p->slots);
    p->slots = calloc(1, slots + zeroed);
    if (!p->slots)
        return false;
    memory = (uint8_t *)p->slots + slots;
    p->slot_bits = slot_bits;
    p->table_bits = table_bits;
    p->index = (uint32_t *)memory;
    p->symbols = (struct candidates *)(memory + index);
    p->sizes = (struct candidates *)(memory + index + table);
    p->last_of_context = (uint32_t *)(memory + index + 2 * table);
    return true;
}

static void start_group(struct predictor *p) {
    for (uint32_t list = 0; list < LISTS; list++) {
        p->slots[list] = (struct slot){.older = list, .newer = list};
        p->cursors[list] = list;
    }
    p->used = p->next = p->last_slot = LISTS;
    p->reused = false;
    p->symbol[0] = p->symbol[1] = 0;
    p->bump[0] = p->bump[1] = p->ended[0] = p->ended[1] = p->pool = 0;
}

bool predict_begin(struct predictor **predictor, struct cursor *head,
                   const struct mt_block_header *header, unsigned *shift, struct error *error) {
    struct predictor *p = *predictor;
    uint64_t sequence;
    uint8_t bytes[3];
    bool key = (header->flags & MT_BLOCK_KEY) != 0;

    if (!cursor_varint(head, &sequence) || !cursor_fixed(head, bytes, sizeof(bytes)))
        return error_set(error, "payload byte 0: the head does not fit");
    *shift = bytes[0];
    if (bytes[0] > MT_PREDICTED_SHIFT_MAX || bytes[1] < MT_PREDICTED_SLOTS_MIN ||
        bytes[1] > MT_PREDICTED_SLOTS_MAX || bytes[2] < MT_PREDICTED_TABLES_MIN ||
        bytes[2] > MT_PREDICTED_TABLES_MAX)
        return error_set(error, "payload byte 0: the head is out of range");
    if (key != (sequence == 0))
        return error_set(error, "payload byte 0: flag KEY and the place in the group differ");
    if (!key &&
        (!p || p->broken || p->next_event != header->first_event || p->next_sequence != sequence ||
         p->slot_bits != bytes[1] || p->table_bits != bytes[2]))
        return error_set(error, "is predicted from a block that is missing");
    if (key) {
        if (!p)
            p = *predictor = alone_calloc(sizeof(*p));
        if (!p || !provide(p, bytes[1], bytes[2]))
            return error_no_memory(error);
        start_group(p);
    }
    p->broken = true;
    p->next_event = header->first_event + header->count;
    p->next_sequence = sequence + 1;
    return true;
}

void predict_end(struct predictor *predictor) {
    predictor->broken = false;
}

void predict_retire(struct predictor *predictor) {
    predictor->broken = true;
}

/* The model */

static inline bool is_pool_list(unsigned list) {
    return list > MT_PREDICTED_CLASS_MAX;
}

static inline bool is_block(uint32_t slot) {
    return slot >= LISTS;
}

static inline void take(struct predictor *p, uint32_t slot) {
    const struct slot *s = &p->slots[slot];

    p->cursors[s->list] = s->older;
    p->slots[s->older].newer = s->newer;
    p->slots[s->newer].older = s->older;
}

static inline void append(struct predictor *p, uint32_t list, uint32_t slot) {
    struct slot *end = &p->slots[list], *s = &p->slots[slot];

    s->list = list;
    s->older = end->older;
    s->newer = list;
    p->slots[end->older].newer = slot;
    end->older = slot;
}

static uint32_t new_slot(struct predictor *p, uint64_t address, bool pool) {
    uint32_t slot = p->next++;
    struct slot *s = &p->slots[slot];

    if (slot < p->used) {
        if (p->cursors[s->list] == slot)
            p->cursors[s->list] = s->older;
        p->slots[s->older].newer = s->newer;
        p->slots[s->newer].older = s->older;
    } else {
        p->used = p->next;
    }
    if (p->next == 1u << p->slot_bits) {
        p->next = LISTS;
        p->reused = true;
    }
    s->address = address;
    *index_of(p, address, pool) = slot;
    return slot;
}

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

static uint32_t walk(const struct predictor *p, uint32_t list, unsigned code) {
    uint32_t at = p->slots[list].older;
    unsigned steps = code + 1;
    bool newer = false;

    if (code >= MT_PREDICTED_NEAR) {
        at = p->cursors[list];
        steps = (code - MT_PREDICTED_NEAR) / 2 + 1;
        newer = code % 2;
        at = newer ? p->slots[at].newer : at;
    }
    while (steps--)
        at = newer ? p->slots[at].newer : p->slots[at].older;
    return at;
}

static inline bool read_number(struct cursor *column, uint64_t *value) {
    if (column->at < column->end && *column->at < 0x80) {
        *value = *column->at++;
        return true;
    }
    return cursor_varint(column, value);
}

static inline uint64_t unzigzag(uint64_t value) {
    return (value >> 1) ^ (0 - (value & 1));
}

static inline const char *read_address(struct cursor *column, uint64_t base, uint64_t *address) {
    uint64_t step, units;
    uint8_t low = base & 15;

    if (!read_number(column, &step) || ((step & 1) && !cursor_fixed(column, &low, 1)))
        return "its address does not fit the column";
    units = (base >> 4) + unzigzag(step >> 1);
    *address = units << 4 | low;
    return units >> 60 || low > 15 ? "address above 64 bits" : NULL;
}

/* The guess of this number, of two or from the column. */
static inline bool read_guess(struct candidates *candidates, unsigned guess, struct cursor *column,
                              uint64_t *value) {
    uint32_t first = candidates->value[0];

    if (guess == 0) {
        *value = first;
        return true;
    }
    if (guess == 1)
        *value = candidates->value[1];
    else if (guess != 2 || !read_number(column, value))
        return false;
    if (*value <= UINT32_MAX) {
        candidates->value[0] = (uint32_t)*value;
        candidates->value[1] = first;
    }
    return true;
}

static inline const char *read_symbol(struct predictor *p, unsigned tag, struct cursor *column,
                                      struct fields *out) {
    uint32_t hash = p->symbol[0] * 0x9e3779b1u + p->symbol[1] * 0x85ebca77u;
    uint64_t symbol;

    hash = (hash ^ hash >> 15) * 0x2c1b3c6du;
    if (!read_guess(&p->symbols[hash >> (32 - p->table_bits)],
                    (tag & MT_TAG_SYMBOL) >> MT_TAG_SYMBOL_SHIFT, column, &symbol) ||
        symbol > UINT32_MAX)
        return "its symbol does not fit the column";
    out->context = (uint32_t)symbol >> 3;
    out->op = symbol & MT_OP_MASK;
    return out->op > MT_OP_IN_POOL ? "an operation is reserved" : NULL;
}

static inline const char *read_size(struct predictor *p, unsigned tag, struct cursor *column,
                                    struct fields *out) {
    uint32_t hash = (out->context + p->symbol[0] * 0x85ebca77u) * 0x9e3779b1u;
    uint64_t size;

    if (!read_guess(&p->sizes[hash >> (32 - p->table_bits)],
                    (tag & MT_TAG_SIZE) >> MT_TAG_SIZE_SHIFT, column, &size))
        return "its size does not fit the column";
    out->size = size;
    return size >> 48 ? "impossible size" : NULL;
}

/* The slot that a guess names by its place in the list, which is the same for either kind of
 * operation; 0 for any other guess. */
static inline uint32_t slot_by_place(const struct predictor *p, uint32_t list, unsigned guess) {
    switch (guess) {
    case MT_GUESS_NEWEST:
        return p->slots[list].older;
    case MT_GUESS_OLDER:
        return p->cursors[list];
    case MT_GUESS_NEWER:
        return p->slots[p->cursors[list]].newer;
    default:
        return 0;
    }
}

/* The same by steps from there; false if the column has none. */
static inline bool read_steps(const struct predictor *p, uint32_t list, struct cursor *columns,
                              uint32_t *slot) {
    uint8_t code;

    if (!cursor_fixed(&columns[MT_PREDICTED_STEPS], &code, 1) || code >= 2 * MT_PREDICTED_NEAR)
        return false;
    *slot = walk(p, list, code);
    return true;
}

static const char *const no_steps = "its steps do not fit the column";

static inline const char *read_end(struct predictor *p, unsigned tag, bool pool,
                                   struct cursor *columns, struct fields *out) {
    uint32_t list = pool ? LIVE_POOL : LIVE_HEAP, cursor = p->cursors[list];
    uint32_t slot = slot_by_place(p, list, tag & MT_TAG_GUESS);
    const char *fault = NULL;
    uint64_t address = 0, number;

    switch (tag & MT_TAG_GUESS) {
    case MT_GUESS_NEWEST:
    case MT_GUESS_OLDER:
    case MT_GUESS_NEWER:
        break;
    case MT_GUESS_OLDER_2:
        slot = p->slots[cursor].older;
        break;
    case MT_GUESS_NEWER_2:
        slot = p->slots[p->slots[cursor].newer].newer;
        break;
    case MT_GUESS_SLOT:
        if (!read_number(&columns[MT_PREDICTED_SLOTS], &number))
            return "its slot does not fit the column";
        number = p->last_slot + unzigzag(number);
        slot = number < p->used && p->slots[number].list == list ? (uint32_t)number : 0;
        break;
    case MT_GUESS_STEPS:
        if (!read_steps(p, list, columns, &slot))
            return no_steps;
        break;
    default:
        fault = read_address(&columns[MT_PREDICTED_ENDS], p->ended[pool], &address);
        p->ended[pool] = out->address = address;
        return fault;
    }
    if (!is_block(slot))
        return no_block;
    out->address = p->ended[pool] = p->slots[slot].address;
    take(p, slot);
    append(p, p->slots[slot].home, slot);
    p->last_slot = slot;
    return NULL;
}

static inline bool is_free(const struct predictor *p, uint32_t slot, bool pool) {
    return p->slots[slot].list > LIVE_POOL && is_pool_list(p->slots[slot].list) == pool;
}

/* Known or not, a block whose address was not found in the list. */
static inline uint32_t slot_for(struct predictor *p, uint64_t address, bool pool) {
    uint32_t slot = *index_of(p, address, pool);

    if (!slot || p->slots[slot].address != address || is_pool_list(p->slots[slot].home) != pool)
        return new_slot(p, address, pool);
    take(p, slot);
    return slot;
}

static inline const char *read_allocation(struct predictor *p, unsigned tag, bool pool,
                                          struct cursor *columns, struct fields *out) {
    uint32_t list = class_of(out->size, pool) + (pool ? MT_PREDICTED_POOL_LISTS : 0);
    uint32_t slot = slot_by_place(p, list, tag & MT_TAG_GUESS);
    uint32_t *last = &p->last_of_context[out->context * 0x9e3779b1u >> (32 - p->table_bits)];
    unsigned guess = tag & MT_TAG_GUESS;
    const char *fault = NULL;
    uint64_t address = 0;

    switch (guess) {
    case MT_GUESS_NEWEST:
    case MT_GUESS_OLDER:
    case MT_GUESS_NEWER:
        break;
    case MT_GUESS_CONTEXT:
        slot = is_free(p, *last, pool) ? *last : 0;
        break;
    case MT_GUESS_STEPS:
        if (!read_steps(p, list, columns, &slot))
            return no_steps;
        break;
    default:
        if (guess == MT_GUESS_BUMP)
            address = p->bump[pool];
        else if (guess == MT_GUESS_ENDED)
            address = p->ended[pool];
        else
            fault = read_address(&columns[MT_PREDICTED_ADDRESSES], p->bump[pool], &address);
        out->address = address;
        if (fault || address == 0)
            return fault ? fault : "address 0";
        if (guess != MT_GUESS_ENDED)
            p->bump[pool] = place_after(address, out->size, pool);
        if (address >> MT_PREDICTED_ADDRESS_BITS)
            return NULL;
        slot = slot_for(p, address, pool);
        goto placed;
    }
    if (!is_block(slot))
        return no_block;
    out->address = p->slots[slot].address;
    take(p, slot);
placed:
    p->slots[slot].home = list;
    append(p, pool ? LIVE_POOL : LIVE_HEAP, slot);
    *last = slot;
    return NULL;
}

static const char *read_in_pool(struct predictor *p, unsigned tag, struct cursor *columns,
                                struct fields *out) {
    const char *fault = NULL;

    if ((tag & MT_TAG_GUESS) == MT_GUESS_NONE)
        fault = read_address(&columns[MT_PREDICTED_ADDRESSES], p->pool, &p->pool);
    else if ((tag & MT_TAG_GUESS) != MT_GUESS_NEWEST)
        return no_block;
    out->address = p->pool;
    return fault;
}

/* The rule that the event breaks, or NULL. */
static inline const char *read_event(struct predictor *p, struct cursor *columns,
                                     struct fields *out) {
    unsigned tag = *columns[MT_PREDICTED_TAGS].at++;
    const char *fault = read_symbol(p, tag, &columns[MT_PREDICTED_SYMBOLS], out);
    bool pool = out->op >= MT_OP_POOL_ALLOC;
    uint64_t ticks = 0;

    if (fault)
        return fault;
    if (tag > (MT_TAG_GUESS | MT_TAG_SIZE | MT_TAG_SYMBOL))
        return "a tag is reserved";
    if (out->op & MT_OP_FREE) {
        out->size = 0;
        fault = tag & MT_TAG_SIZE ? "a tag is reserved" : read_end(p, tag, pool, columns, out);
    } else {
        fault = read_size(p, tag, &columns[MT_PREDICTED_SIZES], out);
        if (!fault)
            fault = out->op == MT_OP_IN_POOL ? read_in_pool(p, tag, columns, out)
                                             : read_allocation(p, tag, pool, columns, out);
    }
    if (!read_number(&columns[MT_PREDICTED_TICKS], &ticks) && !fault)
        fault = "its time does not fit the column";
    out->ticks = ticks;
    p->symbol[1] = p->symbol[0];
    p->symbol[0] = out->context << 3 | out->op;
    return fault || out->address ? fault : "address 0";
}

size_t predict_events(struct predictor *predictor, struct cursor columns[MT_PREDICTED_COUNT],
                      struct event *out, size_t count, uint32_t done, struct error *error) {
    for (size_t i = 0; i < count; i++) {
        struct fields fields = {0};
        const char *fault;

        __builtin_prefetch(&out[i + PREFETCH_DISTANCE], 1);
        fault = read_event(predictor, columns, &fields);

        if (fault) {
            error_set(error, "event %u: %s", done + (uint32_t)i, fault);
            return i;
        }
        out[i] = (struct event){.address = fields.address,
                                .ticks = fields.ticks,
                                .size = fields.size,
                                .context = fields.context,
                                .op = fields.op};
    }
    return count;
}
