#include "model/track.h"

#include <math.h>
#include <stdlib.h>

static bool reserve(struct track *track, size_t count) {
    track->times = calloc(count + 1, sizeof(*track->times));
    track->figures = calloc(count + 1, sizeof(*track->figures));
    track->count = count;
    return track->times && track->figures;
}

static bool from_series(struct track *track, const struct timeline *timeline,
                        const struct timeline_series *series) {
    if (!reserve(track, timeline->buckets))
        return false;
    timeline_expand(timeline, series, track->figures);
    for (size_t i = 0; i < track->count; i++)
        track->times[i] = trace_ns(track->trace, timeline->start + i * timeline->width);
    track->times[track->count] = trace_ns(track->trace, timeline->last);
    track->peak = series->peak;
    track->peak_ns = trace_ns(track->trace, series->peak_ticks);
    return true;
}

/* Between two points there may have been more, but no more than the peak, which is known. */
static void raise_to_peak(struct track *track) {
    size_t at = 0;

    while (at + 1 < track->count && track->times[at + 1] <= track->peak_ns)
        at++;
    if (track->count)
        track->figures[at].high = fmax(track->figures[at].high, track->peak);
}

/* What was allocated between two points counts to the earlier one's time. */
static bool from_profile(struct track *track) {
    const struct profile *profile = &track->trace->defs.profile;

    if (!reserve(track, profile->points.count))
        return false;
    for (size_t i = 0; i < track->count; i++) {
        const struct profile_point *point = &profile->points.items[i];
        struct timeline_figures *figures = &track->figures[i];

        track->times[i] = trace_ns(track->trace, point->ticks);
        figures->live = figures->high = (double)point->live;
        figures->live_blocks = (double)point->live_blocks;
        if (i)
            track->figures[i - 1].allocations =
                fmax(0, (double)point->allocations - (double)point[-1].allocations);
    }
    track->times[track->count] = trace_ns(track->trace, trace_last_ticks(track->trace));
    track->peak = (double)profile->totals.peak;
    track->peak_ns = trace_ns(track->trace, profile->totals.peak_ticks);
    raise_to_peak(track);
    return true;
}

bool track_make(struct track *track, const struct trace *trace, const struct timeline *timeline,
                const struct timeline_series *series) {
    *track = (struct track){.trace = trace, .profile = trace->defs.profile.present};
    return track->profile ? from_profile(track)
                          : from_series(track, timeline, series ? series : &timeline->total);
}

void track_free(struct track *track) {
    free(track->times);
    free(track->figures);
    *track = (struct track){.count = 0};
}

double track_end_ns(const struct track *track) {
    return trace_ns(track->trace, trace_last_ticks(track->trace));
}

static double figure_of(const struct timeline_figures *figures, enum track_value what) {
    switch (what) {
    case TRACK_HIGH:
        return figures->high;
    case TRACK_ALLOCATIONS:
        return figures->allocations;
    case TRACK_BYTES:
        return figures->allocated_bytes;
    }
    return 0;
}

/* Columns that no bucket has its middle in show the one that they are in. */
static void fill_gaps(const struct track *track, double from, double width, enum track_value what,
                      double *columns, double *seconds, size_t count) {
    size_t bucket = 0;

    for (size_t i = 0; i < count; i++) {
        double middle = from + ((double)i + 0.5) * width;
        double spent;

        if (seconds[i] > 0)
            continue;
        while (bucket < track->count && track->times[bucket + 1] < middle)
            bucket++;
        if (bucket == track->count || track->times[bucket] > middle)
            continue;
        spent = (track->times[bucket + 1] - track->times[bucket]) / 1e9;
        columns[i] = figure_of(&track->figures[bucket], what);
        seconds[i] = spent > 0 ? spent : 1e-9;
    }
}

bool track_sample(const struct track *track, double from, double to, enum track_value what,
                  double *columns, size_t count) {
    double width = (to - from) / (double)count;
    double *seconds = calloc(count + 1, sizeof(*seconds));

    if (!seconds)
        return false;
    for (size_t i = 0; i < count; i++)
        columns[i] = 0;
    for (size_t i = 0; width > 0 && i < track->count; i++) {
        double middle = (track->times[i] + fmax(track->times[i], track->times[i + 1])) / 2;
        double at = (middle - from) / width;
        size_t column = at < 0 ? 0 : (size_t)at;
        double figure = figure_of(&track->figures[i], what);

        if (middle < from || middle > to)
            continue;
        column = column < count ? column : count - 1;
        seconds[column] += fmax((track->times[i + 1] - track->times[i]) / 1e9, 1e-9);
        columns[column] =
            what == TRACK_HIGH ? fmax(columns[column], figure) : columns[column] + figure;
    }
    if (width > 0)
        fill_gaps(track, from, width, what, columns, seconds, count);
    for (size_t i = 0; what != TRACK_HIGH && i < count; i++)
        columns[i] = seconds[i] > 0 ? columns[i] / seconds[i] : 0;
    free(seconds);
    return true;
}
