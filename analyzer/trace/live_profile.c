#include "trace/live_profile.h"

#include <string.h>

enum {
    RECORD_MAX = 16 * 10, /* bytes */
    BLOCK_BYTES = 4 << 20,
};

/* A block under way, or several. */
struct writer {
    struct output *out;
    size_t start;
    uint32_t count; /* 0: no block is begun */
};

static bool end_block(struct writer *writer) {
    const struct mt_block_header header = {.kind = MT_BLOCK_PROFILE, .count = writer->count};

    if (writer->count)
        output_finish_block(writer->out, writer->start, header);
    writer->count = 0;
    return true;
}

static bool begin_block(struct writer *writer) {
    writer->start = writer->out->size;
    if (!output_reserve(writer->out, BLOCK_BYTES))
        return false;
    writer->out->size += sizeof(struct mt_block_header);
    output_varint(writer->out, UINT64_MAX);
    return true;
}

/* A record of numbers and, if there is one, a lifetime. */
static bool add(struct writer *writer, enum mt_profile_record kind, const uint64_t *numbers,
                size_t count, const double *lifetime) {
    uint8_t bytes[RECORD_MAX];
    struct output record = {.bytes = bytes, .capacity = sizeof(bytes)};
    uint8_t byte = (uint8_t)kind;

    if (writer->count && writer->out->size - writer->start > BLOCK_BYTES - 2 * RECORD_MAX)
        end_block(writer);
    if (!writer->count && !begin_block(writer))
        return false;
    output_put(&record, &byte, 1);
    for (size_t i = 0; i < count; i++)
        output_varint(&record, numbers[i]);
    if (lifetime)
        output_put(&record, lifetime, sizeof(*lifetime));
    output_varint(writer->out, record.size);
    output_put(writer->out, record.bytes, record.size);
    writer->count++;
    return true;
}

#define ADD(writer, kind, lifetime, ...)                                                           \
    add(writer, kind, (const uint64_t[]){__VA_ARGS__},                                             \
        sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), lifetime)

static bool add_totals(struct writer *writer, const struct mt_profile_totals *totals) {
    bool good = ADD(writer, MT_PROFILE_TOTALS, NULL, totals->flags, totals->events,
                    totals->pool_events, totals->live, totals->live_blocks, totals->peak,
                    totals->peak_ticks, totals->unmatched_frees, totals->missed_frees,
                    totals->untracked_blocks, totals->untracked_bytes, totals->last_ticks);

    for (size_t i = 0; good && i < totals->point_count && i < MT_PROFILE_POINTS; i++) {
        const struct mt_profile_point *point = &totals->points[i];

        good = ADD(writer, MT_PROFILE_POINT, NULL, point->ticks, point->live, point->live_blocks,
                   point->allocations);
    }
    return good;
}

static bool add_context(struct writer *writer, uint64_t id, const struct mt_profile_context *from,
                        uint64_t epoch) {
    bool changed = from->epoch == epoch;

    return !from->allocations ||
           ADD(writer, MT_PROFILE_CONTEXT, &from->lifetime_ticks, id, from->allocations,
               from->allocated_bytes, from->frees, from->live, from->live_blocks,
               changed ? from->at_peak : from->live,
               changed ? from->blocks_at_peak : from->live_blocks, from->temporary,
               from->temporary_bytes);
}

static bool add_thread(struct writer *writer, uint64_t id, const struct mt_profile_thread *from) {
    return !from->records ||
           ADD(writer, MT_PROFILE_THREAD, NULL, id, from->records - from->pool_records,
               from->allocations, from->allocated_bytes, from->frees, from->live, from->live_blocks,
               from->peak, from->freed_by_others, from->temporary);
}

static bool add_entries(struct writer *writer, const struct live_segment *segment, uint64_t epoch) {
    const struct mt_live_head *head = &segment->head;
    bool good = true;

    if (head->first_event > UINT32_MAX)
        return true;
    for (uint32_t i = 0; good && i < MT_LIVE_PROFILE_ENTRIES; i++) {
        struct mt_profile_context context;
        struct mt_profile_thread thread;

        if (head->thread == MT_LIVE_PROFILE_CONTEXTS && (i + 1) * sizeof(context) <= head->used) {
            memcpy(&context, segment->content + i * sizeof(context), sizeof(context));
            good = add_context(writer, head->first_event + i, &context, epoch);
        } else if (head->thread == MT_LIVE_PROFILE_THREADS &&
                   (i + 1) * sizeof(thread) <= head->used) {
            memcpy(&thread, segment->content + i * sizeof(thread), sizeof(thread));
            good = add_thread(writer, head->first_event + i, &thread);
        }
    }
    return good;
}

bool live_profile_put(struct output *out, const struct live_segment *segments, size_t count) {
    struct writer writer = {.out = out};
    struct mt_profile_totals totals;

    /* The totals are the first part: without them, the process had none yet. */
    if (!count || segments[0].head.thread != MT_LIVE_PROFILE_TOTALS ||
        segments[0].head.used != sizeof(totals))
        return true;
    memcpy(&totals, segments[0].content, sizeof(totals));
    if (!add_totals(&writer, &totals))
        return false;
    for (size_t i = 1; i < count; i++)
        if (!add_entries(&writer, &segments[i], totals.epoch))
            return false;
    return end_block(&writer);
}

bool live_profile_taken(const struct live_segment *segments, size_t count, uint32_t thread,
                        uint64_t *records) {
    struct mt_profile_thread entry;

    for (size_t i = 0; i < count && thread < MT_PROFILE_THREADS; i++) {
        const struct mt_live_head *head = &segments[i].head;
        uint64_t place = thread - head->first_event;

        if (head->thread != MT_LIVE_PROFILE_THREADS || head->first_event > thread ||
            place >= MT_LIVE_PROFILE_ENTRIES || (place + 1) * sizeof(entry) > head->used)
            continue;
        memcpy(&entry, segments[i].content + place * sizeof(entry), sizeof(entry));
        *records = entry.records;
        return true;
    }
    return false;
}
