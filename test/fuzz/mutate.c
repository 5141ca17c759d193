/* Mutations of inputs that get behind what protects a trace from damage: a block is taken apart,
 * its payload decompressed and changed, and it is put together again with the right sizes and
 * checksum. Now and then it is not, since readers must stand that as well. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t max_size, unsigned seed);

static uint64_t random_state;

static uint32_t pick(uint32_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 20) % below);
}

/* A column changes, and what tells of its length, of the number of events and of the last one's
 * time goes with it. */
static void change_column(struct parts *parts, struct part *part) {
    struct columns columns;
    unsigned which;
    uint8_t *changed, *out;

    if (!columns_find(part, &columns))
        return;
    which = pick(columns.count);
    changed = parts_memory(parts, columns.sizes[which] + 32);
    out = parts_memory(parts, part->size + 128);
    if (!changed || !out)
        return;
    memcpy(changed, columns.begins[which], columns.sizes[which]);
    columns.sizes[which] =
        (uint32_t)LLVMFuzzerMutate(changed, columns.sizes[which], columns.sizes[which] + 32);
    columns.begins[which] = changed;
    columns_join(part, &columns, out);
}

static void change_payload(struct parts *parts, struct part *part) {
    uint8_t *changed = parts_memory(parts, part->size + 64);

    if (!changed)
        return;
    if (part->size)
        memcpy(changed, part->payload, part->size);
    part->payload = changed;
    part->size = (uint32_t)LLVMFuzzerMutate(changed, part->size, part->size + 64);
}

/* A number somewhere becomes one of those at which things go wrong. */
static void change_number(struct parts *parts, struct part *part) {
    static const uint64_t numbers[] = {0,          1,          127,
                                       128,        255,        1u << 16,
                                       1u << 20,   1u << 24,   (1u << 29) - 1,
                                       1u << 31,   UINT32_MAX, 1ull << 47,
                                       1ull << 48, INT64_MAX,  UINT64_MAX};
    uint8_t *changed = parts_memory(parts, part->size + 16);
    size_t at, end, size;

    if (!changed || !part->size)
        return;
    at = end = pick(part->size);
    varint_take(part->payload, part->size, &end);
    memcpy(changed, part->payload, at);
    size = at + varint_put(changed + at, numbers[pick(sizeof(numbers) / sizeof(numbers[0]))]);
    memcpy(changed + size, part->payload + end, part->size - end);
    part->payload = changed;
    part->size = (uint32_t)(size + part->size - end);
}

static void change_header(struct part *part) {
    struct mt_block_header *header = &part->header;
    uint64_t *words[] = {&header->first_ticks, &header->last_ticks, &header->first_event};
    uint64_t *word = words[pick(3)];

    switch (pick(5)) {
    case 0:
        header->kind = (uint16_t)pick(14);
        break;
    case 1:
        header->flags ^= (uint16_t)(1 << pick(4));
        break;
    case 2:
        header->thread = pick(4) ? pick(4) : (uint32_t)random_state;
        break;
    case 3:
        header->count = pick(2) ? header->count + pick(5) - 2 : (uint32_t)random_state;
        break;
    default:
        *word = pick(2) ? *word + pick(2001) - 1000 : random_state;
        break;
    }
}

/* Takes out, doubles or moves a block. */
static void change_order(struct parts *parts) {
    struct part *blocks = parts->blocks;
    unsigned from = pick(parts->count), to = pick(parts->count);
    struct part moved = blocks[from];

    switch (pick(3)) {
    case 0:
        memmove(&blocks[from], &blocks[from + 1], (parts->count-- - from - 1) * sizeof(*blocks));
        break;
    case 1:
        if (parts->count == MAX_BLOCKS)
            return;
        memmove(&blocks[to + 1], &blocks[to], (parts->count++ - to) * sizeof(*blocks));
        blocks[to] = moved;
        break;
    default:
        blocks[from] = blocks[to];
        blocks[to] = moved;
        break;
    }
}

static void change_file_header(struct parts *parts) {
    switch (pick(4)) {
    case 0:
        parts->file.version = (uint16_t)(1 + pick(MT_TRACE_VERSION + 1));
        break;
    case 1:
        parts->file.flags ^= MT_FILE_CLOCK_TSC;
        break;
    case 2:
        parts->file.parent_trace_id = pick(2) ? 0 : parts->file.trace_id ^ pick(2);
        break;
    default:
        LLVMFuzzerMutate((uint8_t *)&parts->file, sizeof(parts->file), sizeof(parts->file));
        break;
    }
}

static void change_live(struct parts *parts) {
    uint8_t *changed = parts_memory(parts, parts->live_size + 64);

    if (!changed || !parts->live_size)
        return;
    memcpy(changed, parts->live, parts->live_size);
    parts->live_size = LLVMFuzzerMutate(changed, parts->live_size, parts->live_size + 64);
    parts->live = changed;
}

/* Another command, or the same one otherwise. */
static void change_head(struct parts *parts) {
    if (pick(2))
        parts->head.command = (uint8_t)pick(256);
    for (uint32_t i = pick(4); i > 0; i--) {
        unsigned shift = 3 * pick(21);

        parts->head.choices &= ~(7ull << shift);
        parts->head.choices |= (uint64_t)pick(8) << shift;
    }
    if (pick(4) == 0)
        parts->head.flags ^= (uint8_t)(1 << pick(2));
    /* Threads take time. */
    if (pick(4) == 0)
        parts->head.flags = (uint8_t)((parts->head.flags & ~FUZZ_CREW) | (pick(8) ? 0 : FUZZ_CREW));
}

static void change(struct parts *parts) {
    struct part *part = parts->count ? &parts->blocks[pick(parts->count)] : NULL;
    uint32_t what = pick(32);

    if (what < 5)
        change_head(parts);
    else if (what < 6)
        change_file_header(parts);
    else if (parts->live_size && what < 14)
        change_live(parts);
    else if (!part)
        change_head(parts);
    else if (what < 16)
        change_header(part);
    else if (what < 18)
        change_order(parts);
    else if (what < 21)
        change_number(parts, part);
    else if (what < 28 && part->header.kind == MT_BLOCK_EVENTS)
        change_column(parts, part);
    else if (what < 31)
        change_payload(parts, part);
    else if (pick(4))
        part->header.flags ^= MT_BLOCK_ZSTD;
    else
        part->broken = true;
}

enum { SMALL_MODEL = 10 };

/* What takes long and finds no more: compression mostly, and a predictor that is larger than the
 * few blocks of an input need, for which it says the same. */
static void simplify(struct part *part) {
    size_t at = 0;

    if (pick(4))
        part->header.flags &= (uint16_t)~MT_BLOCK_ZSTD;
    if (part->header.kind != MT_BLOCK_EVENTS || !(part->header.flags & MT_BLOCK_PREDICTED))
        return;
    while (at < part->size && part->payload[at++] & 0x80)
        ;
    if (at + 2 < part->size && part->payload[at + 1] > SMALL_MODEL &&
        part->payload[at + 1] <= MT_PREDICTED_SLOTS_MAX)
        part->payload[at + 1] = SMALL_MODEL;
}

static void set_up(struct parts *parts, unsigned seed) {
    random_state = 0x9e3779b97f4a7c15u ^ ((uint64_t)seed << 17 | seed | 1);
    pick(2);
    if (!parts->pool && !(parts->pool = malloc(MAX_POOL)))
        abort();
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    static struct parts parts;
    static uint8_t *copy;
    static size_t capacity;
    bool simple;

    set_up(&parts, seed);
    simple = pick(64) != 0;
    if (size > capacity && !(copy = realloc(copy, capacity = 2 * size)))
        abort();
    if (size)
        memcpy(copy, data, size);
    if (pick(64) == 0 || !parts_take(&parts, copy, size))
        return LLVMFuzzerMutate(data, size, max_size);
    for (unsigned i = 0; simple && i < parts.count; i++)
        simplify(&parts.blocks[i]);
    for (uint32_t i = 1 + pick(3); i > 0; i--)
        change(&parts);
    return parts_join(&parts, data, max_size);
}

/* Blocks of the one and the other, in their order. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t max_size, unsigned seed) {
    static struct parts left, right;

    set_up(&left, seed);
    set_up(&right, seed);
    if (max_size < sizeof(left.head) || !parts_take(&left, data, size) ||
        !parts_take(&right, other, other_size))
        return 0;
    for (unsigned i = 0; i < right.count && left.count < MAX_BLOCKS; i++) {
        if (i < left.count && pick(2))
            left.blocks[i] = right.blocks[i];
        else if (pick(4) == 0)
            left.blocks[left.count++] = right.blocks[i];
    }
    return parts_join(&left, out, max_size);
}
