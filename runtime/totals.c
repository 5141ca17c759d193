#include "totals.h"

#include "live.h"
#include "os_memory.h"

#include <string.h>

#define CONTEXT_SEGMENTS ((1u << MT_CONTEXT_ID_BITS) / MT_LIVE_PROFILE_ENTRIES)
#define THREAD_SEGMENTS (MT_PROFILE_THREADS / MT_LIVE_PROFILE_ENTRIES)

/* Some milliseconds of any clock; it doubles each time there is no room for more points. */
#define FIRST_INTERVAL (UINT64_C(1) << 24)

/* A record takes no more: a kind, a length and 11 numbers. */
#define RECORD_MAX (2 + 11 * MT_VARINT_MAX)

_Static_assert(MT_LIVE_PROFILE_ENTRIES * sizeof(struct mt_profile_context) <= MT_BUFFER_WORDS * 8,
               "they fit a segment");
_Static_assert(sizeof(struct mt_profile_totals) <= MT_BUFFER_WORDS * 8, "they fit a segment");

struct mt_totals mt_totals;
static struct mt_profile_context *first_contexts[CONTEXT_SEGMENTS];
static struct mt_profile_thread *first_threads[THREAD_SEGMENTS];
static struct mt_bytes payload;

/* A segment for `bytes` of the part, zeroed. */
static void *take(enum mt_live_profile_part part, uint32_t first, size_t bytes) {
    struct mt_buffer *segment = mt_live_take();

    if (!segment)
        return NULL;
    segment->generation++;
    memset(segment->words, 0, bytes);
    segment->first_ticks = 0;
    segment->first_event = first;
    segment->thread_id = part;
    atomic_store_explicit(&segment->used, (uint32_t)bytes, memory_order_release);
    atomic_store_explicit(&segment->kind, MT_LIVE_PROFILE, memory_order_release);
    return segment->words;
}

struct mt_profile_context *mt_totals_new_context(uint32_t id) {
    uint32_t place = id < 1u << MT_CONTEXT_ID_BITS ? id : 0;
    uint32_t segment = place / MT_LIVE_PROFILE_ENTRIES;

    if (!mt_totals.contexts[segment])
        mt_totals.contexts[segment] =
            take(MT_LIVE_PROFILE_CONTEXTS, segment * MT_LIVE_PROFILE_ENTRIES,
                 MT_LIVE_PROFILE_ENTRIES * sizeof(struct mt_profile_context));
    return mt_totals.contexts[segment]
               ? &mt_totals.contexts[segment][place % MT_LIVE_PROFILE_ENTRIES]
               : mt_totals.contexts[0];
}

struct mt_profile_thread *mt_totals_new_thread(uint32_t id) {
    uint32_t place = id < MT_PROFILE_THREADS ? id : 0;
    uint32_t segment = place / MT_LIVE_PROFILE_ENTRIES;

    if (!mt_totals.threads[segment])
        mt_totals.threads[segment] =
            take(MT_LIVE_PROFILE_THREADS, segment * MT_LIVE_PROFILE_ENTRIES,
                 MT_LIVE_PROFILE_ENTRIES * sizeof(struct mt_profile_thread));
    return mt_totals.threads[segment] ? &mt_totals.threads[segment][place % MT_LIVE_PROFILE_ENTRIES]
                                      : mt_totals.threads[0];
}

bool mt_totals_start(void) {
    mt_totals.contexts = first_contexts;
    mt_totals.threads = first_threads;
    if (!payload.data)
        payload.data = mt_os_memory_map(MT_TOTALS_BLOCK_MAX);
    if (!payload.data || !mt_totals_new_context(0) || !mt_totals_new_thread(0))
        return false;
    mt_totals.sums = take(MT_LIVE_PROFILE_TOTALS, 0, sizeof *mt_totals.sums);
    if (!mt_totals.sums)
        return false;
    mt_totals.sums->interval = FIRST_INTERVAL;
    /* Not that of entries which have never changed. */
    mt_totals.sums->epoch = 1;
    return true;
}

void mt_totals_forget(void) {
    memset(first_contexts, 0, sizeof first_contexts);
    memset(first_threads, 0, sizeof first_threads);
    mt_totals.sums = NULL;
}

/* Every other one, and the last. */
static void thin_out(struct mt_profile_totals *sums) {
    uint64_t kept = 0;

    for (uint64_t i = 1; i < sums->point_count; i += 2)
        sums->points[kept++] = sums->points[i];
    sums->point_count = kept;
    sums->interval *= 2;
}

void mt_totals_note_point(uint64_t ticks) {
    struct mt_profile_totals *sums = mt_totals.sums;

    if (sums->point_count && ticks < sums->points[sums->point_count - 1].ticks + sums->interval)
        return;
    if (sums->point_count == MT_PROFILE_POINTS)
        thin_out(sums);
    sums->points[sums->point_count] =
        (struct mt_profile_point){ticks, sums->live, sums->live_blocks, sums->allocations};
    sums->point_count++;
}

/* Writing */

static void add_numbers(struct mt_bytes *bytes, const uint64_t *numbers, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        mt_bytes_add_varint(bytes, numbers[i]);
}
#define ADD(bytes, ...)                                                                            \
    add_numbers(bytes, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static void add_sums(struct mt_bytes *record) {
    const struct mt_profile_totals *sums = mt_totals.sums;

    ADD(record, sums->flags, sums->events, sums->pool_events, sums->live, sums->live_blocks,
        sums->peak, sums->peak_ticks, sums->unmatched_frees, sums->missed_frees,
        sums->untracked_blocks, sums->untracked_bytes, sums->last_ticks);
}

static bool add_context(struct mt_bytes *record, uint32_t id) {
    const struct mt_profile_context *segment = mt_totals.contexts[id / MT_LIVE_PROFILE_ENTRIES];
    struct mt_profile_context context;

    if (!segment || !segment[id % MT_LIVE_PROFILE_ENTRIES].allocations)
        return false;
    context = segment[id % MT_LIVE_PROFILE_ENTRIES];
    mt_totals_touch(mt_totals.sums, &context);
    ADD(record, id, context.allocations, context.allocated_bytes, context.frees, context.live,
        context.live_blocks, context.at_peak, context.blocks_at_peak, context.temporary,
        context.temporary_bytes);
    mt_bytes_add(record, &context.lifetime_ticks, sizeof context.lifetime_ticks);
    return true;
}

static bool add_thread(struct mt_bytes *record, uint32_t id) {
    const struct mt_profile_thread *thread = mt_totals.threads[id / MT_LIVE_PROFILE_ENTRIES];

    if (!thread || !thread[id % MT_LIVE_PROFILE_ENTRIES].records)
        return false;
    thread += id % MT_LIVE_PROFILE_ENTRIES;
    ADD(record, id, thread->records - thread->pool_records, thread->allocations,
        thread->allocated_bytes, thread->frees, thread->live, thread->live_blocks, thread->peak,
        thread->freed_by_others, thread->temporary);
    return true;
}

static void add_point(struct mt_bytes *record, uint32_t index) {
    const struct mt_profile_point *point = &mt_totals.sums->points[index];

    ADD(record, point->ticks, point->live, point->live_blocks, point->allocations);
}

/* False: there is none of this index. */
static bool add_record(struct mt_bytes *record, uint32_t kind, uint32_t index) {
    switch (kind) {
    case MT_PROFILE_TOTALS:
        add_sums(record);
        return true;
    case MT_PROFILE_CONTEXT:
        return add_context(record, index);
    case MT_PROFILE_THREAD:
        return add_thread(record, index);
    default:
        add_point(record, index);
        return true;
    }
}

static uint32_t index_count(uint32_t kind) {
    switch (kind) {
    case MT_PROFILE_TOTALS:
        return 1;
    case MT_PROFILE_CONTEXT:
        return 1u << MT_CONTEXT_ID_BITS;
    case MT_PROFILE_THREAD:
        return MT_PROFILE_THREADS;
    default:
        return (uint32_t)mt_totals.sums->point_count;
    }
}

/* Past ids of which there is no segment. */
static uint32_t next_index(uint32_t kind, uint32_t index) {
    if (kind == MT_PROFILE_CONTEXT && !mt_totals.contexts[index / MT_LIVE_PROFILE_ENTRIES])
        return (index / MT_LIVE_PROFILE_ENTRIES + 1) * MT_LIVE_PROFILE_ENTRIES;
    return index + 1;
}

static void frame(const struct mt_bytes *record, uint32_t kind) {
    mt_bytes_add_varint(&payload, record->size + 1);
    mt_bytes_add_u8(&payload, (uint8_t)kind);
    mt_bytes_add(&payload, record->data, record->size);
}

bool mt_totals_put(struct mt_totals_cursor *cursor, struct mt_bytes *out) {
    struct mt_block_header header = {.kind = MT_BLOCK_PROFILE};
    uint8_t data[RECORD_MAX + 2 * MT_VARINT_MAX];

    if (cursor->kind >= MT_PROFILE_POINT)
        return false;
    payload.size = 0;
    mt_bytes_add_varint(&payload, cursor->serial);
    for (; cursor->kind < MT_PROFILE_POINT; cursor->kind++, cursor->index = 0) {
        uint32_t kind = cursor->kind + 1, count = index_count(kind);

        while (cursor->index < count) {
            struct mt_bytes record = {data, 0};
            uint32_t index = cursor->index;

            cursor->index = next_index(kind, index);
            if (!add_record(&record, kind, index))
                continue;
            frame(&record, kind);
            header.count++;
            if (payload.size > MT_TOTALS_BLOCK_MAX - MT_BLOCK_OVERHEAD - 2 * sizeof data) {
                mt_block_put(out, header, &payload);
                return true;
            }
        }
    }
    mt_block_put(out, header, &payload);
    return true;
}
