#include "trace/merge.h"

#include <stdlib.h>

enum {
    BATCH = 1024,
    DIRECT_RUN = 64, /* a run this long is handed out where it was decoded */
};

/* The reader accepts no events at this time. */
#define DONE UINT64_MAX

struct merge_source {
    struct chunk *chunk; /* NULL while no block is open */
    uint32_t next;       /* event in it */
    uint32_t block;      /* to open next, or MT_NO_BLOCK */
    uint64_t last;       /* time of the last event of the chunks so far */
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
    return (build_tournament(merge) || error_no_memory(error)) &&
           feed_begin(&merge->feed, reader, error);
}

/* Here and not where it is decoded, so that faults are noted in the order of time. */
static void note(struct reader *reader, const struct chunk *chunk) {
    uint64_t offset = reader->blocks[chunk->block].offset;

    if (chunk->first && reader->early_ticks < chunk->early_ticks)
        reader->early_ticks = chunk->early_ticks;
    if (chunk->fault) {
        reader->lost_events += chunk->lost;
        damage_note(&reader->damage, offset,
                    sizeof(struct mt_block_header) +
                        reader_block_header(reader, offset).stored_size,
                    "%s", chunk->error.text);
    }
}

/* Takes the next chunk of the open block, or of the next one. One without events leaves the source
 * without an open block. */
static bool take_chunk(struct merge *merge, uint32_t index, struct error *error) {
    struct merge_source *source = &merge->sources[index];
    struct chunk *chunk;

    if (!feed_next(&merge->feed, index, &chunk, error))
        return false;
    note(merge->reader, chunk);
    if (chunk->last)
        source->block = merge->reader->blocks[chunk->block].next;
    source->next = 0;
    if (chunk->count) {
        source->chunk = chunk;
        source->last = chunk->events[chunk->count - 1].ticks;
    } else {
        feed_return(&merge->feed, chunk);
    }
    return true;
}

/* Sets the source's head after its chunk ran out or a block was opened. */
static void set_head(struct merge *merge, uint32_t index) {
    struct merge_source *source = &merge->sources[index];
    uint64_t head = DONE;

    if (source->chunk) {
        head = source->chunk->events[source->next].ticks;
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

/* The source's chunk was given to its end. */
static bool refill(struct merge *merge, uint32_t index, struct error *error) {
    struct merge_source *source = &merge->sources[index];
    struct chunk *chunk = source->chunk;
    bool last = chunk->last;

    source->chunk = NULL;
    feed_return(&merge->feed, chunk);
    if (!last && !take_chunk(merge, index, error))
        return false;
    advance(merge, index);
    return true;
}

static size_t run_length(const struct merge_source *source, uint64_t limit) {
    const struct event *events = source->chunk->events;
    uint32_t next = source->next + 1, end = source->chunk->count;

    /* Its last event decides for the whole chunk when the other threads are quiet. */
    if (events[end - 1].ticks <= limit)
        return end - source->next;
    while (next < end && events[next].ticks <= limit)
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
        if (merge->sources[winner].chunk)
            return true;
        if (!take_chunk(merge, winner, error)) {
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
            *events = source->chunk->events + source->next;
            used = run;
            source->next += (uint32_t)run;
            if (source->next == source->chunk->count)
                merge->stale = winner;
            else
                advance(merge, winner);
            break;
        }
        run = run < BATCH - used ? run : BATCH - used;
        for (size_t i = 0; i < run; i++)
            merge->batch[used + i] = source->chunk->events[source->next + i];
        used += run;
        source->next += (uint32_t)run;
        if (source->next < source->chunk->count) {
            advance(merge, winner);
        } else if (!refill(merge, winner, error)) {
            failed = true;
            break;
        }
    }
    *count = used;
    return !failed;
}

bool merge_next(struct merge *merge, const struct event **events, size_t *count,
                struct error *error) {
    uint32_t stale = merge->stale;

    *count = 0;
    if (merge->count == 0)
        return true;
    merge->stale = UINT32_MAX;
    if ((stale != UINT32_MAX && !refill(merge, stale, error)) ||
        !fill_batch(merge, events, count, error))
        return false;
    merge->delivered += *count;
    return true;
}

void merge_end(struct merge *merge) {
    for (uint32_t i = 0; merge->sources && i < merge->count; i++) {
        if (merge->sources[i].chunk)
            feed_return(&merge->feed, merge->sources[i].chunk);
    }
    if (merge->count)
        feed_end(&merge->feed);
    free(merge->sources);
    free(merge->heads);
    free(merge->losers);
    free(merge->batch);
    *merge = (struct merge){0};
}
