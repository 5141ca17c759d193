/* One block of the trace: its payload built in scratch memory, compressed, framed. An encoder is
 * used by one thread at a time; which one, the holder of the writer's lock says. */
#ifndef MT_BLOCK_H
#define MT_BLOCK_H

#include "memtrack/trace_format.h"
#include "record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a block needs at the most beyond its payload's size. */
#define MT_BLOCK_OVERHEAD (sizeof(struct mt_block_header) + 64)

/* Bytes being appended. Whoever fills it makes sure of the room beforehand. */
struct mt_bytes {
    uint8_t *data;
    size_t size;
};

static inline void mt_bytes_add_u8(struct mt_bytes *bytes, uint8_t value) {
    bytes->data[bytes->size++] = value;
}

void mt_bytes_add(struct mt_bytes *bytes, const void *data, size_t size);
void mt_bytes_add_u64(struct mt_bytes *bytes, uint64_t value);
void mt_bytes_add_string(struct mt_bytes *bytes, const char *string, size_t length);

#define MT_VARINT_MAX 10

static inline void mt_bytes_add_varint(struct mt_bytes *bytes, uint64_t value) {
    while (value >= 0x80) {
        bytes->data[bytes->size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes->data[bytes->size++] = (uint8_t)value;
}

static inline uint64_t mt_zigzag(int64_t value) {
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* Maps the first encoder's memory; false if there is none. `level`: zstd's, 1 to 19. */
bool mt_block_start(int level);

/* An encoder, by its number: the first one is there, others are made when they are asked for. NULL
 * if there is no memory. Only the holder of the writer's lock asks. */
#define MT_BLOCK_ENCODERS 4u
struct mt_encoder;
struct mt_encoder *mt_block_encoder(unsigned number);

/* Frames `payload` as a block and appends it to `out`, which has room for
 * payload->size + MT_BLOCK_OVERHEAD. Fills in the header's sizes and checksum. By the first
 * encoder.
 */
void mt_block_put(struct mt_bytes *out, struct mt_block_header header,
                  const struct mt_bytes *payload);

uint64_t mt_block_checksum(const void *data, size_t size);

/* Events in a buffer's records up to `end`, but for those that have been written. */
uint32_t mt_block_count_events(const struct mt_buffer *buffer, const uint64_t *end);

/* The same for the records of up to MT_BLOCK_BUFFERS buffers of one thread that follow each other,
 * up to `end` in the last one; nothing if there are none. Larger blocks compress better. Returns
 * how many events that are. The room it needs is MT_BLOCK_EVENTS_MAX. A thread's buffers come in
 * their order, and one after the other. */
#define MT_BLOCK_BUFFERS 8u
uint32_t mt_block_put_events(struct mt_encoder *encoder, struct mt_bytes *out,
                             struct mt_buffer *const *buffers, unsigned count, const uint64_t *end);

/* Of either kind of columns: an operation or tag, a context or symbol, an address, a size and
 * ticks. */
#define MT_BLOCK_EVENT_MAX (1 + 5 + (MT_VARINT_MAX + 1) + MT_VARINT_MAX * 2)
#define MT_BLOCK_ROOM(buffers)                                                                     \
    ((size_t)(buffers) *                                                                           \
     (MT_BLOCK_OVERHEAD + MT_PREDICTED_COUNT * 5 + 8 + MT_BUFFER_EVENTS * MT_BLOCK_EVENT_MAX))
#define MT_BLOCK_EVENTS_MAX MT_BLOCK_ROOM(MT_BLOCK_BUFFERS)

/* Decodes one record. Advances *words past it and *ticks to its time. */
struct mt_record {
    unsigned op;
    uint64_t address;
    uint64_t size;
    struct mt_context_id context;
    unsigned probability; /* of sampling, see MT_COLUMN_PROBABILITIES */
};
static inline struct mt_record mt_block_next_record(const uint64_t **words, uint64_t *ticks) {
    const uint64_t *w = *words;
    struct mt_record record;

    if (MT_UNLIKELY(mt_record_is_extended(w))) {
        *ticks = w[1];
        *words = w + MT_RECORD_EXTENDED_WORDS;
        return (struct mt_record){
            (unsigned)w[4], w[2], w[3], {(uint32_t)w[5]}, (uint16_t)(w[4] >> 32)};
    }
    record.op = mt_record_op(w);
    record.address = w[0] & ((UINT64_C(1) << MT_RECORD_ADDRESS_BITS) - 1);
    record.size = w[0] >> 51 << 12 | w[1] >> 52;
    record.probability = 0;
    record.context.value = w[1] >> MT_RECORD_TICK_BITS & ((1u << MT_CONTEXT_ID_BITS) - 1);
    *ticks += w[1] & ((1u << MT_RECORD_TICK_BITS) - 1);
    *words = w + MT_RECORD_WORDS;
    return record;
}

#endif
