#include "trace/feed.h"

#include "trace/crew.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Chunks of all streams together have so many events, so that each has fewer where there are
 * thousands of them. */
enum { ALL_EVENTS = 1 << 20, MIN_CHUNK = 64 };

static size_t chunk_bytes(uint32_t events) {
    return sizeof(struct chunk) + events * sizeof(struct event);
}

static struct chunk *new_chunk(uint32_t events) {
    struct chunk *chunk = malloc(chunk_bytes(events));

    if (chunk)
        chunk->capacity = events;
    return chunk;
}

bool feed_begin(struct feed *feed, struct reader *reader, struct error *error) {
    size_t count = reader->stream_count;
    uint32_t share = ALL_EVENTS / ((uint32_t)count + 1);
    bool reserved;

    *feed = (struct feed){.reader = reader};
    feed->chunk_events = share < MIN_CHUNK         ? MIN_CHUNK
                         : share > MT_DECODE_CHUNK ? MT_DECODE_CHUNK
                                                   : share;
    feed->lanes = calloc(count + 1, sizeof(*feed->lanes));
    if (!feed->lanes)
        return error_no_memory(error);
    for (size_t i = 0; i < count; i++) {
        lane_begin(&feed->lanes[i], reader, (uint32_t)i);
        feed->lanes[i].feed = feed;
    }
    feed->crew = crew_join(reader->events);
    if (!feed->crew)
        return true;
    decode_tools_begin(&feed->tools);
    crew_lock(feed->crew);
    reserved = crew_reserve(feed->crew, count);
    for (size_t i = 0; reserved && i < count; i++)
        crew_see(feed->crew, &feed->lanes[i]);
    crew_unlock(feed->crew);
    if (!reserved) {
        crew_leave(feed->crew);
        feed->crew = NULL;
    }
    return true;
}

/* Spares. */

static struct chunk *take_chunk(struct feed *feed) {
    struct chunk *chunk = feed->chunks;

    if (!chunk)
        return new_chunk(feed->chunk_events);
    feed->chunks = chunk->next;
    feed->chunk_count--;
    return chunk;
}

static void keep_chunk(struct feed *feed, struct chunk *chunk) {
    if (chunk->capacity < feed->chunk_events || feed->chunk_count == 4 * MT_FEED_SPARES) {
        free(chunk);
        return;
    }
    chunk->next = feed->chunks;
    feed->chunks = chunk;
    feed->chunk_count++;
}

static void equip(struct feed *feed, struct segment *segment) {
    if (feed->payload_count)
        segment->payload = feed->payloads[--feed->payload_count];
    /* As far as a chunk that is decoded without looking may overrun the payload. */
    segment->payload.padding = 16 + 10 * feed->chunk_events;
    if (feed->reader->blocks[segment->block].predicted && feed->predictor_count)
        segment->predictor = feed->predictors[--feed->predictor_count];
}

static void keep_predictor(struct feed *feed, struct segment *segment) {
    if (segment->predictor && feed->predictor_count < MT_FEED_SPARES) {
        predict_retire(segment->predictor);
        feed->predictors[feed->predictor_count++] = segment->predictor;
    } else {
        predict_free(segment->predictor);
    }
    segment->predictor = NULL;
}

static void dismiss(struct feed *feed, struct segment *segment) {
    crew_release(feed->crew, segment->held);
    if (segment->payload.bytes && feed->payload_count < MT_FEED_SPARES)
        feed->payloads[feed->payload_count++] = segment->payload;
    else
        payload_free(&segment->payload);
    keep_predictor(feed, segment);
    segment->held = 0;
    segment->payload = (struct payload){0};
}

/* A chunk of few events in memory that fits them. */
static struct chunk *fitted(struct chunk *chunk, struct chunk **rest) {
    struct chunk *small = NULL;

    if (chunk->count < chunk->capacity / 4)
        small = new_chunk(chunk->count);
    if (!small)
        return chunk;
    memcpy(small, chunk, chunk_bytes(chunk->count));
    small->capacity = chunk->count;
    *rest = chunk;
    return small;
}

/* Behind the readers of the file, which may be larger than the memory. */
static void drop_pages(struct feed *feed, uint32_t block) {
    struct mt_block_header header =
        reader_block_header(feed->reader, feed->reader->blocks[block].offset);
    uint64_t before =
        atomic_fetch_add_explicit(&feed->read, header.stored_size, memory_order_relaxed);

    if (before + header.stored_size < MT_PAGES_KEPT)
        return;
    atomic_store_explicit(&feed->read, 0, memory_order_relaxed);
    reader_drop_pages(feed->reader);
}

bool feed_decode(struct feed *feed, struct lane *lane, struct segment *segment,
                 struct decode_tools *tools) {
    struct chunk *chunk = take_chunk(feed), *rest = NULL;
    enum segment_state state;

    if (!chunk)
        return false;
    if (!segment->payload.padding)
        equip(feed, segment);
    segment->busy = true;
    feed->busy++;
    crew_see(feed->crew, lane);
    crew_unlock(feed->crew);
    state = segment_decode(segment, lane, chunk, tools);
    if (state != SEGMENT_NO_MEMORY) {
        chunk = fitted(chunk, &rest);
        if (chunk->last)
            drop_pages(feed, chunk->block);
    }
    crew_lock(feed->crew);
    segment->busy = false;
    feed->busy--;
    if (state == SEGMENT_NO_MEMORY) {
        keep_chunk(feed, chunk);
        crew_see(feed->crew, lane);
        return false;
    }
    if (rest)
        keep_chunk(feed, rest);
    crew_hold(feed->crew, chunk_bytes(chunk->capacity));
    lane_put(lane, segment, chunk, state == SEGMENT_DONE);
    if (segment_needs_no_model(segment, lane))
        keep_predictor(feed, segment);
    if (state == SEGMENT_DONE) {
        dismiss(feed, segment);
    } else if (!segment->reached && segment->payload.capacity > segment->held) {
        crew_hold(feed->crew, segment->payload.capacity - segment->held);
        segment->held = segment->payload.capacity;
    }
    crew_see(feed->crew, lane);
    return true;
}

/* Nothing of the lane can be taken. */
static bool decode_now(struct feed *feed, struct lane *lane) {
    if (!lane->front && !lane_extend(lane))
        return false;
    if (!lane->front->busy)
        return feed_decode(feed, lane, lane->front, &feed->tools);
    crew_help(feed->crew, lane, &feed->tools);
    return true;
}

/* What is taken is not ahead of need any more, and neither is the block that it is of. */
static void count_taken(struct feed *feed, struct lane *lane, const struct chunk *chunk) {
    struct segment *segment = lane->first;

    crew_release(feed->crew, chunk_bytes(chunk->capacity) + segment->held);
    segment->held = 0;
    free(lane_pop(lane));
    crew_see(feed->crew, lane);
}

bool feed_next(struct feed *feed, uint32_t stream, struct chunk **chunk, struct error *error) {
    struct lane *lane = &feed->lanes[stream];
    bool good = true;

    crew_lock(feed->crew);
    while (good && !(*chunk = lane_take(lane)) && !lane_is_over(lane)) {
        struct segment *taken = lane_pop(lane);

        free(taken);
        if (!taken && !decode_now(feed, lane))
            good = error_no_memory(error);
    }
    if (*chunk)
        count_taken(feed, lane, *chunk);
    crew_unlock(feed->crew);
    return good;
}

void feed_return(struct feed *feed, struct chunk *chunk) {
    crew_lock(feed->crew);
    keep_chunk(feed, chunk);
    crew_unlock(feed->crew);
}

static void end_lane(struct feed *feed, struct lane *lane) {
    struct segment *segment;

    while ((segment = lane->first)) {
        struct chunk *chunk;

        while ((chunk = segment->chunks)) {
            segment->chunks = chunk->next;
            crew_release(feed->crew, chunk_bytes(chunk->capacity));
            free(chunk);
        }
        dismiss(feed, segment);
        lane->first = segment->next;
        free(segment);
    }
}

static void end_crew(struct feed *feed) {
    crew_lock(feed->crew);
    for (size_t i = 0; i < feed->reader->stream_count; i++)
        crew_forget(feed->crew, &feed->lanes[i]);
    while (feed->busy)
        crew_wait(feed->crew);
    for (size_t i = 0; i < feed->reader->stream_count; i++)
        end_lane(feed, &feed->lanes[i]);
    crew_unlock(feed->crew);
    crew_leave(feed->crew);
    feed->crew = NULL;
}

void feed_end(struct feed *feed) {
    if (feed->lanes && feed->crew)
        end_crew(feed);
    for (size_t i = 0; feed->lanes && i < feed->reader->stream_count; i++)
        end_lane(feed, &feed->lanes[i]);
    free(feed->lanes);
    while (feed->chunks) {
        struct chunk *chunk = feed->chunks;

        feed->chunks = chunk->next;
        free(chunk);
    }
    while (feed->payload_count)
        payload_free(&feed->payloads[--feed->payload_count]);
    while (feed->predictor_count)
        predict_free(feed->predictors[--feed->predictor_count]);
    decode_tools_end(&feed->tools);
    *feed = (struct feed){0};
}
