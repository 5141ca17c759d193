#define _GNU_SOURCE
#include "model/timeline.h"

#include "util/id_map.h"

#include <stdlib.h>
#include <string.h>

static struct timeline *self_of(struct observer *observer) {
    return (struct timeline *)observer;
}

static void destroy(struct observer *observer) {
    struct timeline *timeline = self_of(observer);

    for (size_t i = 0; timeline->series && i < timeline->series_count; i++)
        free(timeline->series[i].points);
    free(timeline->series);
    free(timeline->total.points);
    free(timeline->group_of);
    free(timeline->first_of);
    free(timeline->phases.items);
    free(timeline);
}

static int compare_phases(const void *left, const void *right) {
    const struct timeline_phase *a = left;
    const struct timeline_phase *b = right;

    return (a->since > b->since) - (a->since < b->since);
}

static bool find_phases(struct timeline *timeline) {
    const struct trace *trace = timeline->trace;
    struct timeline_phase *phase = MT_LIST_ADD(timeline->phases);

    if (!phase)
        return false;
    *phase = (struct timeline_phase){.since = timeline->start};
    for (size_t i = 0; i < trace->defs.marks.count; i++) {
        const struct mark *mark = &trace->defs.marks.items[i];

        if (mark->kind != MT_MARK_PHASE)
            continue;
        phase = MT_LIST_ADD(timeline->phases);
        if (!phase)
            return false;
        *phase = (struct timeline_phase){.mark = mark, .since = mark->ticks};
    }
    /* Marks of several threads may be in any order. */
    qsort(timeline->phases.items + 1, timeline->phases.count - 1, sizeof(*phase), compare_phases);
    timeline->phase_end = timeline->phases.count > 1 ? timeline->phases.items[1].since : UINT64_MAX;
    return true;
}

/* Copies that inlining and unrolling made of a context are one. */
static bool find_groups(struct timeline *timeline) {
    const struct defs *defs = &timeline->trace->defs;
    struct id_map of_hash = {0};
    bool good = true;

    timeline->group_of = malloc(defs->contexts.count * sizeof(*timeline->group_of));
    timeline->first_of = malloc(defs->contexts.count * sizeof(*timeline->first_of));
    good = timeline->group_of && timeline->first_of;
    for (size_t i = 0; good && i < defs->contexts.count; i++) {
        uint64_t hash = defs->contexts.items[i].hash;
        uint32_t group = id_map_get(&of_hash, hash);

        if (group == MT_ID_MAP_NONE) {
            group = (uint32_t)timeline->series_count++;
            timeline->first_of[group] = (uint32_t)i;
            good = id_map_put(&of_hash, hash, group);
        }
        timeline->group_of[i] = group;
    }
    id_map_free(&of_hash);
    return good;
}

static bool find_series(struct timeline *timeline) {
    if (timeline->options.by == TIMELINE_BY_THREAD)
        timeline->series_count = timeline->trace->reader.stream_count;
    if (timeline->options.by == TIMELINE_BY_CONTEXT && !find_groups(timeline))
        return false;
    timeline->series = calloc(timeline->series_count + 1, sizeof(*timeline->series));
    return timeline->series != NULL;
}

/* What happens at the very end belongs to the last bucket. */
static void divide(struct timeline *timeline) {
    uint64_t span = timeline->last - timeline->start;

    span = span ? span : 1;
    timeline->width = (span - 1) / timeline->options.points + 1;
    timeline->buckets = (uint32_t)((span - 1) / timeline->width + 1);
}

static struct observer *create(const struct trace *trace, const void *options) {
    struct timeline *timeline = calloc(1, sizeof(*timeline));

    if (!timeline)
        return NULL;
    timeline->trace = trace;
    timeline->weights = weights_of(trace);
    if (options)
        timeline->options = *(const struct timeline_options *)options;
    if (!timeline->options.points)
        timeline->options.points = MT_TIMELINE_POINTS;
    if (!timeline->options.stored)
        timeline->options.stored = MT_TIMELINE_STORED;
    timeline->start = trace->reader.header.start_ticks;
    timeline->last = trace_last_ticks(trace);
    divide(timeline);
    timeline->bucket_end = timeline->start + timeline->width;
    if (find_phases(timeline) && find_series(timeline))
        return &timeline->base;
    destroy(&timeline->base);
    return NULL;
}

/* Time has gone on; ticks that are out of the recording belong to its ends. */
static void advance(struct timeline *timeline, uint64_t ticks) {
    uint64_t bucket = (ticks - timeline->start) / timeline->width;

    timeline->bucket = bucket < timeline->buckets ? (uint32_t)bucket : timeline->buckets - 1;
    timeline->bucket_end = timeline->bucket + 1 < timeline->buckets
                               ? timeline->start + (timeline->bucket + 1) * timeline->width
                               : UINT64_MAX;
}

static void begin_figures(struct timeline_figures *figures, const struct timeline_series *series) {
    *figures = (struct timeline_figures){
        .live = series->live, .high = series->live, .live_blocks = series->live_blocks};
}

static void advance_phase(struct timeline *timeline, uint64_t ticks) {
    while (timeline->phase + 1 < timeline->phases.count &&
           timeline->phases.items[timeline->phase + 1].since <= ticks) {
        timeline->phase++;
        begin_figures(&timeline->phases.items[timeline->phase].figures, &timeline->total);
    }
    timeline->phase_end = timeline->phase + 1 < timeline->phases.count
                              ? timeline->phases.items[timeline->phase + 1].since
                              : UINT64_MAX;
}

/* Events may come a little late; they count as of now. */
static inline void go_on(struct timeline *timeline, uint64_t ticks) {
    if (__builtin_expect(ticks >= timeline->bucket_end, 0))
        advance(timeline, ticks);
    if (__builtin_expect(ticks >= timeline->phase_end, 0))
        advance_phase(timeline, ticks);
}

static void join(struct timeline_figures *sum, const struct timeline_figures *later) {
    sum->live = later->live;
    sum->live_blocks = later->live_blocks;
    sum->high = later->high > sum->high ? later->high : sum->high;
    sum->allocations += later->allocations;
    sum->allocated_bytes += later->allocated_bytes;
    sum->frees += later->frees;
    sum->freed_bytes += later->freed_bytes;
}

/* Each two buckets become one. What the later of two had carried over is in the earlier. */
static size_t halve(struct timeline_series *series) {
    uint32_t count = 0;

    for (uint32_t i = 0; i < series->count; i++) {
        struct timeline_point point = series->points[i];

        point.bucket /= 2;
        if (count && series->points[count - 1].bucket == point.bucket)
            join(&series->points[count - 1].figures, &point.figures);
        else
            series->points[count++] = point;
    }
    series->count = count;
    return count;
}

static void halve_all(struct timeline *timeline) {
    timeline->width *= 2;
    timeline->buckets = (timeline->buckets + 1) / 2;
    timeline->bucket /= 2;
    timeline->bucket_end = timeline->bucket + 1 < timeline->buckets
                               ? timeline->start + (timeline->bucket + 1) * timeline->width
                               : UINT64_MAX;
    timeline->stored = halve(&timeline->total);
    for (size_t i = 0; i < timeline->series_count; i++)
        timeline->stored += halve(&timeline->series[i]);
}

static struct timeline_point *add_point(struct timeline *timeline, struct timeline_series *series) {
    if (timeline->stored >= timeline->options.stored && timeline->buckets > MT_TIMELINE_LEAST)
        halve_all(timeline);
    /* The point may be there now. */
    if (series->count && series->points[series->count - 1].bucket == timeline->bucket)
        return &series->points[series->count - 1];
    if (series->count == series->capacity) {
        uint32_t capacity = series->capacity ? series->capacity * 2 : 1;
        struct timeline_point *grown = realloc(series->points, capacity * sizeof(*grown));

        if (!grown) {
            timeline->base.failed = true;
            return NULL;
        }
        series->points = grown;
        series->capacity = capacity;
    }
    timeline->stored++;
    series->points[series->count] = (struct timeline_point){.bucket = timeline->bucket};
    begin_figures(&series->points[series->count].figures, series);
    return &series->points[series->count++];
}

static inline void count_begin(struct timeline_figures *figures, double weight, double bytes) {
    figures->allocations += weight;
    figures->allocated_bytes += bytes;
}

static inline void count_end(struct timeline_figures *figures, double weight, double bytes) {
    figures->frees += weight;
    figures->freed_bytes += bytes;
}

static inline void hold(struct timeline_figures *figures, const struct timeline_series *series) {
    figures->live = series->live;
    figures->live_blocks = series->live_blocks;
    figures->high = series->live > figures->high ? series->live : figures->high;
}

/* `weight` is negative at the end of blocks. */
static inline struct timeline_figures *
change(struct timeline *timeline, struct timeline_series *series, double weight, double bytes) {
    struct timeline_point *point = series->count ? &series->points[series->count - 1] : NULL;

    if (!point || point->bucket != timeline->bucket)
        point = add_point(timeline, series);
    series->live += bytes;
    series->live_blocks += weight;
    if (!point)
        return NULL;
    hold(&point->figures, series);
    if (weight > 0)
        count_begin(&point->figures, weight, bytes);
    else
        count_end(&point->figures, -weight, -bytes);
    return &point->figures;
}

static struct timeline_series *series_of(struct timeline *timeline,
                                         const struct live_block *block) {
    if (timeline->options.by == TIMELINE_TOTAL)
        return NULL;
    return &timeline
                ->series[timeline->group_of ? timeline->group_of[block->context] : block->thread];
}

static void change_all(struct timeline *timeline, const struct live_block *block, double weight,
                       uint64_t ticks) {
    struct timeline_series *series = series_of(timeline, block);
    struct timeline_figures *phase;
    double bytes = weight * (double)block->size;

    go_on(timeline, ticks);
    change(timeline, &timeline->total, weight, bytes);
    phase = &timeline->phases.items[timeline->phase].figures;
    hold(phase, &timeline->total);
    if (weight > 0)
        count_begin(phase, weight, bytes);
    else
        count_end(phase, -weight, -bytes);
    if (series)
        change(timeline, series, weight, bytes);
}

static inline void raise(struct timeline_series *series, uint64_t ticks) {
    if (series->live > series->peak) {
        series->peak = series->live;
        series->peak_ticks = ticks;
    }
}

static void begins(struct observer *observer, const struct live_block *block, unsigned op) {
    struct timeline *timeline = self_of(observer);
    struct timeline_series *series = series_of(timeline, block);

    (void)op;
    change_all(timeline, block, weight_of(&timeline->weights, block), block->ticks);
    raise(&timeline->total, block->ticks);
    if (series)
        raise(series, block->ticks);
}

static void ends(struct observer *observer, const struct live_block *block, uint64_t ticks) {
    struct timeline *timeline = self_of(observer);

    change_all(timeline, block, -weight_of(&timeline->weights, block), ticks);
}

static void finish(struct observer *observer, const struct live_table *left, uint64_t last_ticks) {
    struct timeline *timeline = self_of(observer);

    (void)left;
    /* Phases in which nothing happened. */
    go_on(timeline, last_ticks > timeline->last ? last_ticks : timeline->last);
}

void timeline_expand(const struct timeline *timeline, const struct timeline_series *series,
                     struct timeline_figures *figures) {
    struct timeline_figures now = {0};
    uint32_t point = 0;

    for (uint32_t i = 0; i < timeline->buckets; i++) {
        if (point < series->count && series->points[point].bucket == i)
            now = series->points[point++].figures;
        else
            now = (struct timeline_figures){
                .live = now.live, .high = now.live, .live_blocks = now.live_blocks};
        figures[i] = now;
    }
}

static int compare_series(const void *left, const void *right, void *data) {
    const struct timeline *timeline = data;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    double peak_a = timeline->series[a].peak, peak_b = timeline->series[b].peak;

    return peak_a != peak_b ? (peak_a < peak_b) - (peak_a > peak_b) : (a > b) - (a < b);
}

uint32_t *timeline_order(const struct timeline *timeline, size_t *count) {
    uint32_t *order = malloc((timeline->series_count + 1) * sizeof(*order));

    *count = 0;
    for (size_t i = 0; order && i < timeline->series_count; i++) {
        if (timeline->series[i].count)
            order[(*count)++] = (uint32_t)i;
    }
    if (order && *count)
        qsort_r(order, *count, sizeof(*order), compare_series, (void *)timeline);
    return order;
}

const struct observer_ops timeline_ops = {
    .create = create, .begins = begins, .ends = ends, .finish = finish, .destroy = destroy};
