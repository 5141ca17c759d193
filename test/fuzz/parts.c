#define XXH_INLINE_ALL
#include "parts.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

uint8_t *parts_memory(struct parts *parts, size_t size) {
    uint8_t *taken = parts->pool + parts->pool_used;

    if (MAX_POOL - parts->pool_used < size)
        return NULL;
    parts->pool_used += size;
    return taken;
}

static size_t decompress(struct part *part, const uint8_t *data, size_t stored) {
    static ZSTD_DCtx *context;

    if (!context && !(context = ZSTD_createDCtx()))
        abort();
    return ZSTD_decompressDCtx(context, part->payload, part->header.raw_size, data, stored);
}

static size_t compress(uint8_t *out, size_t room, const struct part *part) {
    static ZSTD_CCtx *context;

    if (!context && !(context = ZSTD_createCCtx()))
        abort();
    return ZSTD_compressCCtx(context, out, room, part->payload, part->size, 1);
}

static bool take_block(struct parts *parts, const uint8_t *data, size_t size) {
    struct part *part = &parts->blocks[parts->count];
    size_t stored;

    if (parts->count == MAX_BLOCKS || size < sizeof(part->header))
        return false;
    memcpy(&part->header, data, sizeof(part->header));
    stored = part->header.stored_size;
    if (part->header.magic != MT_BLOCK_MAGIC || stored > size - sizeof(part->header) ||
        part->header.raw_size > MAX_PAYLOAD)
        return false;
    data += sizeof(part->header);
    part->broken = false;
    part->size = (uint32_t)stored;
    if (part->header.flags & MT_BLOCK_ZSTD) {
        part->payload = parts_memory(parts, part->header.raw_size);
        if (!part->payload)
            return false;
        part->size = (uint32_t)decompress(part, data, stored);
        if (part->size == part->header.raw_size) {
            parts->count++;
            return true;
        }
        part->header.flags &= (uint16_t)~MT_BLOCK_ZSTD;
        part->size = (uint32_t)stored;
    }
    part->payload = parts_memory(parts, stored);
    if (!part->payload)
        return false;
    memcpy(part->payload, data, stored);
    parts->count++;
    return true;
}

bool parts_take(struct parts *parts, const uint8_t *data, size_t size) {
    static const size_t least = sizeof(struct fuzz_head) + sizeof(struct mt_file_header);
    size_t trace_size;

    if (size < least)
        return false;
    memcpy(&parts->head, data, sizeof(parts->head));
    memcpy(&parts->file, data + sizeof(parts->head), sizeof(parts->file));
    data += least;
    size -= least;
    trace_size = parts->head.trace_size < sizeof(parts->file)
                     ? 0
                     : parts->head.trace_size - sizeof(parts->file);
    trace_size = trace_size < size ? trace_size : size;
    parts->live = data + trace_size;
    parts->live_size = size - trace_size;
    parts->count = 0;
    parts->pool_used = 0;
    while (take_block(parts, data, trace_size)) {
        size_t taken =
            sizeof(struct mt_block_header) + parts->blocks[parts->count - 1].header.stored_size;

        data += taken;
        trace_size -= taken;
    }
    parts->rest = data;
    parts->rest_size = trace_size;
    return true;
}

static bool add(uint8_t *out, size_t *at, size_t max_size, const void *bytes, size_t size) {
    if (max_size - *at < size)
        return false;
    if (size)
        memcpy(out + *at, bytes, size);
    *at += size;
    return true;
}

static bool add_block(uint8_t *out, size_t *at, size_t max_size, struct part *part) {
    struct mt_block_header *header = &part->header;
    size_t begin = *at;
    XXH3_state_t state;

    if (part->broken)
        return add(out, at, max_size, header, sizeof(*header)) &&
               add(out, at, max_size, part->payload, part->size);
    header->raw_size = part->size;
    *at += sizeof(*header);
    if (*at > max_size)
        return false;
    if (header->flags & MT_BLOCK_ZSTD) {
        size_t stored = compress(out + *at, max_size - *at, part);

        if (ZSTD_isError(stored))
            return false;
        header->stored_size = (uint32_t)stored;
        *at += stored;
    } else {
        header->stored_size = part->size;
        if (!add(out, at, max_size, part->payload, part->size))
            return false;
    }
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, header, offsetof(struct mt_block_header, checksum));
    XXH3_64bits_update(&state, out + begin + sizeof(*header), header->stored_size);
    header->checksum = XXH3_64bits_digest(&state);
    memcpy(out + begin, header, sizeof(*header));
    return true;
}

size_t parts_join(struct parts *parts, uint8_t *out, size_t max_size) {
    size_t at = sizeof(parts->head), end;

    parts->file.checksum = XXH3_64bits(&parts->file, offsetof(struct mt_file_header, checksum));
    add(out, &at, max_size, &parts->file, sizeof(parts->file));
    end = at;
    for (unsigned i = 0; i < parts->count && add_block(out, &at, max_size, &parts->blocks[i]); i++)
        end = at;
    at = end;
    add(out, &at, max_size, parts->rest, parts->rest_size);
    parts->head.trace_size = (uint32_t)(at - sizeof(parts->head));
    memcpy(out, &parts->head, sizeof(parts->head));
    add(out, &at, max_size, parts->live, parts->live_size);
    return at;
}

uint64_t varint_take(const uint8_t *bytes, size_t size, size_t *at) {
    uint64_t value = 0;

    for (unsigned shift = 0; *at < size && shift < 64; shift += 7) {
        uint8_t byte = bytes[(*at)++];

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return value;
}

size_t varint_put(uint8_t *bytes, uint64_t value) {
    size_t size = 0;

    while (value >= 0x80) {
        bytes[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[size++] = (uint8_t)value;
    return size;
}

bool columns_find(const struct part *part, struct columns *columns) {
    bool predicted = part->header.flags & MT_BLOCK_PREDICTED;
    size_t at = 0;
    unsigned i = 0;

    columns->count = predicted                                ? MT_PREDICTED_COUNT
                     : part->header.flags & MT_BLOCK_WEIGHTED ? MT_COLUMNS_WEIGHTED
                                                              : MT_COLUMN_COUNT;
    columns->head = 0;
    if (predicted) {
        varint_take(part->payload, part->size, &at);
        at += 3;
        columns->head = at;
        columns->sizes[i++] = part->header.count;
    }
    for (; i < columns->count; i++) {
        if (part->size < at + 4)
            return false;
        if (predicted) {
            columns->sizes[i] = (uint32_t)varint_take(part->payload, part->size, &at);
        } else {
            memcpy(&columns->sizes[i], part->payload + at, 4);
            at += 4;
        }
    }
    for (i = 0; i < columns->count; i++) {
        if (part->size < at || columns->sizes[i] > part->size - at)
            return false;
        columns->begins[i] = part->payload + at;
        at += columns->sizes[i];
    }
    return true;
}

void columns_join(struct part *part, const struct columns *columns, uint8_t *out) {
    bool predicted = part->header.flags & MT_BLOCK_PREDICTED;
    size_t at = columns->head;
    unsigned ticks = predicted ? MT_PREDICTED_TICKS : MT_COLUMN_TICKS;
    unsigned shift = predicted ? part->payload[at - 3] & 31 : 0;
    uint64_t sum = 0;

    memcpy(out, part->payload, at);
    for (unsigned i = predicted; i < columns->count; i++) {
        if (predicted) {
            at += varint_put(out + at, columns->sizes[i]);
        } else {
            memcpy(out + at, &columns->sizes[i], 4);
            at += 4;
        }
    }
    for (unsigned i = 0; i < columns->count; i++) {
        memcpy(out + at, columns->begins[i], columns->sizes[i]);
        at += columns->sizes[i];
    }
    for (size_t k = 0; k < columns->sizes[ticks];)
        sum += varint_take(columns->begins[ticks], columns->sizes[ticks], &k);
    part->header.count = columns->sizes[0];
    part->header.last_ticks = part->header.first_ticks + (sum << shift);
    part->payload = out;
    part->size = (uint32_t)at;
}
