/* memtrack lifetimes for a terminal. */
#include "output/cells.h"
#include "output/chart.h"
#include "output/columns.h"
#include "output/lifetimes.h"
#include "output/notes.h"
#include "output/rows.h"
#include "output/scope.h"
#include "util/format.h"

enum { BAR = 40 };

static void print_cell(FILE *out, const char *text, int columns) {
    fprintf(out, "%*s", format_width(text, columns), text);
}

static const char *plural(double count) {
    return weights_rounded(count) == 1 ? "" : "s";
}

typedef const char *value_name(struct format_buffer *buffer, uint64_t value);

static const char *name_time(struct format_buffer *buffer, uint64_t value) {
    return format_duration(buffer, (double)value);
}

static const char *name_size(struct format_buffer *buffer, uint64_t value) {
    return format_bytes(buffer, value);
}

/* What all values of a bucket are less than. */
static const char *below(struct format_buffer *buffer, unsigned bucket, value_name *name) {
    return bucket + 1 < HISTOGRAM_BUCKETS ? name(buffer, histogram_from(bucket + 1)) : "any";
}

static void print_summary(FILE *out, const struct report *report,
                          const struct lifetime_report *lifetimes) {
    struct histogram_total freed = lifetime_freed(lifetimes);

    scope_print(out, &report->scope);
    if (report->totals.counters.sampled)
        fputs("  sampled      all figures are estimates of what the program did\n", out);
    if (report->totals.rate_unknown)
        fputs("  duration     unknown: the trace does not tell the rate of its clock\n", out);
    else
        fprintf(out, "  duration     %s\n", DURATION(report->totals.duration_ns));
    fprintf(out, "  freed        %s block%s of %s", COUNT_OF(freed.blocks), plural(freed.blocks),
            BYTES(weights_rounded(freed.bytes)));
    if (freed.blocks > 0 && !report->totals.rate_unknown)
        fprintf(out, ", which lived %s in the mean",
                DURATION(lifetimes->lifetime_ns / freed.blocks));
    fprintf(out, "\n  not freed    %s block%s of %s\n", COUNT_OF(lifetimes->left.blocks),
            plural(lifetimes->left.blocks), BYTES(weights_rounded(lifetimes->left.bytes)));
    if (weights_rounded(lifetimes->unknown.blocks))
        fprintf(out, "  not known    %s block%s of %s: how long %s lived, as the free was missed\n",
                COUNT_OF(lifetimes->unknown.blocks), plural(lifetimes->unknown.blocks),
                BYTES(weights_rounded(lifetimes->unknown.bytes)),
                weights_rounded(lifetimes->unknown.blocks) == 1 ? "it" : "they");
}

static void print_bar(FILE *out, double value, double largest, bool ascii) {
    int eighths = chart_eighths(value, largest, BAR);

    fputs(eighths ? "  " : "", out);
    for (int i = 0; i < (eighths + 7) / 8; i++)
        fputs(ascii ? "#" : "█", out);
}

static void print_histogram(FILE *out, const char *title, const struct histogram_total *totals,
                            value_name *name, bool ascii) {
    struct histogram_total sum = {0, 0};
    unsigned first = HISTOGRAM_BUCKETS, end = 0;
    double largest = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (!weights_rounded(totals[i].blocks))
            continue;
        first = i < first ? i : first;
        end = i + 1;
        sum.blocks += totals[i].blocks;
        sum.bytes += totals[i].bytes;
        largest = totals[i].blocks > largest ? totals[i].blocks : largest;
    }
    if (first >= end)
        return;
    fprintf(out, "\n%s\n\n  %11s %14s %8s %11s %8s\n", title, "less than", "blocks", "share",
            "bytes", "share");
    for (unsigned i = first; i < end; i++) {
        struct format_buffer buffer;

        fputs("  ", out);
        print_cell(out, below(&buffer, i, name), 11);
        fprintf(out, " %14s %8s %11s %8s", COUNT_OF(totals[i].blocks),
                SHARE_OF(totals[i].blocks, sum.blocks), BYTES(weights_rounded(totals[i].bytes)),
                SHARE_OF(totals[i].bytes, sum.bytes));
        print_bar(out, totals[i].blocks, largest, ascii);
        fputc('\n', out);
    }
}

/* "16 B |▁▂█▁| 128 B"; the first bucket begins at `least`. */
static void print_small(FILE *out, const char *title, const struct histogram *histogram,
                        uint64_t least, value_name *name, bool ascii) {
    struct format_buffer from, to;
    double values[HISTOGRAM_BUCKETS], largest = 0;

    if (!histogram->count)
        return;
    for (unsigned i = 0; i < histogram->count; i++) {
        values[i] = histogram_at(histogram, histogram->first + i);
        largest = values[i] > largest ? values[i] : largest;
    }
    fprintf(out, "%s %s |", title, name(&from, least));
    chart_line(out, values, histogram->count, largest, ascii);
    fprintf(out, "| %s", below(&to, histogram->first + histogram->count - 1u, name));
}

static void print_row(FILE *out, size_t number, const struct lifetime_report *lifetimes,
                      const struct lifetime_row *row, const struct report_options *options,
                      bool ascii) {
    const struct context_histograms *histograms = &row->histograms;
    const struct histogram *lives = &histograms->lifetimes;
    const struct histogram *sizes = &histograms->sizes;
    double freed = histogram_total(lives);
    struct format_buffer cell;

    fprintf(out, "%4zu. ", number);
    print_cell(out, column_cell(&cell, &row->row.counters, options->order), 11);
    fprintf(out, " %14s ", COUNT_OF(freed));
    print_cell(out, freed > 0 ? DURATION(histograms->lifetime_ns / freed) : "-", 11);
    fputc(' ', out);
    print_cell(out, freed > 0 ? below(&cell, histogram_quantile(lives, 0.5), name_time) : "-", 11);
    fputc(' ', out);
    print_cell(out, freed > 0 ? below(&cell, histogram_quantile(lives, 0.9), name_time) : "-", 11);
    fprintf(out, " %11s\n",
            sizes->count ? below(&cell, histogram_quantile(sizes, 0.5), name_size) : "-");
    fprintf(out, "%8s", "");
    print_small(out, "lifetimes", lives, lifetime_from(lifetimes, lives->first), name_time, ascii);
    fputs(lives->count ? "   " : "", out);
    print_small(out, "sizes", sizes, histogram_from(sizes->first), name_size, ascii);
    fputc('\n', out);
    rows_print_names(out, &row->row, options);
}

static void print_left(FILE *out, size_t left) {
    if (left)
        fprintf(out, "      ... and %s more (--limit 0 shows all)\n", COUNT(left));
}

static void print_rows(FILE *out, const struct lifetime_report *lifetimes,
                       const struct report_options *options, bool ascii) {
    size_t shown = 0, left = 0;

    fprintf(out, "\nBy %s\n\n      %11s %14s %11s %11s %11s %11s\n", column_title(options->order),
            column_title(options->order), "freed", "mean life", "half died", "90 % died",
            "half are");
    fprintf(out, "%57s %11s %11s\n", "before", "before", "less than");
    for (size_t i = 0; i < lifetimes->rows.count; i++) {
        const struct lifetime_row *row = &lifetimes->rows.items[i];

        if (report_value(&row->row.counters, options->order) == 0)
            break;
        if (report_too_small(&row->row.counters, options->order, options->min_bytes))
            continue;
        if (options->limit && shown == options->limit)
            left++;
        else
            print_row(out, ++shown, lifetimes, row, options, ascii);
    }
    print_left(out, left);
}

/* Rows in the order of the list, until the first that has nothing of it. */
static void print_list(FILE *out, const struct lifetime_report *lifetimes,
                       const struct report_options *options, bool large) {
    size_t shown = 0, left = 0;

    for (size_t i = 0; i < lifetimes->rows.count; i++) {
        const struct lifetime_row *row = &lifetimes->rows.items[i];
        const struct histogram_total *sum =
            large ? &row->histograms.short_large : &row->histograms.long_small;
        if (sum->blocks <= 0)
            break;
        if (sum->bytes < (double)options->min_bytes)
            continue;
        if (options->limit && shown == options->limit) {
            left++;
            continue;
        }
        fprintf(out, "%4zu. %14s %11s %11s ", ++shown, COUNT_OF(sum->blocks),
                BYTES(weights_rounded(sum->bytes)),
                BYTES(weights_rounded(sum->bytes / sum->blocks)));
        fprintf(out, "%13s\n", SHARE_OF(sum->blocks, histogram_total(&row->histograms.sizes)));
        rows_print_names(out, &row->row, options);
    }
    print_left(out, left);
}

static void print_lists(FILE *out, struct lifetime_report *lifetimes,
                        const struct report_options *options) {
    const struct histograms_options *how = &lifetimes->options;

    lifetime_report_sort(lifetimes, LIFETIME_BY_SHORT_LARGE, options->order);
    if (lifetimes->rows.count && lifetimes->rows.items[0].histograms.short_large.blocks > 0) {
        fprintf(out, "\nLarge blocks that died soon: %s and more, freed within %s\n\n",
                BYTES(how->large), DURATION(how->short_ns));
        fprintf(out, "      %14s %11s %11s %s\n", "blocks", "bytes", "mean size", "of its blocks");
        print_list(out, lifetimes, options, true);
    }
    lifetime_report_sort(lifetimes, LIFETIME_BY_LONG_SMALL, options->order);
    if (lifetimes->rows.count && lifetimes->rows.items[0].histograms.long_small.blocks > 0) {
        fprintf(out, "\nSmall blocks that stay: up to %s, live for %s and longer\n\n",
                BYTES(how->small), DURATION(how->long_ns));
        fprintf(out, "      %14s %11s %11s %s\n", "blocks", "bytes", "mean size", "of its blocks");
        print_list(out, lifetimes, options, false);
    }
}

void lifetimes_print(FILE *out, const struct report *report, struct lifetime_report *lifetimes,
                     const struct report_options *options, bool ascii) {
    notes_title(out, "lifetimes", report);
    print_summary(out, report, lifetimes);
    notes_print(out, report, false);
    if (!report->totals.rate_unknown)
        print_histogram(out, "Lifetimes of what was freed", lifetimes->lifetimes, name_time, ascii);
    print_histogram(out, "Sizes of what was allocated", lifetimes->sizes, name_size, ascii);
    lifetime_report_sort(lifetimes, LIFETIME_BY_ORDER, options->order);
    if (lifetimes->rows.count)
        print_rows(out, lifetimes, options, ascii);
    print_lists(out, lifetimes, options);
}
