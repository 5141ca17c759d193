/* memtrack timeline for programs: arrays, one figure a bucket. */
#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/timeline.h"

#include <stdlib.h>

typedef double figure_reader(const struct timeline_figures *figures);

#define READER(name)                                                                               \
    static double read_##name(const struct timeline_figures *figures) {                            \
        return figures->name;                                                                      \
    }
READER(live)
READER(high)
READER(live_blocks)
READER(allocations)
READER(allocated_bytes)
READER(frees)
READER(freed_bytes)

static json_t *figures_array(const struct track *track, figure_reader *read) {
    json_t *array = json_array();

    for (size_t i = 0; i < track->count; i++)
        json_array_append_new(array, json_rounded(read(&track->figures[i])));
    return array;
}

static json_t *times_array(const struct track *track) {
    json_t *array = json_array();

    for (size_t i = 0; i < track->count; i++)
        json_array_append_new(array, json_rounded(track->times[i]));
    return array;
}

/* What every series has; a profile knows a part of it. */
static void set_track(json_t *object, const struct track *track) {
    JSON_SET(object, "peak_bytes", json_rounded(track->peak));
    JSON_SET(object, "peak_ns", json_rounded(track->peak_ns));
    JSON_SET(object, "live_bytes", figures_array(track, read_live));
    if (!track->profile)
        JSON_SET(object, "max_live_bytes", figures_array(track, read_high));
    JSON_SET(object, "live_blocks", figures_array(track, read_live_blocks));
    JSON_SET(object, "allocations", figures_array(track, read_allocations));
    if (track->profile)
        return;
    JSON_SET(object, "allocated_bytes", figures_array(track, read_allocated_bytes));
    JSON_SET(object, "frees", figures_array(track, read_frees));
    JSON_SET(object, "freed_bytes", figures_array(track, read_freed_bytes));
}

static void set_figures(json_t *object, const struct timeline_figures *figures, double ns) {
    JSON_SET(object, "peak_bytes", json_rounded(figures->high));
    JSON_SET(object, "live_bytes", json_rounded(figures->live));
    JSON_SET(object, "live_blocks", json_rounded(figures->live_blocks));
    JSON_SET(object, "allocations", json_rounded(figures->allocations));
    JSON_SET(object, "allocated_bytes", json_rounded(figures->allocated_bytes));
    JSON_SET(object, "frees", json_rounded(figures->frees));
    JSON_SET(object, "freed_bytes", json_rounded(figures->freed_bytes));
    JSON_SET(object, "allocations_per_second",
             ns > 0 ? json_rounded(figures->allocations / ns * 1e9) : json_null());
    JSON_SET(object, "allocated_bytes_per_second",
             ns > 0 ? json_rounded(figures->allocated_bytes / ns * 1e9) : json_null());
}

/* What is before the first phase has no name. */
static json_t *phases_array(const struct timeline *timeline) {
    json_t *array = json_array();

    for (size_t i = 0; i < timeline->phases.count; i++) {
        const struct timeline_phase *phase = &timeline->phases.items[i];
        double from = trace_ns(timeline->trace, phase->since);
        double to = trace_ns(timeline->trace, i + 1 < timeline->phases.count
                                                  ? timeline->phases.items[i + 1].since
                                                  : timeline->last);
        json_t *object = json_object();

        JSON_SET(object, "name", phase->mark ? json_text(phase->mark->name) : json_null());
        JSON_SET(object, "time_ns", json_rounded(from));
        JSON_SET(object, "duration_ns", json_rounded(to - from));
        set_figures(object, &phase->figures, to - from);
        json_array_append_new(array, object);
    }
    return array;
}

/* Takes what a series is of away from what is left for others. */
static void subtract(struct track *rest, const struct track *track) {
    for (size_t i = 0; i < rest->count; i++) {
        struct timeline_figures *figures = &rest->figures[i];
        const struct timeline_figures *less = &track->figures[i];

        figures->live -= less->live;
        figures->live_blocks -= less->live_blocks;
        figures->allocations -= less->allocations;
        figures->allocated_bytes -= less->allocated_bytes;
        figures->frees -= less->frees;
        figures->freed_bytes -= less->freed_bytes;
    }
}

/* The sum of the series that are not shown, the peaks of which are not known. */
static json_t *rest_object(const struct track *rest, size_t series) {
    json_t *object = json_object();

    JSON_SET(object, "series", json_number_of(series));
    JSON_SET(object, "live_bytes", figures_array(rest, read_live));
    JSON_SET(object, "live_blocks", figures_array(rest, read_live_blocks));
    JSON_SET(object, "allocations", figures_array(rest, read_allocations));
    JSON_SET(object, "allocated_bytes", figures_array(rest, read_allocated_bytes));
    JSON_SET(object, "frees", figures_array(rest, read_frees));
    JSON_SET(object, "freed_bytes", figures_array(rest, read_freed_bytes));
    return object;
}

static json_t *series_object(const struct timeline_view *view, const struct report_rows *rows,
                             size_t trace, uint32_t group) {
    const struct timeline *timeline = timeline_of_trace(view, trace);
    struct report_row row;
    json_t *object;

    if (view->by == TIMELINE_BY_CONTEXT && timeline_row(view, rows, trace, group, &row))
        return json_row(&row, REPORT_BY_CONTEXT, view->fold);
    object = json_object();
    if (view->by == TIMELINE_BY_THREAD)
        json_set_thread(object, timeline->trace, timeline->trace->reader.streams[group].thread);
    return object;
}

static bool write_series(FILE *out, const struct timeline_view *view,
                         const struct report_rows *rows, size_t trace, struct track *rest) {
    const struct timeline *timeline = timeline_of_trace(view, trace);
    size_t count, shown;
    uint32_t *order = timeline_order(timeline, &count);
    bool good = order != NULL;

    shown = view->limit && view->limit < count ? view->limit : count;
    fprintf(out, ",\n\"%s\": [", view->by == TIMELINE_BY_THREAD ? "threads" : "contexts");
    for (size_t i = 0; good && i < shown; i++) {
        struct track track;
        json_t *object;

        good = track_make(&track, timeline->trace, timeline, &timeline->series[order[i]]);
        if (good) {
            object = series_object(view, rows, trace, order[i]);
            set_track(object, &track);
            subtract(rest, &track);
            json_write_item(out, i, object);
        }
        track_free(&track);
    }
    free(order);
    if (good) {
        fputs("],\n\"others\": ", out);
        json_write(out, shown < count ? rest_object(rest, count - shown) : json_null());
    }
    return good;
}

static json_t *head_object(const struct timeline_view *view, size_t index,
                           const struct track *track) {
    const struct trace *trace = &view->traces[index];
    const struct timeline *timeline = timeline_of_trace(view, index);
    json_t *object = json_object();

    JSON_SET(object, "trace", json_text(trace->path));
    JSON_SET(object, "pid", json_integer(trace->reader.header.pid));
    JSON_SET(object, "source", json_string(track->profile ? "profile" : "events"));
    JSON_SET(object, "offset_ns",
             view->aligned ? json_rounded(timeline_offset_ns(view, index)) : json_null());
    JSON_SET(object, "duration_ns", json_rounded(track_end_ns(track)));
    JSON_SET(object, "bucket_ns",
             track->profile ? json_null()
                            : json_real((double)timeline->width * trace->defs.ns_per_tick));
    JSON_SET(object, "time_ns", times_array(track));
    set_track(object, track);
    JSON_SET(object, "phases", track->profile ? json_array() : phases_array(timeline));
    return object;
}

/* The object of the process is open at its end for the series, which are written one by one. */
static bool write_process(FILE *out, const struct timeline_view *view,
                          const struct report_rows *rows, size_t index) {
    struct track track;
    bool good = track_make(&track, &view->traces[index], timeline_of_trace(view, index), NULL);

    if (good) {
        json_t *object = head_object(view, index, &track);
        const char *key;
        json_t *value;
        bool first = true;

        fputs("{", out);
        json_object_foreach(object, key, value) {
            fprintf(out, "%s\"%s\": ", first ? "" : ",\n", key);
            json_write(out, json_incref(value));
            first = false;
        }
        json_decref(object);
        if (view->by != TIMELINE_TOTAL && !track.profile)
            good = write_series(out, view, rows, index, &track);
        fputs("}", out);
    }
    track_free(&track);
    return good;
}

bool timeline_write_json(FILE *out, const struct timeline_view *view, struct error *error) {
    static const char *const names[] = {"total", "thread", "context"};
    struct report_rows rows;
    bool good = true;

    if (!report_group(view->report, REPORT_BY_CONTEXT, view->fold, &rows, error))
        return false;
    json_write_head(out, view->report);
    json_write_member(out, "by", json_string(names[view->by]));
    fputs("\"timelines\": [", out);
    for (size_t i = 0; good && i < view->report->traces.count; i++) {
        fputs(i ? ",\n" : "\n", out);
        good = write_process(out, view, &rows, i);
    }
    fputs("]}\n", out);
    report_rows_free(&rows);
    return good || error_no_memory(error);
}
