/* EVENTS payloads to events, a chunk at a time, so that a block of a million events costs the
 * memory of a thousand. */
#ifndef MT_TRACE_DECODE_H
#define MT_TRACE_DECODE_H

#include "memtrack/trace_format.h"
#include "trace/bytes.h"
#include "trace/predict.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MT_DECODE_CHUNK = 1024 };

struct event {
    uint64_t address; /* not 0 */
    uint64_t ticks;
    uint64_t size : 48;        /* 0 for a deallocation */
    uint64_t probability : 16; /* of an allocation, that it is recorded: of 65536; 0: certain */
    uint32_t context;          /* id as in the trace; 0 unknown */
    uint32_t op : 8;           /* enum mt_event_op */
    uint32_t stream : 24;      /* index of the thread's stream in the reader */
};

_Static_assert(sizeof(struct event) == 32, "events are copied by the million");

/* Of a custom allocator: none of the heap's events. */
static inline bool event_is_of_pool(const struct event *event) {
    return event->op >= MT_OP_POOL_ALLOC;
}

/* Of the heap's events, or of a pool's. */
static inline bool event_is_allocation(const struct event *event) {
    return (event->op & MT_OP_FREE) == 0;
}

struct decoder {
    const uint8_t *payload;
    struct predictor *predictor; /* of predicted columns, else NULL */
    struct cursor columns[MT_PREDICTED_COUNT];
    uint64_t address; /* of the event before, less its low four bits, shifted down */
    uint64_t ticks;
    uint64_t last_ticks; /* as the block header says */
    uint64_t floor;      /* no event is given an earlier time */
    uint32_t done;
    uint32_t count;
    uint32_t stream;
    uint32_t chunk; /* events at a time: MT_DECODE_CHUNK, or less if it is set so after the start */
    unsigned shift; /* predicted: a unit of time is 2^shift ticks */
    bool weighted;
};

/* By how much an event may be later than the time it is given. */
static inline uint64_t decoder_early_ticks(const struct decoder *decoder) {
    return (UINT64_C(1) << decoder->shift) - 1;
}

/* Checks the shape of the payload, which is followed by MT_PAYLOAD_PADDING readable bytes and
 * outlives the decoder. The predictor is the thread's, NULL before its first block: one is made
 * when it is needed, and is the caller's to free. */
bool decode_begin(struct decoder *decoder, const uint8_t *payload, size_t size,
                  const struct mt_block_header *header, uint32_t stream, uint64_t floor,
                  struct predictor **predictor, struct error *error);

/* Writes the next events, at most `chunk` of the decoder, and returns how many. After the last one
 * of the block it returns 0. A malformed payload yields the events before the fault; then `fault`
 * is set and its text names the place in the payload and the rule. */
size_t decode_chunk(struct decoder *decoder, struct event *out, bool *fault, struct error *error);

#endif
