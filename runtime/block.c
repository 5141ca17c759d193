#define ZSTD_STATIC_LINKING_ONLY
#define XXH_INLINE_ALL
#include "block.h"

#include "os_memory.h"

#include <string.h>
#include <xxhash.h>
#include <zstd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "headers are written as they lie in memory");

static ZSTD_CCtx *compressor;
static int compression_level;
static struct mt_bytes columns[MT_COLUMNS_WEIGHTED];
static struct mt_bytes events_payload;

/* zstd's context lies in memory given to it and never asks for more. The private copy's references
 * to the allocator and to a tracer are linked to these (runtime/CMakeLists.txt). */
void *mt_zstd_malloc(size_t size);
void *mt_zstd_calloc(size_t count, size_t size);
void mt_zstd_free(void *memory);
unsigned long long mt_zstd_trace_begin(const ZSTD_CCtx *context);
void mt_zstd_trace_end(unsigned long long trace, const void *end);

unsigned long long mt_zstd_trace_begin(const ZSTD_CCtx *context) {
    (void)context;
    return 0;
}

void mt_zstd_trace_end(unsigned long long trace, const void *end) {
    (void)trace;
    (void)end;
}

void *mt_zstd_malloc(size_t size) {
    (void)size;
    return NULL;
}

void *mt_zstd_calloc(size_t count, size_t size) {
    (void)count;
    (void)size;
    return NULL;
}

void mt_zstd_free(void *memory) {
    (void)memory;
}

void mt_bytes_add(struct mt_bytes *bytes, const void *data, size_t size) {
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void mt_bytes_add_u64(struct mt_bytes *bytes, uint64_t value) {
    mt_bytes_add(bytes, &value, sizeof value);
}

void mt_bytes_add_string(struct mt_bytes *bytes, const char *string, size_t length) {
    mt_bytes_add_varint(bytes, length);
    mt_bytes_add(bytes, string, length);
}

bool mt_block_start(int level) {
    static const size_t widths[MT_COLUMNS_WEIGHTED] = {
        1, 4, MT_VARINT_MAX, MT_VARINT_MAX, MT_VARINT_MAX, 3};
    size_t workspace = ZSTD_estimateCCtxSize(level);
    size_t total = workspace + MT_BLOCK_EVENTS_MAX;
    uint8_t *memory;

    if (compressor)
        return true;
    for (int c = 0; c < MT_COLUMNS_WEIGHTED; c++)
        total += widths[c] * MT_BUFFER_EVENTS;
    memory = mt_os_memory_map(total);
    if (!memory)
        return false;
    compressor = ZSTD_initStaticCCtx(memory, workspace);
    compression_level = level;
    memory += workspace;
    events_payload.data = memory;
    memory += MT_BLOCK_EVENTS_MAX;
    for (int c = 0; c < MT_COLUMNS_WEIGHTED; c++) {
        columns[c].data = memory;
        memory += widths[c] * MT_BUFFER_EVENTS;
    }
    return compressor != NULL;
}

void mt_block_put(struct mt_bytes *out, struct mt_block_header header,
                  const struct mt_bytes *payload) {
    uint8_t *start = out->data + out->size;
    uint8_t *stored = start + sizeof header;
    /* Stored as it is unless compression makes it smaller. */
    size_t size = payload->size ? ZSTD_compressCCtx(compressor, stored, payload->size - 1,
                                                    payload->data, payload->size, compression_level)
                                : (size_t)-1;
    XXH3_state_t state;

    header.magic = MT_BLOCK_MAGIC;
    header.flags |= MT_BLOCK_ZSTD;
    if (ZSTD_isError(size)) {
        size = payload->size;
        memcpy(stored, payload->data, size);
        header.flags &= (uint16_t)~MT_BLOCK_ZSTD;
    }
    header.raw_size = (uint32_t)payload->size;
    header.stored_size = (uint32_t)size;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, &header, offsetof(struct mt_block_header, checksum));
    XXH3_64bits_update(&state, stored, size);
    header.checksum = XXH3_64bits_digest(&state);
    memcpy(start, &header, sizeof header);
    out->size += sizeof header + size;
}

uint64_t mt_block_checksum(const void *data, size_t size) {
    return XXH3_64bits(data, size);
}

static inline uint64_t zigzag(int64_t value) {
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* Past what has already been written; returns how many events that is. */
static uint32_t skip_written(const struct mt_buffer *buffer, const uint64_t **words,
                             uint64_t *ticks) {
    uint32_t count = 0;

    for (; *words < buffer->words + buffer->written; count++)
        mt_block_next_record(words, ticks);
    return count;
}

uint32_t mt_block_count_events(const struct mt_buffer *buffer, const uint64_t *end) {
    const uint64_t *words = buffer->words + buffer->written;
    uint64_t ticks = 0;
    uint32_t count = 0;

    for (; words < end; count++)
        mt_block_next_record(&words, &ticks);
    return count;
}

uint32_t mt_block_put_events(struct mt_bytes *out, const struct mt_buffer *buffer,
                             const uint64_t *end) {
    struct mt_block_header header = {
        .kind = MT_BLOCK_EVENTS, .thread = buffer->thread_id, .first_event = buffer->first_event};
    const uint64_t *words = buffer->words;
    uint64_t ticks = buffer->first_ticks, last = 0, granule = 0;
    int count = MT_COLUMN_COUNT;

    header.first_event += skip_written(buffer, &words, &ticks);
    for (int c = 0; c < MT_COLUMNS_WEIGHTED; c++)
        columns[c].size = 0;
    while (words < end) {
        struct mt_record record = mt_block_next_record(&words, &ticks);

        if (header.count++ == 0)
            header.first_ticks = last = ticks;
        mt_bytes_add_u8(&columns[MT_COLUMN_OPS], (uint8_t)(record.op | (record.address & 15) << 4));
        mt_bytes_add_varint(&columns[MT_COLUMN_CONTEXTS], record.context.value);
        mt_bytes_add_varint(&columns[MT_COLUMN_ADDRESSES],
                            zigzag((int64_t)((record.address >> 4) - granule)));
        granule = record.address >> 4;
        if (!(record.op & MT_OP_FREE)) {
            mt_bytes_add_varint(&columns[MT_COLUMN_SIZES], record.size);
            mt_bytes_add_varint(&columns[MT_COLUMN_PROBABILITIES], record.probability);
            if (record.probability)
                count = MT_COLUMNS_WEIGHTED;
        }
        mt_bytes_add_varint(&columns[MT_COLUMN_TICKS], ticks - last);
        last = ticks;
    }
    header.last_ticks = last;
    if (count == MT_COLUMNS_WEIGHTED)
        header.flags = MT_BLOCK_WEIGHTED;
    events_payload.size = 0;
    for (int c = 0; c < count; c++) {
        uint32_t size = (uint32_t)columns[c].size;

        mt_bytes_add(&events_payload, &size, sizeof size);
    }
    for (int c = 0; c < count; c++)
        mt_bytes_add(&events_payload, columns[c].data, columns[c].size);
    mt_block_put(out, header, &events_payload);
    return header.count;
}
