/* Blocks being made of what a live file holds; used by live.c and live_profile.c only. */
#ifndef MT_TRACE_LIVE_OUTPUT_H
#define MT_TRACE_LIVE_OUTPUT_H

#include "memtrack/trace_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct output {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

static inline bool output_reserve(struct output *out, size_t size) {
    if (out->capacity - out->size < size) {
        size_t capacity =
            out->capacity * 2 > out->size + size ? out->capacity * 2 : out->size + size;
        uint8_t *grown = realloc(out->bytes, capacity);

        if (!grown)
            return false;
        out->bytes = grown;
        out->capacity = capacity;
    }
    return true;
}

static inline void output_put(struct output *out, const void *data, size_t size) {
    memcpy(out->bytes + out->size, data, size);
    out->size += size;
}

static inline void output_varint(struct output *out, uint64_t value) {
    while (value >= 0x80) {
        out->bytes[out->size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out->bytes[out->size++] = (uint8_t)value;
}

/* Fills in the header of the block whose payload runs from there to the end. */
static inline void output_finish_block(struct output *out, size_t start,
                                       struct mt_block_header header) {
    header.magic = MT_BLOCK_MAGIC;
    header.stored_size = header.raw_size = (uint32_t)(out->size - start - sizeof(header));
    memcpy(out->bytes + start, &header, sizeof(header));
}

#endif
