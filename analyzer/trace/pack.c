#include "trace/pack.h"

#include <stdlib.h>

/* The columns at first stand where they have room for any numbers. */
enum { WIDEST = 10, HEAD = 4 * MT_COLUMN_COUNT };

struct packer {
    uint8_t *columns[MT_COLUMN_COUNT];
    uint8_t *at[MT_COLUMN_COUNT];
    uint64_t address, ticks;
    uint64_t first_ticks;
    uint32_t count;
};

static void put(uint8_t **at, uint64_t value) {
    while (value >= 0x80) {
        *(*at)++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *(*at)++ = (uint8_t)value;
}

static uint64_t zigzag(uint64_t step) {
    return step << 1 ^ (0 - (step >> 63));
}

static void pack_event(struct packer *packer, const struct event *event) {
    uint64_t units = event->address >> 4;

    if (packer->count++ == 0)
        packer->first_ticks = packer->ticks = event->ticks;
    *packer->at[MT_COLUMN_OPS]++ = (uint8_t)(event->op | (event->address & 15) << 4);
    put(&packer->at[MT_COLUMN_CONTEXTS], event->context);
    put(&packer->at[MT_COLUMN_ADDRESSES], zigzag(units - packer->address));
    if ((event->op & MT_OP_FREE) == 0)
        put(&packer->at[MT_COLUMN_SIZES], event->size);
    put(&packer->at[MT_COLUMN_TICKS], event->ticks - packer->ticks);
    packer->address = units;
    packer->ticks = event->ticks;
}

/* Moves the columns together; returns the size of the payload. */
static size_t close_up(struct packer *packer, uint8_t *bytes) {
    size_t size = HEAD;

    for (int i = 0; i < MT_COLUMN_COUNT; i++) {
        uint32_t length = (uint32_t)(packer->at[i] - packer->columns[i]);

        memcpy(bytes + 4 * i, &length, sizeof(length));
        memmove(bytes + size, packer->columns[i], length);
        size += length;
    }
    return size;
}

static void pack_all(struct packer *packer, struct decoder *decoder, struct pack_end *end) {
    struct event events[MT_DECODE_CHUNK];
    uint32_t count = decoder->count;
    size_t sound = 1;

    decoder->chunk = MT_DECODE_CHUNK;
    *end = (struct pack_end){0};
    while (sound && !end->fault) {
        sound = decode_chunk(decoder, events, &end->fault, &end->error);
        for (size_t i = 0; i < sound; i++)
            pack_event(packer, &events[i]);
    }
    end->lost = count - packer->count;
}

bool pack_block(struct decoder *decoder, struct payload *payload, struct pack_end *end) {
    size_t room = HEAD + (size_t)decoder->count * WIDEST * MT_COLUMN_COUNT, size;
    uint8_t *bytes = malloc(room), *fitting;
    struct mt_block_header header = {0};
    struct packer packer = {0};
    struct error error;
    uint32_t stream = decoder->stream;

    if (!bytes)
        return false;
    for (int i = 0; i < MT_COLUMN_COUNT; i++)
        packer.columns[i] = packer.at[i] = bytes + HEAD + (size_t)i * decoder->count * WIDEST;
    pack_all(&packer, decoder, end);
    size = close_up(&packer, bytes);
    fitting = realloc(bytes, size + payload->padding);
    bytes = fitting ? fitting : bytes;
    memset(bytes + size, 0, payload->padding);
    free(payload->bytes);
    payload->bytes = bytes;
    payload->size = size;
    payload->capacity = size + payload->padding;
    header.count = packer.count;
    header.first_ticks = packer.first_ticks;
    header.last_ticks = packer.ticks;
    return decode_begin(decoder, bytes, size, &header, stream, 0, NULL, &error);
}
