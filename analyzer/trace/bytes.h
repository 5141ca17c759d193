/* Reading numbers and strings from a payload without ever leaving it. */
#ifndef MT_TRACE_BYTES_H
#define MT_TRACE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static inline size_t cursor_left(const struct cursor *cursor) {
    return (size_t)(cursor->end - cursor->at);
}

static inline bool cursor_fixed(struct cursor *cursor, void *out, size_t size) {
    if (cursor_left(cursor) < size)
        return false;
    memcpy(out, cursor->at, size);
    cursor->at += size;
    return true;
}

/* False if the number runs past the end or does not fit 64 bits; the cursor then stays. */
static inline bool cursor_varint(struct cursor *cursor, uint64_t *out) {
    const uint8_t *at = cursor->at;
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 70 && at < cursor->end; shift += 7) {
        uint64_t byte = *at++;

        if (shift == 63 && byte > 1)
            return false;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            cursor->at = at;
            return true;
        }
    }
    return false;
}

static inline bool cursor_varint32(struct cursor *cursor, uint32_t *out) {
    struct cursor before = *cursor;
    uint64_t value;

    if (!cursor_varint(cursor, &value) || value > UINT32_MAX) {
        *cursor = before;
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static inline bool cursor_string(struct cursor *cursor, uint64_t limit, struct cursor *out) {
    struct cursor before = *cursor;
    uint64_t size;

    if (!cursor_varint(cursor, &size) || size > limit || size > cursor_left(cursor)) {
        *cursor = before;
        return false;
    }
    out->at = cursor->at;
    out->end = cursor->at + size;
    cursor->at += size;
    return true;
}

#endif
