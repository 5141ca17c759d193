#define ZSTD_STATIC_LINKING_ONLY
#define ZSTD_DISABLE_DEPRECATE_WARNINGS
#define XXH_INLINE_ALL
#include "block.h"

#include "clock.h"
#include "options.h"
#include "os_memory.h"
#include "predict.h"
#include "stamp.h"

#include <string.h>
#include <xxhash.h>
#include <zstd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "headers are written as they lie in memory");

/* A counter that is faster than 2 GHz gets finer times for it. */
enum { TICK_SHIFT_MAX = 11 };

/* From one event to the next, for a process that is slow. */
#define SLOW_NS 4000
enum { LEVEL_MAX = 19 };

/* No column takes more an event, of either kind. */
#define COLUMN_BYTES ((size_t)MT_BLOCK_BUFFERS * MT_BUFFER_EVENTS * MT_PREDICT_ADDRESS_MAX)

struct mt_encoder {
    ZSTD_CCtx *compressor; /* NULL: has no memory yet */
    struct mt_bytes columns[MT_PREDICTED_COUNT];
    struct mt_bytes payload;
};

static struct mt_encoder encoders[MT_BLOCK_ENCODERS];
static int compression_level;
static uint64_t start_ticks, start_ns;

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

static bool provide(struct mt_encoder *encoder) {
    size_t workspace = ZSTD_estimateCCtxSize(
        compression_level + 3 < LEVEL_MAX ? compression_level + 3 : LEVEL_MAX);
    uint8_t *memory =
        mt_os_memory_map(workspace + MT_BLOCK_EVENTS_MAX + MT_PREDICTED_COUNT * COLUMN_BYTES);

    if (!memory)
        return false;
    encoder->compressor = ZSTD_initStaticCCtx(memory, workspace);
    memory += workspace;
    encoder->payload.data = memory;
    memory += MT_BLOCK_EVENTS_MAX;
    for (int c = 0; c < MT_PREDICTED_COUNT; c++) {
        encoder->columns[c].data = memory;
        memory += COLUMN_BYTES;
    }
    return encoder->compressor != NULL;
}

struct mt_encoder *mt_block_encoder(unsigned number) {
    struct mt_encoder *encoder = &encoders[number];

    return encoder->compressor || provide(encoder) ? encoder : NULL;
}

bool mt_block_start(int level) {
    mt_predict_forget_all();
    start_ticks = mt_clock_ticks();
    start_ns = mt_clock_nanoseconds(CLOCK_MONOTONIC);
    compression_level = level;
    return mt_block_encoder(0) != NULL;
}

/* Parts of a payload that are unlike: where each ends. zstd gives each codes of its own. */
struct parts {
    unsigned count;
    size_t ends[3];
};

/* The size, or an error if it would not be smaller than the payload. */
static size_t compress(ZSTD_CCtx *compressor, int level, uint8_t *stored,
                       const struct mt_bytes *payload, const struct parts *parts) {
    ZSTD_parameters parameters = ZSTD_getParams(level, payload->size, 0);
    size_t room = payload->size - 1, used = 0, from = 0, size;

    parameters.fParams =
        (ZSTD_frameParameters){.contentSizeFlag = 1, .checksumFlag = 0, .noDictIDFlag = 1};
    size = ZSTD_compressBegin_advanced(compressor, NULL, 0, parameters, payload->size);
    for (unsigned i = 0; i < parts->count && !ZSTD_isError(size); i++) {
        const uint8_t *data = payload->data + from;
        size_t length = parts->ends[i] - from;

        size = i + 1 < parts->count
                   ? ZSTD_compressContinue(compressor, stored + used, room - used, data, length)
                   : ZSTD_compressEnd(compressor, stored + used, room - used, data, length);
        used += ZSTD_isError(size) ? 0 : size;
        from += length;
    }
    return ZSTD_isError(size) ? size : used;
}

static void put(ZSTD_CCtx *compressor, int level, struct mt_bytes *out,
                struct mt_block_header header, const struct mt_bytes *payload,
                const struct parts *parts) {
    uint8_t *start = out->data + out->size;
    uint8_t *stored = start + sizeof header;
    /* Stored as it is unless compression makes it smaller. */
    size_t size = payload->size ? compress(compressor, level, stored, payload, parts) : (size_t)-1;
    XXH3_state_t state;

    header.magic = MT_BLOCK_MAGIC;
    if (ZSTD_isError(size)) {
        size = payload->size;
        memcpy(stored, payload->data, size);
    } else {
        header.flags |= MT_BLOCK_ZSTD;
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

void mt_block_put(struct mt_bytes *out, struct mt_block_header header,
                  const struct mt_bytes *payload) {
    const struct parts whole = {1, {payload->size}};

    put(encoders[0].compressor, compression_level, out, header, payload, &whole);
}

uint64_t mt_block_checksum(const void *data, size_t size) {
    return XXH3_64bits(data, size);
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

static void join(struct mt_encoder *encoder, unsigned from, unsigned to) {
    for (unsigned c = from; c < to; c++)
        mt_bytes_add(&encoder->payload, encoder->columns[c].data, encoder->columns[c].size);
}

/* What becomes a block: records of buffers of one thread that follow each other. */
struct run {
    struct mt_buffer *const *buffers;
    unsigned count;
    const uint64_t *end; /* in the last one */
};

/* The records of one buffer of the run, but for those that have been written; *ticks is the time of
 * what stands before them. Returns how many have been. */
static uint32_t records_of(const struct run *run, unsigned number, const uint64_t **words,
                           const uint64_t **end, uint64_t *ticks) {
    const struct mt_buffer *buffer = run->buffers[number];

    *words = buffer->words;
    *end = number + 1 < run->count ? buffer->words + buffer->used : run->end;
    *ticks = buffer->first_ticks;
    return skip_written(buffer, words, ticks);
}

/* A process whose only thread makes few events has time to spare for each: three levels more take
 * less than one per cent of it. */
static int level_for(const struct mt_block_header *header) {
    double ticks = (double)(mt_clock_ticks() - start_ticks);
    double ns = (double)(mt_clock_nanoseconds(CLOCK_MONOTONIC) - start_ns);
    double event_ticks = (double)(header->last_ticks - header->first_ticks) / header->count;
    bool slow = !atomic_load_explicit(&mt_stamp_several, memory_order_relaxed) &&
                event_ticks * ns > SLOW_NS * ticks;

    return slow && compression_level + 3 <= LEVEL_MAX ? compression_level + 3 : compression_level;
}

static uint64_t first_time(const uint64_t *words, uint64_t ticks) {
    mt_block_next_record(&words, &ticks);
    return ticks;
}

/* In columns that need no block before them. */
static void put_plain(struct mt_encoder *encoder, struct mt_bytes *out,
                      struct mt_block_header *header, const struct run *run) {
    struct mt_bytes *columns = encoder->columns, *payload = &encoder->payload;
    uint64_t last = header->first_ticks, granule = 0, ticks;
    const uint64_t *words, *end;
    int columns_used = MT_COLUMN_COUNT;

    for (unsigned i = 0; i < run->count; i++) {
        records_of(run, i, &words, &end, &ticks);
        while (words < end) {
            struct mt_record record = mt_block_next_record(&words, &ticks);

            header->count++;
            mt_bytes_add_u8(&columns[MT_COLUMN_OPS],
                            (uint8_t)(record.op | (record.address & 15) << 4));
            mt_bytes_add_varint(&columns[MT_COLUMN_CONTEXTS], record.context.value);
            mt_bytes_add_varint(&columns[MT_COLUMN_ADDRESSES],
                                mt_zigzag((int64_t)((record.address >> 4) - granule)));
            granule = record.address >> 4;
            if (!(record.op & MT_OP_FREE)) {
                mt_bytes_add_varint(&columns[MT_COLUMN_SIZES], record.size);
                mt_bytes_add_varint(&columns[MT_COLUMN_PROBABILITIES], record.probability);
                if (record.probability)
                    columns_used = MT_COLUMNS_WEIGHTED;
            }
            mt_bytes_add_varint(&columns[MT_COLUMN_TICKS], ticks - last);
            last = ticks;
        }
    }
    header->last_ticks = last;
    if (columns_used == MT_COLUMNS_WEIGHTED)
        header->flags = MT_BLOCK_WEIGHTED;
    for (int c = 0; c < columns_used; c++) {
        uint32_t size = (uint32_t)columns[c].size;

        mt_bytes_add(payload, &size, sizeof size);
    }
    join(encoder, 0, (unsigned)columns_used);
    put(encoder->compressor, level_for(header), out, *header, payload,
        &(struct parts){1, {payload->size}});
}

/* The largest power of two of ticks that is no more than that many nanoseconds. */
static unsigned tick_shift(uint64_t limit) {
    uint64_t ticks = mt_clock_ticks() - start_ticks;
    uint64_t ns = mt_clock_nanoseconds(CLOCK_MONOTONIC) - start_ns;
    unsigned shift = 0;

    while (shift < TICK_SHIFT_MAX && ns << (shift + 1) <= limit * ticks)
        shift++;
    return shift;
}

/* With one thread times only tell how long things took. With several, an address that passes from
 * one to another and on to a third has to do so at different times; neither step takes less than a
 * cache line's way, 40 ns or more. */
static unsigned time_shift(void) {
    static _Atomic unsigned shifts[2]; /* what all encoders find; 0: not found yet */
    bool several = atomic_load_explicit(&mt_stamp_several, memory_order_relaxed);
    unsigned shift = atomic_load_explicit(&shifts[several], memory_order_relaxed);

    if (!shift) {
        shift = tick_shift(several ? 64 : 1000);
        atomic_store_explicit(&shifts[several], shift, memory_order_relaxed);
    }
    return shift;
}

static void put_predicted(struct mt_encoder *encoder, struct mt_bytes *out,
                          struct mt_block_header *header, struct mt_predictor *predictor,
                          uint32_t sequence, const struct run *run) {
    struct mt_bytes *columns = encoder->columns, *payload = &encoder->payload;
    unsigned shift = time_shift();
    uint64_t unit = header->first_ticks >> shift, ticks;
    struct parts parts = {.count = 3};
    const uint64_t *words, *end;

    header->first_ticks = unit << shift;
    for (unsigned i = 0; i < run->count; i++) {
        records_of(run, i, &words, &end, &ticks);
        header->count += mt_predict_events(predictor, words, end, shift, &ticks, &unit, columns);
    }
    header->last_ticks = unit << shift;
    header->flags = MT_BLOCK_PREDICTED | (sequence ? 0 : MT_BLOCK_KEY);
    mt_bytes_add_varint(payload, sequence);
    mt_bytes_add_u8(payload, (uint8_t)shift);
    mt_bytes_add_u8(payload, (uint8_t)mt_predict_slots(predictor));
    mt_bytes_add_u8(payload, (uint8_t)mt_predict_tables(predictor));
    for (int c = MT_PREDICTED_TAGS + 1; c < MT_PREDICTED_COUNT; c++)
        mt_bytes_add_varint(payload, columns[c].size);
    join(encoder, MT_PREDICTED_TAGS, MT_PREDICTED_TAGS + 1);
    parts.ends[0] = payload->size;
    join(encoder, MT_PREDICTED_TAGS + 1, MT_PREDICTED_TICKS);
    parts.ends[1] = payload->size;
    join(encoder, MT_PREDICTED_TICKS, MT_PREDICTED_COUNT);
    parts.ends[2] = payload->size;
    put(encoder->compressor, level_for(header), out, *header, payload, &parts);
}

uint32_t mt_block_put_events(struct mt_encoder *encoder, struct mt_bytes *out,
                             struct mt_buffer *const *buffers, unsigned count,
                             const uint64_t *end) {
    struct run run = {buffers, count, end};
    struct mt_block_header header = {.kind = MT_BLOCK_EVENTS, .thread = buffers[0]->thread_id};
    struct mt_predictor *predictor = NULL;
    const uint64_t *words, *stop;
    uint32_t sequence, written;
    uint64_t ticks;

    /* A thread may end with an empty buffer, and all of the first may be in a snapshot. */
    while ((written = records_of(&run, 0, &words, &stop, &ticks)), words == stop && run.count > 1) {
        run.buffers++;
        run.count--;
    }
    if (words < stop) {
        header.first_event = run.buffers[0]->first_event + written;
        header.first_ticks = first_time(words, ticks);
        for (int c = 0; c < MT_PREDICTED_COUNT; c++)
            encoder->columns[c].size = 0;
        encoder->payload.size = 0;
        /* Samples have probabilities, and are few. */
        if (mt_options.sample == MT_SAMPLE_ALL)
            predictor = mt_predict_begin(header.thread, header.first_event, &sequence);
        if (predictor)
            put_predicted(encoder, out, &header, predictor, sequence, &run);
        else
            put_plain(encoder, out, &header, &run);
    }
    if (buffers[count - 1]->last)
        mt_predict_forget(header.thread);
    return header.count;
}
