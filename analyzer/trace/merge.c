#include "trace/merge.h"

#include <stdlib.h>

enum {
    BATCH = 1024,
    DIRECT_RUN = 64, /* a run this long is handed out where it was decoded */
};

/* The reader accepts no events at this time. */
#define DONE UINT64_MAX

struct merge_source {
    struct event *events; /* the chunk, NULL while no block is open */
    uint32_t next;
    uint32_t end;
    uint32_t block; /* to open next, or MT_NO_BLOCK */
    uint32_t open_block;
    bool fault; /* the open block has no more events to give than the chunk */
    struct decoder decoder;
    struct predictor *predictor;
    struct payload payload;
    uint64_t last; /* time of the last event decoded */
    struct error error;
};

static bool before(const struct merge *merge, uint32_t a, uint32_t b) {
    return merge->heads[a] < merge->heads[b];
}

/* Restores the tournament after the head of the winner changed. */
static void replay(struct merge *merge, uint32_t source) {
    uint32_t winner = source;

    for (uint32_t node = (source + merge->count) / 2; node > 0; node /= 2) {
        uint32_t other = merge->losers[node];
        bool lost = before(merge, other, winner);

        merge->losers[node] = lost ? winner : other;
        winner = lost ? other : winner;
    }
    merge->losers[0] = winner;
}

/* The winner stays the winner up to this time: everyone it beat stands on its path. */
static uint64_t runner_up(const struct merge *merge, uint32_t winner) {
    uint64_t limit = DONE;

    for (uint32_t node = (winner + merge->count) / 2; node > 0; node /= 2) {
        uint64_t head = merge->heads[merge->losers[node]];

        limit = head < limit ? head : limit;
    }
    return limit;
}

static bool build_tournament(struct merge *merge) {
    uint32_t count = merge->count;
    uint32_t *winners = malloc(2 * (size_t)count * sizeof(*winners));

    if (!winners)
        return false;
    for (uint32_t i = 0; i < count; i++)
        winners[count + i] = i;
    for (uint32_t node = count - 1; node > 0; node--) {
        uint32_t left = winners[2 * node];
        uint32_t right = winners[2 * node + 1];
        bool right_first = before(merge, right, left);

        winners[node] = right_first ? right : left;
        merge->losers[node] = right_first ? left : right;
    }
    merge->losers[0] = count > 1 ? winners[1] : 0;
    free(winners);
    return true;
}

bool merge_begin(struct merge *merge, struct reader *reader, struct error *error) {
    size_t count = reader->stream_count;

    *merge = (struct merge){.reader = reader, .stale = UINT32_MAX};
    for (size_t i = 0; i < count; i++)
        merge->count += reader->streams[i].first_block != MT_NO_BLOCK;
    if (merge->count == 0)
        return true;
    merge->count = (uint32_t)count;
    merge->sources = calloc(count, sizeof(*merge->sources));
    merge->heads = malloc(count * sizeof(*merge->heads));
    merge->losers = malloc(count * sizeof(*merge->losers));
    merge->batch = malloc(BATCH * sizeof(*merge->batch));
    if (!merge->sources || !merge->heads || !merge->losers || !merge->batch)
        return error_no_memory(error);
    for (size_t i = 0; i < count; i++) {
        merge->sources[i].block = reader->streams[i].first_block;
        merge->heads[i] =
            merge->sources[i].block == MT_NO_BLOCK ? DONE : reader->streams[i].first_ticks;
    }
    return build_tournament(merge) || error_no_memory(error);
}

/* What the next block of the source is not predicted from is not kept. */
static void drop_predictor(struct merge *merge, struct merge_source *source) {
    if (source->predictor && source->block != MT_NO_BLOCK) {
        uint64_t offset = merge->reader->blocks[source->block].offset;

        if (reader_block_header(merge->reader, offset).flags & MT_BLOCK_PREDICTED)
            return;
    }
    predict_free(source->predictor);
    source->predictor = NULL;
}

static void close_block(struct merge *merge, struct merge_source *source) {
    free(source->events);
    source->events = NULL;
    drop_predictor(merge, source);
    if (merge->spare_count < MT_MERGE_SPARES && source->payload.bytes) {
        merge->spares[merge->spare_count++] = source->payload;
        source->payload = (struct payload){0};
    } else {
        payload_free(&source->payload);
    }
}

static void note_fault(struct merge *merge, struct merge_source *source, bool opened) {
    struct reader *reader = merge->reader;
    uint64_t offset = reader->blocks[source->open_block].offset;
    struct mt_block_header header = reader_block_header(reader, offset);
    uint32_t lost = opened ? header.count - source->decoder.done : header.count;

    reader->lost_events += lost;
    damage_note(&reader->damage, offset, sizeof(header) + header.stored_size, "%s",
                source->error.text);
}

/* Decodes the next chunk of the open block; an empty one closes it. */
static void fill_chunk(struct merge *merge, struct merge_source *source) {
    bool fault = false;

    source->next = 0;
    source->end = 0;
    if (!source->fault)
        source->end =
            (uint32_t)decode_chunk(&source->decoder, source->events, &fault, &source->error);
    if (fault) {
        source->fault = true;
        note_fault(merge, source, true);
    }
    if (source->end)
        source->last = source->events[source->end - 1].ticks;
    else
        close_block(merge, source);
}

/* Opens the source's next block and decodes its first chunk. A block that cannot be decoded leaves
 * the source without an open block. */
static bool open_block(struct merge *merge, uint32_t index, struct error *error) {
    struct merge_source *source = &merge->sources[index];
    const struct block_ref *block = &merge->reader->blocks[source->block];
    struct mt_block_header header = reader_block_header(merge->reader, block->offset);
    size_t chunk = header.count < MT_DECODE_CHUNK ? header.count : MT_DECODE_CHUNK;
    uint64_t early;

    source->open_block = source->block;
    source->block = block->next;
    source->fault = false;
    source->events = malloc(chunk * sizeof(*source->events));
    if (!source->events)
        return error_no_memory(error);
    if (merge->spare_count)
        source->payload = merge->spares[--merge->spare_count];
    if (!reader_payload(merge->reader, block->offset, &source->payload, &source->error) ||
        !decode_begin(&source->decoder, source->payload.bytes, source->payload.size, &header, index,
                      source->last, &source->predictor, &source->error)) {
        note_fault(merge, source, false);
        close_block(merge, source);
        return true;
    }
    early = decoder_early_ticks(&source->decoder);
    if (merge->reader->early_ticks < early)
        merge->reader->early_ticks = early;
    fill_chunk(merge, source);
    return true;
}

/* Sets the source's head after its chunk ran out or a block was opened. */
static void set_head(struct merge *merge, uint32_t index) {
    struct merge_source *source = &merge->sources[index];
    uint64_t head = DONE;

    if (source->events) {
        head = source->events[source->next].ticks;
    } else if (source->block != MT_NO_BLOCK) {
        uint64_t offset = merge->reader->blocks[source->block].offset;

        head = reader_block_header(merge->reader, offset).first_ticks;
        head = head < source->last ? source->last : head;
    }
    merge->heads[index] = head;
}

/* The source gave events up to its `next`. */
static void advance(struct merge *merge, uint32_t index) {
    set_head(merge, index);
    replay(merge, index);
}

static void refill(struct merge *merge, uint32_t index) {
    fill_chunk(merge, &merge->sources[index]);
    advance(merge, index);
}

static size_t run_length(const struct merge_source *source, uint64_t limit) {
    const struct event *events = source->events;
    uint32_t next = source->next + 1;

    /* Its last event decides for the whole chunk when the other threads are quiet. */
    if (events[source->end - 1].ticks <= limit)
        return source->end - source->next;
    while (next < source->end && events[next].ticks <= limit)
        next++;
    return next - source->next;
}

/* Opens blocks until the winner has events; false at the end of the trace or for lack of memory,
 * which the error tells apart. */
static bool settle_winner(struct merge *merge, bool *failed, struct error *error) {
    for (;;) {
        uint32_t winner = merge->losers[0];

        if (merge->heads[winner] == DONE)
            return false;
        if (merge->sources[winner].events)
            return true;
        if (!open_block(merge, winner, error)) {
            *failed = true;
            return false;
        }
        advance(merge, winner);
    }
}

/* Copies runs to the batch until it is full; a long run ends it, to be handed out as it is. */
static bool fill_batch(struct merge *merge, const struct event **events, size_t *count,
                       struct error *error) {
    bool failed = false;
    size_t used = 0;

    *events = merge->batch;
    while (used < BATCH && settle_winner(merge, &failed, error)) {
        uint32_t winner = merge->losers[0];
        struct merge_source *source = &merge->sources[winner];
        size_t run = run_length(source, runner_up(merge, winner));

        if (run >= DIRECT_RUN) {
            if (used)
                break;
            *events = source->events + source->next;
            used = run;
            source->next += (uint32_t)run;
            if (source->next == source->end)
                merge->stale = winner;
            else
                advance(merge, winner);
            break;
        }
        run = run < BATCH - used ? run : BATCH - used;
        for (size_t i = 0; i < run; i++)
            merge->batch[used + i] = source->events[source->next + i];
        used += run;
        source->next += (uint32_t)run;
        if (source->next == source->end) {
            refill(merge, winner);
        } else {
            merge->heads[winner] = source->events[source->next].ticks;
            replay(merge, winner);
        }
    }
    *count = used;
    return !failed;
}

bool merge_next(struct merge *merge, const struct event **events, size_t *count,
                struct error *error) {
    *count = 0;
    if (merge->count == 0)
        return true;
    if (merge->stale != UINT32_MAX) {
        refill(merge, merge->stale);
        merge->stale = UINT32_MAX;
    }
    if (!fill_batch(merge, events, count, error))
        return false;
    merge->delivered += *count;
    return true;
}

void merge_end(struct merge *merge) {
    for (uint32_t i = 0; merge->sources && i < merge->count; i++) {
        merge->sources[i].block = MT_NO_BLOCK;
        close_block(merge, &merge->sources[i]);
    }
    while (merge->spare_count)
        payload_free(&merge->spares[--merge->spare_count]);
    free(merge->sources);
    free(merge->heads);
    free(merge->losers);
    free(merge->batch);
    *merge = (struct merge){0};
}
