/* memtrack timeline for a terminal. */
#include "output/cells.h"
#include "output/chart.h"
#include "output/notes.h"
#include "output/rows.h"
#include "output/scope.h"
#include "output/timeline.h"
#include "output/timeline_marks.h"
#include "util/format.h"
#include "util/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PHASES = 20, NAME = 15 };

static const char *size_label(struct format_buffer *buffer, double value) {
    return format_bytes(buffer, weights_rounded(value));
}

static const char *count_label(struct format_buffer *buffer, double value) {
    return format_count(buffer, weights_rounded(value));
}

int timeline_columns(int width) {
    return width - TIMELINE_MARGIN - 2;
}

static void print_cell(FILE *out, const char *text, int columns) {
    fprintf(out, "%*s", format_width(text, columns), text);
}

static double largest_of(const double *values, size_t count) {
    double largest = 0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, values[i]);
    return largest;
}

static struct chart chart_of(const struct timeline_view *view, const double *values, int height) {
    return (struct chart){.values = values,
                          .count = (size_t)timeline_columns(view->width),
                          .height = height,
                          .margin = TIMELINE_MARGIN,
                          .ascii = view->ascii};
}

/* A chart of rates, smaller than that of what is live. */
static bool print_rate(FILE *out, const struct timeline_view *view, const struct track *track,
                       enum track_value what, double *values) {
    struct chart chart = chart_of(view, values, view->height >= 9 ? view->height / 3 : 2);
    double largest;

    if (!track_sample(track, 0, track_end_ns(track), what, values, chart.count))
        return false;
    largest = largest_of(values, chart.count);
    if (largest <= 0)
        return true;
    fprintf(out, "\n%s a second\n\n", what == TRACK_BYTES ? "Bytes allocated" : "Allocations");
    chart_print(out, &chart, largest, what == TRACK_BYTES ? size_label : count_label);
    chart_print_axis(out, &chart);
    return true;
}

static bool print_live(FILE *out, const struct timeline_view *view, const struct track *track,
                       const struct timeline *timeline, double *values) {
    struct chart chart = chart_of(view, values, view->height);
    struct timeline_axis axis = {chart.count, 0, track_end_ns(track), view->ascii};

    if (!track_sample(track, axis.from, axis.to, TRACK_HIGH, values, chart.count))
        return false;
    fputs("\nLive bytes\n\n", out);
    timeline_print_peak(out, &axis, track->peak, track->peak_ns);
    chart_print(out, &chart, largest_of(values, chart.count), size_label);
    chart_print_axis(out, &chart);
    timeline_print_times(out, &axis);
    if (!track->profile)
        timeline_print_phases(out, &axis, timeline);
    return true;
}

static void print_phase(FILE *out, const struct timeline *timeline, size_t index) {
    const struct timeline_phase *phase = &timeline->phases.items[index];
    const struct timeline_figures *figures = &phase->figures;
    double from = trace_ns(timeline->trace, phase->since);
    double to = trace_ns(timeline->trace, index + 1 < timeline->phases.count
                                              ? timeline->phases.items[index + 1].since
                                              : timeline->last);
    double seconds = (to - from) / 1e9;

    fputs("  ", out);
    notes_name(out, phase->mark ? phase->mark->name : "(before)", NAME);
    fputc(' ', out);
    print_cell(out, DURATION(from), 10);
    fputc(' ', out);
    print_cell(out, DURATION(to - from), 10);
    fprintf(out, " %11s %11s %11s %11s %10s\n", BYTES_OF(figures->high), BYTES_OF(figures->live),
            COUNT_OF(figures->allocations), BYTES_OF(figures->allocated_bytes),
            seconds > 0 ? COUNT_OF(figures->allocations / seconds) : "-");
}

static void print_phase_table(FILE *out, const struct timeline *timeline) {
    size_t first = timeline->phases.items[0].figures.allocations > 0 ? 0 : 1;

    if (timeline->phases.count < 2)
        return;
    fprintf(out, "\nPhases\n\n  %-15s %10s %10s %11s %11s %11s %11s %10s\n", "", "from", "lasted",
            "most live", "live at end", "allocations", "allocated", "a second");
    for (size_t i = first; i < timeline->phases.count; i++) {
        if (i - first == MAX_PHASES) {
            fprintf(out, "  ... and %s more\n", COUNT_OF((double)(timeline->phases.count - i)));
            break;
        }
        print_phase(out, timeline, i);
    }
}

/* One series in one line under its figures. */
static bool print_sparkline(FILE *out, const struct timeline_view *view,
                            const struct timeline *timeline, const struct timeline_series *series,
                            double *values, size_t columns) {
    struct track track;
    bool good = track_make(&track, timeline->trace, timeline, series) &&
                track_sample(&track, 0, track_end_ns(&track), TRACK_HIGH, values, columns);

    if (good)
        chart_line(out, values, columns, largest_of(values, columns), view->ascii);
    track_free(&track);
    return good;
}

static bool print_thread(FILE *out, const struct timeline_view *view,
                         const struct timeline *timeline, uint32_t stream, double *values) {
    const struct timeline_series *series = &timeline->series[stream];
    uint32_t id = timeline->trace->reader.streams[stream].thread;
    const struct thread_def *def = defs_thread(&timeline->trace->defs, id);
    int columns = view->width - 50;
    bool good;

    fprintf(out, "  %6u  ", id);
    notes_name(out, def ? def->name : "", NAME);
    fprintf(out, " %11s", BYTES_OF(series->peak));
    print_cell(out, DURATION(trace_ns(timeline->trace, series->peak_ticks)), 11);
    fputc(' ', out);
    good = columns < 8 || print_sparkline(out, view, timeline, series, values, (size_t)columns);
    fputc('\n', out);
    return good;
}

static bool print_context(FILE *out, const struct timeline_view *view,
                          const struct report_rows *rows, size_t trace, uint32_t group,
                          double *values) {
    const struct timeline *timeline = timeline_of_trace(view, trace);
    const struct report_options options = {.by = REPORT_BY_CONTEXT, .no_fold = !view->fold};
    int columns = view->width - 32;
    struct report_row row;
    bool good;

    fprintf(out, "  %11s", BYTES_OF(timeline->series[group].peak));
    print_cell(out, DURATION(trace_ns(timeline->trace, timeline->series[group].peak_ticks)), 11);
    fputs("  ", out);
    good = columns < 8 ||
           print_sparkline(out, view, timeline, &timeline->series[group], values, (size_t)columns);
    fputc('\n', out);
    if (timeline_row(view, rows, trace, group, &row))
        rows_print_names(out, &row, &options);
    return good;
}

static bool print_series(FILE *out, const struct timeline_view *view,
                         const struct report_rows *rows, size_t trace, double *values) {
    const struct timeline *timeline = timeline_of_trace(view, trace);
    bool threads = view->by == TIMELINE_BY_THREAD;
    size_t count, shown;
    uint32_t *order = timeline_order(timeline, &count);
    bool good = order != NULL;

    shown = view->limit && view->limit < count ? view->limit : count;
    if (good && threads)
        fprintf(out, "\nLive bytes by thread, each to its own scale\n\n  %6s  %-15s %11s %10s\n",
                "thread", "name", "own peak", "at");
    else if (good)
        fprintf(out, "\nLive bytes by context, each to its own scale\n\n  %11s %10s\n", "most",
                "at");
    for (size_t i = 0; good && i < shown; i++)
        good = threads ? print_thread(out, view, timeline, order[i], values)
                       : print_context(out, view, rows, trace, order[i], values);
    if (good && shown < count)
        fprintf(out, "  ... and %s more (--limit 0 shows all)\n",
                COUNT_OF((double)(count - shown)));
    free(order);
    return good;
}

static bool print_process(FILE *out, const struct timeline_view *view,
                          const struct report_rows *rows, size_t index, double *values) {
    const struct timeline *timeline = timeline_of_trace(view, index);
    struct track track;
    bool good = track_make(&track, &view->traces[index], timeline, NULL) &&
                print_live(out, view, &track, timeline, values) &&
                (track.profile || print_rate(out, view, &track, TRACK_BYTES, values)) &&
                print_rate(out, view, &track, TRACK_ALLOCATIONS, values);

    if (good && !track.profile)
        print_phase_table(out, timeline);
    if (good && view->by != TIMELINE_TOTAL)
        good = print_series(out, view, rows, index, values);
    track_free(&track);
    return good;
}

/* "pid 4321, demo" */
static void print_process_name(FILE *out, const struct trace *trace) {
    const char *path = trace->defs.process.executable;
    const char *slash = strrchr(path, '/');

    fprintf(out, "%8u  ", trace->reader.header.pid);
    notes_name(out, slash ? slash + 1 : path, NAME);
}

static bool print_apart(FILE *out, const struct timeline_view *view, const struct report_rows *rows,
                        double *values) {
    size_t count = view->report->traces.count;

    for (size_t i = 0; i < count; i++) {
        if (view->limit && i == view->limit) {
            fprintf(out, "\n... and %s processes more (--limit 0 shows all)\n",
                    COUNT_OF((double)(count - i)));
            break;
        }
        if (count > 1) {
            fputs("\nProcess", out);
            print_process_name(out, &view->traces[i]);
            fputc('\n', out);
        }
        if (!print_process(out, view, rows, i, values))
            return false;
    }
    return true;
}

/* The columns of one process on the axis of all. */
static bool sample_aligned(const struct timeline_view *view, size_t index,
                           const struct timeline_axis *axis, size_t columns, double *values) {
    double offset = timeline_offset_ns(view, index);
    struct track track;
    bool good =
        track_make(&track, &view->traces[index], timeline_of_trace(view, index), NULL) &&
        track_sample(&track, axis->from - offset, axis->to - offset, TRACK_HIGH, values, columns);

    track_free(&track);
    return good;
}

static bool print_tree_processes(FILE *out, const struct timeline_view *view,
                                 const struct timeline_axis *axis, double *values) {
    size_t count = view->report->traces.count;
    int columns = view->width - 52;

    fprintf(out, "\nProcesses, each to its own scale\n\n%10s  %-15s %11s %10s\n", "pid", "program",
            "own peak", "at");
    for (size_t i = 0; i < count; i++) {
        const struct timeline *timeline = timeline_of_trace(view, i);
        const struct profile *profile = &view->traces[i].defs.profile;
        double peak = profile->present ? (double)profile->totals.peak : timeline->total.peak;
        uint64_t ticks = profile->present ? profile->totals.peak_ticks : timeline->total.peak_ticks;

        if (view->limit && i == view->limit) {
            fprintf(out, "  ... and %s more (--limit 0 shows all)\n",
                    COUNT_OF((double)(count - i)));
            break;
        }
        fputs("  ", out);
        print_process_name(out, &view->traces[i]);
        fprintf(out, " %11s", BYTES_OF(peak));
        print_cell(out, DURATION(timeline_offset_ns(view, i) + trace_ns(&view->traces[i], ticks)),
                   11);
        fputc(' ', out);
        if (columns >= 8) {
            if (!sample_aligned(view, i, axis, (size_t)columns, values))
                return false;
            chart_line(out, values, (size_t)columns, largest_of(values, (size_t)columns),
                       view->ascii);
        }
        fputc('\n', out);
    }
    return true;
}

/* Processes of one tree: what all of them held, and each below that, on one axis. */
static bool print_tree(FILE *out, const struct timeline_view *view, double *values) {
    size_t columns = (size_t)timeline_columns(view->width);
    double *sums = calloc(columns, sizeof(*sums));
    struct timeline_axis axis = {columns, 0, 0, view->ascii};
    struct chart chart = chart_of(view, sums, view->height);
    bool good = sums != NULL;

    for (size_t i = 0; i < view->report->traces.count; i++) {
        const struct trace *trace = &view->traces[i];

        axis.to =
            fmax(axis.to, timeline_offset_ns(view, i) + trace_ns(trace, trace_last_ticks(trace)));
    }
    for (size_t i = 0; good && i < view->report->traces.count; i++) {
        good = sample_aligned(view, i, &axis, columns, values);
        for (size_t k = 0; good && k < columns; k++)
            sums[k] += values[k];
    }
    if (good) {
        fputs("\nLive bytes of all processes: in a column at most as much, as each may have held "
              "its most\nat another moment of it\n\n",
              out);
        chart_print(out, &chart, largest_of(sums, columns), size_label);
        chart_print_axis(out, &chart);
        timeline_print_times(out, &axis);
        good = print_tree_processes(out, view, &axis, values);
    }
    free(sums);
    return good;
}

static void print_summary(FILE *out, const struct timeline_view *view) {
    const struct report *report = view->report;
    const struct timeline *timeline = timeline_of_trace(view, 0);
    const struct profile *profile = &view->traces[0].defs.profile;
    double peak = profile->present ? (double)profile->totals.peak : timeline->total.peak;
    uint64_t ticks = profile->present ? profile->totals.peak_ticks : timeline->total.peak_ticks;

    scope_print(out, &report->scope);
    if (report->totals.counters.sampled)
        fputs("  sampled      all figures are estimates of what the program did\n", out);
    fprintf(out, "  duration     %s%s\n", DURATION(report->totals.duration_ns),
            report->traces.count > 1 ? " (the longest)" : "");
    if (report->traces.count == 1)
        fprintf(out, "  peak         %s (%s bytes) at %s\n", BYTES_OF(peak), COUNT_OF(peak),
                DURATION(trace_ns(&view->traces[0], ticks)));
}

bool timeline_print(FILE *out, const struct timeline_view *view, struct error *error) {
    double *values = calloc((size_t)view->width + 1, sizeof(*values));
    struct report_rows rows;
    bool good;

    if (!values)
        return error_no_memory(error);
    if (!report_group(view->report, REPORT_BY_CONTEXT, view->fold, &rows, error)) {
        free(values);
        return false;
    }
    notes_title(out, "timeline", view->report);
    print_summary(out, view);
    notes_print(out, view->report, false);
    good = view->aligned && view->report->traces.count > 1 && view->by == TIMELINE_TOTAL
               ? print_tree(out, view, values)
               : print_apart(out, view, &rows, values);
    report_rows_free(&rows);
    free(values);
    return good || error_no_memory(error);
}
