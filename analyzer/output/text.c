/* The report for a terminal: a summary, what it does not cover, and the places that matter. */
#include "output/cells.h"
#include "output/columns.h"
#include "output/dump.h"
#include "output/errors.h"
#include "output/notes.h"
#include "output/output.h"
#include "output/rows.h"
#include "output/scope.h"
#include "output/tree.h"
#include "util/format.h"
#include "util/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Behind a figure of a sampled trace. */
static void print_error(FILE *out, const struct counters *counters, enum report_order order) {
    if (counters->sampled)
        fprintf(out, " +- %s", column_error(&(struct format_buffer){{0}}, counters, order));
}

static void print_count_error(FILE *out, const struct counters *counters, double error) {
    if (counters->sampled)
        fprintf(out, " +- %s", COUNT((uint64_t)(error + 0.5)));
}

/* What all figures below rest on. */
static void print_sampling(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;

    if (!totals->sampled)
        return;
    fputs("  sampled      ", out);
    if (totals->sampled < report->traces.count)
        fprintf(out, "%s of the traces; ", COUNT(totals->sampled));
    fprintf(out, "estimates from %s recorded allocations, +- their standard error\n",
            COUNT(totals->counters.recorded));
}

/* Or what was held at another moment. */
static void print_peak(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    const struct counters *sums = &totals->counters;
    bool peak = report->at.kind == MOMENT_PEAK;
    struct format_buffer buffer;
    const char *title = peak ? "peak" : column_title_of(&buffer, report, REPORT_ORDER_PEAK);

    fprintf(out, "  %-*s %s", format_width(title, 12), title, BYTES(sums->peak_bytes));
    print_error(out, sums, REPORT_ORDER_PEAK);
    fprintf(out, " (%s bytes)", COUNT(sums->peak_bytes));
    if (!peak)
        fprintf(out, " in %s block%s", COUNT(sums->peak_blocks), sums->peak_blocks == 1 ? "" : "s");
    else if (scope_of_places(&report->scope))
        fputs(", held at the peak of everything", out);
    else if (report->traces.count > 1)
        fprintf(out, ", the sum of the traces' peaks; the highest is %s",
                BYTES(totals->largest_peak));
    else if (!totals->rate_unknown)
        fprintf(out, " at %s", DURATION(totals->peak_ns));
}

/* What of the leaked nothing points to any more. */
static void print_reach(FILE *out, const struct report *report) {
    const struct counters *sums = &report->totals.counters;
    uint64_t direct = sums->unreachable_blocks - sums->indirect_blocks;
    uint64_t known = sums->reachable_blocks + sums->unreachable_blocks;

    if (!sums->scanned || !sums->leaked_blocks)
        return;
    fprintf(out, "  unreachable  %s (%s bytes) in %s block%s", BYTES(sums->unreachable_bytes),
            COUNT(sums->unreachable_bytes), COUNT(sums->unreachable_blocks),
            sums->unreachable_blocks == 1 ? "" : "s");
    if (sums->unreachable_blocks)
        fprintf(out, ", %s of them directly", COUNT(direct));
    if (known < sums->leaked_blocks)
        fprintf(out, "; of %s block%s it is not known", COUNT(sums->leaked_blocks - known),
                sums->leaked_blocks - known == 1 ? "" : "s");
    fputc('\n', out);
}

static void print_summary(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    const struct counters *sums = &totals->counters;
    bool several = report->traces.count > 1;
    double seconds = totals->duration_ns / 1e9;

    scope_print(out, &report->scope);
    if (report->pool) {
        fputs("  pool         ", out);
        notes_clean(out, report->pool, strlen(report->pool));
        fputs(", apart from the heap\n", out);
    }
    print_sampling(out, report);
    if (totals->rate_unknown)
        fprintf(out, "  duration     unknown: the trace does not tell the rate of its clock\n");
    else
        fprintf(out, "  duration     %s%s\n", DURATION(totals->duration_ns),
                several ? " (the longest)" : "");
    fprintf(out, "  threads      %s\n", COUNT(totals->threads));
    fprintf(out, "  allocations  %s", COUNT(sums->allocations));
    print_error(out, sums, REPORT_ORDER_COUNT);
    if (!totals->rate_unknown && !several && seconds > 0 && sums->allocations &&
        selection_is_empty(&report->scope.selection))
        fprintf(out, " (%s a second)", COUNT((uint64_t)((double)sums->allocations / seconds)));
    fprintf(out, "\n  frees        %s", COUNT(sums->frees));
    print_count_error(out, sums, counters_error(sums->variances.frees, sums->largest.frees));
    fprintf(out, "\n  allocated    %s", BYTES(sums->allocated_bytes));
    print_error(out, sums, REPORT_ORDER_ALLOCATED);
    fprintf(out, " (%s bytes)\n", COUNT(sums->allocated_bytes));
    print_peak(out, report);
    fprintf(out, "\n  leaked       %s", BYTES(sums->leaked_bytes));
    print_error(out, sums, REPORT_ORDER_LEAKED);
    fprintf(out, " (%s bytes) in %s", COUNT(sums->leaked_bytes), COUNT(sums->leaked_blocks));
    print_count_error(out, sums,
                      counters_error(sums->variances.leaked_blocks, sums->largest.leaked_blocks));
    fprintf(out, " block%s\n", sums->leaked_blocks == 1 ? "" : "s");
    print_reach(out, report);
    if (sums->sampled) {
        fputs("  temporary    - (not to be known from samples)\n", out);
        return;
    }
    fprintf(out, "  temporary    %s (%s of the allocations)\n", COUNT(sums->temporary),
            SHARE(sums->temporary, sums->allocations));
}

/* The list is for orientation; JSON has all. */
enum { MAX_PHASES = 20 };

static void print_phase(FILE *out, const struct trace *trace, const struct mark *mark, bool first,
                        bool several) {
    char *name = names_utf8(mark->name, strlen(mark->name));

    fprintf(out, "  %-12s ", first ? "phases" : "");
    if (name)
        notes_clean(out, name, strlen(name));
    if (trace->defs.rate_known)
        fprintf(out, " at %s", DURATION(trace_ns(trace, mark->ticks)));
    if (several)
        fprintf(out, " (pid %u)", trace->reader.header.pid);
    fputc('\n', out);
    free(name);
}

static void print_phases(FILE *out, const struct report *report) {
    uint64_t count = 0;

    for (size_t i = 0; i < report->traces.count; i++) {
        const struct trace *trace = report->traces.items[i]->trace;

        for (size_t k = 0; k < trace->defs.marks.count; k++) {
            const struct mark *mark = &trace->defs.marks.items[k];

            if (mark->kind == MT_MARK_PHASE && count++ < MAX_PHASES)
                print_phase(out, trace, mark, count == 1, report->traces.count > 1);
        }
    }
    if (count > MAX_PHASES)
        fprintf(out, "  %-12s ... and %s more\n", "", COUNT(count - MAX_PHASES));
}

static void print_section_title(FILE *out, const struct report *report, enum report_order order) {
    const struct counters *sums = &report->totals.counters;

    switch (order) {
    case REPORT_ORDER_PEAK:
        fprintf(out, "Held most at %s of %s", column_moment(&(struct format_buffer){{0}}, report),
                BYTES(sums->peak_bytes));
        break;
    case REPORT_ORDER_LEAKED:
        fprintf(out, "Leaked most of %s", BYTES(sums->leaked_bytes));
        break;
    case REPORT_ORDER_ALLOCATED:
        fprintf(out, "Allocated most of %s", BYTES(sums->allocated_bytes));
        break;
    case REPORT_ORDER_COUNT:
        fprintf(out, "Allocated most often of %s times", COUNT(sums->allocations));
        break;
    case REPORT_ORDER_TEMPORARY:
        fprintf(out, "Most temporary allocations of %s", COUNT(sums->temporary));
        break;
    case REPORT_ORDER_LIFETIME:
        fputs("Lived longest in the mean", out);
        break;
    }
}

/* Of what is temporary, samples tell nothing: there is room for errors instead. */
static bool has_column(const struct counters *sums, int column, enum report_order order) {
    return column != (int)order &&
           (column != REPORT_ORDER_TEMPORARY || (!sums->sampled && order != REPORT_ORDER_LIFETIME));
}

static void print_row_head(FILE *out, size_t number, const struct report_row *row,
                           const struct counters *sums, enum report_order order) {
    struct format_buffer buffer;
    const char *cell = column_cell(&buffer, &row->counters, order);

    fprintf(out, "%4zu. %*s ", number, format_width(cell, 11), cell);
    if (order == REPORT_ORDER_LIFETIME) {
        fprintf(out, "%14s ", COUNT(row->counters.frees));
    } else {
        if (sums->sampled)
            fprintf(out, "+- %11s ", column_error(&buffer, &row->counters, order));
        fprintf(out, "%8s ", SHARE(report_value(&row->counters, order), report_value(sums, order)));
    }
    for (int i = 0; i < MT_COLUMNS; i++) {
        if (has_column(sums, i, order))
            fprintf(out, " %14s", column_cell(&buffer, &row->counters, (enum report_order)i));
    }
    fputc('\n', out);
}

static void print_section_columns(FILE *out, const struct report *report, enum report_order order) {
    const struct counters *sums = &report->totals.counters;
    struct format_buffer buffer;
    const char *title = column_title_of(&buffer, report, order);

    fprintf(out, "\n\n      %*s ", format_width(title, 11), title);
    if (order == REPORT_ORDER_LIFETIME)
        fprintf(out, "%14s ", "frees");
    else
        fprintf(out, "%*s%8s ", sums->sampled ? 15 : 0, sums->sampled ? "error " : "", "share");
    for (int i = 0; i < MT_COLUMNS; i++) {
        if (!has_column(sums, i, order))
            continue;
        title = column_title_of(&buffer, report, (enum report_order)i);
        fprintf(out, " %*s", format_width(title, 14), title);
    }
    fputc('\n', out);
}

static void print_section(FILE *out, const struct report *report, struct report_rows *rows,
                          const struct report_options *options, enum report_order order) {
    const struct counters *sums = &report->totals.counters;
    size_t shown = 0;
    size_t left = 0;

    if (order != REPORT_ORDER_LIFETIME && report_value(sums, order) == 0)
        return;
    report_sort(rows, order);
    fputc('\n', out);
    print_section_title(out, report, order);
    print_section_columns(out, report, order);
    for (size_t i = 0; i < rows->count; i++) {
        if (report_value(&rows->items[i].counters, order) == 0)
            break;
        if (report_too_small(&rows->items[i].counters, order, options->min_bytes))
            continue;
        if (options->limit && shown == options->limit) {
            left++;
            continue;
        }
        print_row_head(out, ++shown, &rows->items[i], sums, order);
        rows_print_names(out, &rows->items[i], options);
    }
    if (left)
        fprintf(out, "      ... and %s more (--limit 0 shows all)\n", COUNT(left));
}

static void print_threads(FILE *out, struct report *report, const struct report_options *options) {
    report_sort_threads(report, options->order);
    fprintf(out, "\nThreads\n\n  %6s  %-15s  %11s %11s %11s %12s %12s %10s\n", "thread", "name",
            "own peak", "leaked", "allocated", "allocations", "frees", "freed by");
    fprintf(out, "%99s\n", "others");
    for (size_t i = 0; i < report->threads.count; i++) {
        const struct report_thread *thread = &report->threads.items[i];

        if (options->limit && i == options->limit) {
            fprintf(out, "  ... and %s more (--limit 0 shows all)\n",
                    COUNT(report->threads.count - i));
            break;
        }
        fprintf(out, "  %6u  ", thread->id);
        notes_name(out, thread->def ? thread->def->name : "", 15);
        fprintf(out, "  %11s %11s %11s %12s %12s %10s\n", BYTES(thread->counters.peak_bytes),
                BYTES(thread->counters.leaked_bytes), BYTES(thread->counters.allocated_bytes),
                COUNT(thread->counters.allocations), COUNT(thread->counters.frees),
                COUNT(thread->freed_by_others));
    }
}

static bool print_lists(FILE *out, struct report *report, const struct report_options *options,
                        struct error *error) {
    static const enum report_order usual[] = {REPORT_ORDER_PEAK, REPORT_ORDER_LEAKED,
                                              REPORT_ORDER_COUNT};
    struct report_rows rows;

    if (options->by == REPORT_BY_THREAD) {
        print_threads(out, report, options);
        return true;
    }
    if (!report_group(report, options->by, !options->no_fold, &rows, error))
        return false;
    if (options->one_order) {
        print_section(out, report, &rows, options, options->order);
    } else {
        for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
            print_section(out, report, &rows, options, usual[i]);
    }
    report_rows_free(&rows);
    return true;
}

static bool print_view(FILE *out, struct report *report, const struct report_options *options,
                       struct error *error) {
    switch (options->view) {
    case REPORT_VIEW_USUAL:
        if (!print_lists(out, report, options, error))
            return false;
        return options->by != REPORT_BY_FUNCTION || options->order == REPORT_ORDER_LIFETIME ||
               (tree_print(out, report, options, false, error) &&
                tree_print(out, report, options, true, error));
    case REPORT_VIEW_CONTEXTS:
        return print_lists(out, report, options, error);
    case REPORT_VIEW_TOP_DOWN:
    case REPORT_VIEW_BOTTOM_UP:
        break;
    }
    return tree_print(out, report, options, options->view == REPORT_VIEW_BOTTOM_UP, error);
}

static bool write_report(FILE *out, struct report *report, const struct report_options *options,
                         struct error *error) {
    notes_title(out, "report", report);
    print_summary(out, report);
    print_phases(out, report);
    notes_print(out, report, true);
    return print_view(out, report, options, error);
}

const struct output_ops output_text = {"text", write_report, errors_print, dump_event_text};
