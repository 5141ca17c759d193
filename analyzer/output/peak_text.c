/* memtrack peak for a terminal. */
#include "output/cells.h"
#include "output/columns.h"
#include "output/notes.h"
#include "output/peak.h"
#include "output/rows.h"
#include "output/scope.h"
#include "util/format.h"
#include "util/names.h"

#include <stdlib.h>
#include <string.h>

static void print_age(FILE *out, const struct held_sum *sum, bool known) {
    double ns = held_age_ns(sum);
    struct format_buffer buffer;
    const char *text = ns < 0 || !known ? "-" : format_duration(&buffer, ns);

    fprintf(out, "%*s", format_width(text, 12), text);
}

static void print_moment(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    struct format_buffer buffer;

    fprintf(out, "  moment       %s", column_moment(&buffer, report));
    if (report->traces.count > 1)
        fprintf(out,
                report->at.kind == MOMENT_TIME ? " of each trace's own time" : " of each trace");
    else if (report->at.kind != MOMENT_TIME && !totals->rate_unknown)
        fprintf(out, ", at %s", DURATION(totals->peak_ns));
    if (!totals->rate_unknown)
        fprintf(out, " of %s", DURATION(totals->duration_ns));
    if (report->at.kind == MOMENT_TIME && report->traces.count == 1 && !totals->rate_unknown &&
        report->at.value > totals->duration_ns)
        fputs(", after the recording's end", out);
    fputc('\n', out);
}

static void print_summary(FILE *out, const struct report *report, const struct held_report *held) {
    const struct counters *sums = &report->totals.counters;

    scope_print(out, &report->scope);
    print_moment(out, report);
    fprintf(out, "  held         %s", BYTES(sums->peak_bytes));
    if (sums->sampled)
        fprintf(out, " +- %s", column_error(&(struct format_buffer){{0}}, sums, REPORT_ORDER_PEAK));
    fprintf(out, " (%s bytes) in %s block%s\n", COUNT(sums->peak_bytes), COUNT(sums->peak_blocks),
            sums->peak_blocks == 1 ? "" : "s");
    if (held->total.blocks > 0 && !report->totals.rate_unknown)
        fprintf(out, "  mean age     %s\n", DURATION(held_age_ns(&held->total)));
    if (sums->sampled)
        fprintf(out, "  sampled      all figures are estimates; +- their standard error\n");
}

static const char *thread_name(const struct held_thread *thread) {
    const struct thread_def *def =
        thread->any ? NULL : defs_thread(&thread->trace->defs, thread->id);

    return thread->any ? "others" : def ? def->name : "";
}

/* At most 15 columns, and a space after them. */
static void print_short_name(FILE *out, const char *name) {
    char *clean = names_utf8(name, strlen(name));

    if (clean && clean[0])
        fprintf(out, "%.*s ", (int)names_prefix(clean, 15), clean);
    free(clean);
}

/* "2 worker 85 %": who allocated most of it. */
static void print_largest_thread(FILE *out, const struct held_report *held,
                                 const struct held_row *row) {
    const struct held_thread *thread;

    if (!row->share_count || row->sum.bytes <= 0)
        return;
    thread = &held->threads.items[row->shares[0].thread];
    fputs("  ", out);
    if (!thread->any)
        fprintf(out, "%u ", thread->id);
    print_short_name(out, thread_name(thread));
    fprintf(out, "%.0f %%", 100 * row->shares[0].sum.bytes / row->sum.bytes);
}

static void print_rows(FILE *out, const struct report *report, const struct held_report *held,
                       const struct report_options *options, bool threads) {
    const struct counters *sums = &report->totals.counters;
    size_t shown = 0, left = 0;

    if (!held->rows.count)
        return;
    fprintf(out, "\nHeld most of %s\n\n      %11s ", BYTES(sums->peak_bytes), "held");
    if (sums->sampled)
        fprintf(out, "%14s ", "error");
    fprintf(out, "%8s %14s %11s %12s%s\n", "share", "blocks", "mean size", "mean age",
            threads ? "  largest thread" : "");
    for (size_t i = 0; i < held->rows.count; i++) {
        const struct held_row *row = &held->rows.items[i];
        const struct counters *counters = &row->row.counters;

        if (counters->peak_bytes < options->min_bytes)
            continue;
        if (options->limit && shown == options->limit) {
            left++;
            continue;
        }
        fprintf(out, "%4zu. %11s ", ++shown, BYTES(counters->peak_bytes));
        if (sums->sampled)
            fprintf(out, "+- %11s ",
                    column_error(&(struct format_buffer){{0}}, counters, REPORT_ORDER_PEAK));
        fprintf(out, "%8s %14s %11s ", SHARE(counters->peak_bytes, sums->peak_bytes),
                COUNT(counters->peak_blocks),
                counters->peak_blocks ? BYTES(counters->peak_bytes / counters->peak_blocks) : "-");
        print_age(out, &row->sum, !report->totals.rate_unknown);
        if (threads)
            print_largest_thread(out, held, row);
        fputc('\n', out);
        rows_print_names(out, &row->row, options);
    }
    if (left)
        fprintf(out, "      ... and %s more (--limit 0 shows all)\n", COUNT(left));
}

static void print_threads(FILE *out, const struct report *report, const struct held_report *held,
                          const struct report_options *options) {
    size_t count = held->thread_count;

    if (count)
        fprintf(out, "\nAllocated by\n\n  %6s  %-15s  %11s %8s %14s %12s\n", "thread", "name",
                "held", "share", "blocks", "mean age");
    for (size_t i = 0; i < count; i++) {
        const struct held_thread *thread = &held->threads.items[held->thread_order[i]];
        uint64_t bytes = weights_rounded(thread->sum.bytes);

        if (options->limit && i == options->limit) {
            fprintf(out, "  ... and %s more (--limit 0 shows all)\n", COUNT(count - i));
            break;
        }
        if (thread->any)
            fprintf(out, "  %6s  ", "");
        else
            fprintf(out, "  %6u  ", thread->id);
        notes_name(out, thread_name(thread), 15);
        fprintf(out, "  %11s %8s %14s ", BYTES(bytes),
                SHARE(bytes, weights_rounded(held->total.bytes)),
                COUNT(weights_rounded(thread->sum.blocks)));
        print_age(out, &thread->sum, !report->totals.rate_unknown);
        fputc('\n', out);
    }
}

void peak_print(FILE *out, const struct report *report, const struct held_report *held,
                const struct report_options *options) {
    bool threads = held->thread_count > 1;

    notes_title(out, "peak", report);
    print_summary(out, report, held);
    notes_print(out, report, false);
    if (options->by != REPORT_BY_THREAD)
        print_rows(out, report, held, options, threads);
    if (threads || options->by == REPORT_BY_THREAD)
        print_threads(out, report, held, options);
}
