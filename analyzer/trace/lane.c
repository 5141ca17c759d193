#include "trace/lane.h"

#include "util/alone.h"

#include <stdlib.h>
#include <zstd.h>

/* Streams from which on blocks are packed: models of fewer can be afforded. */
enum { PACKING_STREAMS = 256 };

void decode_tools_begin(struct decode_tools *tools) {
    tools->decompressor = NULL;
    tools->events = malloc(MT_DECODE_CHUNK * sizeof(*tools->events));
}

void decode_tools_end(struct decode_tools *tools) {
    ZSTD_freeDCtx(tools->decompressor);
    free(tools->events);
    *tools = (struct decode_tools){NULL, NULL};
}

void lane_begin(struct lane *lane, const struct reader *reader, uint32_t stream) {
    *lane = (struct lane){.reader = reader,
                          .stream = stream,
                          .packing = reader->stream_count > PACKING_STREAMS,
                          .rest = reader->streams[stream].first_block,
                          .until = reader->streams[stream].first_ticks};
}

bool lane_extend(struct lane *lane) {
    const struct block_ref *blocks = lane->reader->blocks;
    struct segment *segment = alone_calloc(sizeof(*segment));

    if (!segment)
        return false;
    segment->block = lane->rest;
    segment->end = &segment->chunks;
    do
        lane->rest = blocks[lane->rest].next;
    while (lane->rest != MT_NO_BLOCK && !blocks[lane->rest].apart);
    if (lane->first)
        lane->last->next = segment;
    else
        lane->first = segment;
    lane->last = segment;
    if (!lane->front)
        lane->front = segment;
    return true;
}

/* The first chunk of a block that cannot be opened is one without events. */
static bool open_block(struct segment *segment, const struct lane *lane, struct chunk *chunk,
                       struct decode_tools *tools) {
    uint64_t offset = lane->reader->blocks[segment->block].offset;
    struct mt_block_header header = reader_block_header(lane->reader, offset);
    bool good;

    segment->payload.decompressor = tools->decompressor;
    good = reader_payload(lane->reader, offset, &segment->payload, &chunk->error);
    tools->decompressor = segment->payload.decompressor;
    segment->payload.decompressor = NULL;
    good = good &&
           decode_begin(&segment->decoder, segment->payload.bytes, segment->payload.size, &header,
                        lane->stream, segment->last, &segment->predictor, &chunk->error);
    if (!good) {
        chunk->fault = true;
        chunk->lost = header.count;
        return false;
    }
    chunk->early_ticks = decoder_early_ticks(&segment->decoder);
    segment->packed = lane->packing && segment->decoder.predictor &&
                      header.count > chunk->capacity && header.count <= MT_PACK_MOST &&
                      pack_block(&segment->decoder, &segment->payload, &segment->end_of_pack);
    return true;
}

enum segment_state segment_decode(struct segment *segment, const struct lane *lane,
                                  struct chunk *chunk, struct decode_tools *tools) {
    const struct block_ref *blocks = lane->reader->blocks;
    struct decoder *decoder = &segment->decoder;
    struct event *events = tools->events ? tools->events : chunk->events;

    chunk->block = segment->block;
    chunk->count = 0;
    chunk->first = !segment->open;
    chunk->last = chunk->fault = false;
    chunk->early_ticks = 0;
    if (segment->open || open_block(segment, lane, chunk, tools)) {
        uint32_t count = decoder->count;

        segment->open = true;
        decoder->chunk = chunk->capacity;
        chunk->count = (uint32_t)decode_chunk(decoder, events, &chunk->fault, &chunk->error);
        if (events != chunk->events)
            memcpy(chunk->events, events, chunk->count * sizeof(*events));
        chunk->lost = count - decoder->done;
        if (segment->packed && decoder->done == decoder->count && segment->end_of_pack.fault) {
            chunk->fault = true;
            chunk->lost = segment->end_of_pack.lost;
            chunk->error = segment->end_of_pack.error;
        }
        if (chunk->count)
            segment->last = chunk->events[chunk->count - 1].ticks;
    }
    /* That is no fault of the block. */
    if (chunk->fault && !segment->open && error_is_no_memory(&chunk->error))
        return SEGMENT_NO_MEMORY;
    chunk->last = chunk->fault || decoder->done == decoder->count;
    if (!chunk->last)
        return SEGMENT_MORE;
    segment->open = false;
    segment->block = blocks[segment->block].next;
    return segment->block == MT_NO_BLOCK || blocks[segment->block].apart ? SEGMENT_DONE
                                                                         : SEGMENT_MORE;
}

bool segment_needs_no_model(const struct segment *segment, const struct lane *lane) {
    const struct block_ref *blocks = lane->reader->blocks;
    uint32_t next;

    if (!segment->open || !segment->packed)
        return false;
    next = blocks[segment->block].next;
    return next == MT_NO_BLOCK || blocks[next].apart;
}

static uint64_t latest(const struct segment *segment, uint64_t ticks) {
    return segment->until > ticks ? segment->until : ticks;
}

void lane_put(struct lane *lane, struct segment *segment, struct chunk *chunk, bool done) {
    chunk->next = NULL;
    *segment->end = chunk;
    segment->end = &chunk->next;
    segment->events += chunk->count;
    segment->done = done;
    if (chunk->count)
        segment->until = chunk->events[chunk->count - 1].ticks;
    if (segment != lane->front)
        return;
    lane->ready += chunk->count;
    lane->until = latest(segment, lane->until);
    /* What of the segments behind it was decoded before can now be taken after it. */
    while (lane->front && lane->front->done) {
        lane->front = lane->front->next;
        if (lane->front) {
            lane->ready += lane->front->events;
            lane->until = latest(lane->front, lane->until);
        }
    }
}

struct chunk *lane_take(struct lane *lane) {
    struct segment *segment = lane->first;
    struct chunk *chunk = segment ? segment->chunks : NULL;

    if (!chunk)
        return NULL;
    segment->chunks = chunk->next;
    if (!segment->chunks)
        segment->end = &segment->chunks;
    segment->events -= chunk->count;
    segment->reached = true;
    lane->ready -= chunk->count;
    return chunk;
}

struct segment *lane_pop(struct lane *lane) {
    struct segment *segment = lane->first;

    if (!segment || !segment->done || segment->chunks)
        return NULL;
    lane->first = segment->next;
    return segment;
}
