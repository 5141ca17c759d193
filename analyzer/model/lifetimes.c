#define _GNU_SOURCE
#include "model/lifetimes.h"

#include <stdlib.h>

static void add(struct histogram_total *sum, const struct histogram_total *more) {
    sum->blocks += more->blocks;
    sum->bytes += more->bytes;
}

static unsigned clamp(unsigned bucket, unsigned coarse) {
    return bucket < coarse ? coarse : bucket;
}

static bool merge_lifetimes(struct histogram *sum, const struct histogram *more, unsigned coarse) {
    for (unsigned i = 0; i < more->count; i++) {
        unsigned bucket = more->first + i;
        double blocks = histogram_at(more, bucket);

        if (blocks > 0 && !histogram_add(sum, clamp(bucket, coarse), blocks))
            return false;
    }
    return true;
}

static bool merge(struct context_histograms *sum, const struct context_histograms *more,
                  unsigned coarse) {
    sum->lifetime_ns += more->lifetime_ns;
    add(&sum->short_large, &more->short_large);
    add(&sum->long_small, &more->long_small);
    return merge_lifetimes(&sum->lifetimes, &more->lifetimes, coarse) &&
           histogram_merge(&sum->sizes, &more->sizes);
}

static void add_totals(struct lifetime_report *lifetimes, const struct histograms *histograms) {
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        add(&lifetimes->lifetimes[clamp((unsigned)i, lifetimes->coarse)],
            &histograms->lifetimes[i]);
        add(&lifetimes->sizes[i], &histograms->sizes[i]);
    }
    add(&lifetimes->unknown, &histograms->unknown);
    add(&lifetimes->left, &histograms->left);
}

static bool add_rows(struct lifetime_report *lifetimes, const struct report_rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        struct lifetime_row *row = MT_LIST_ADD(lifetimes->rows);

        if (!row)
            return false;
        *row = (struct lifetime_row){.row = rows->items[i]};
    }
    return true;
}

struct how {
    enum report_by by;
    bool fold;
};

static bool add_contexts(struct lifetime_report *lifetimes, const struct report_rows *rows,
                         const struct chains *chains, const struct histograms *histograms,
                         struct how how) {
    for (size_t i = 0; i < histograms->context_count; i++) {
        const struct context_histograms *context = &histograms->contexts[i];
        uint32_t row;

        if (!context->sizes.count)
            continue;
        lifetimes->lifetime_ns += context->lifetime_ns;
        row = report_find_row(rows, how.by, how.fold, chains, (uint32_t)i);
        if (row != MT_ID_MAP_NONE &&
            !merge(&lifetimes->rows.items[row].histograms, context, lifetimes->coarse))
            return false;
    }
    return true;
}

static void find_resolution(struct lifetime_report *lifetimes, const struct report *report) {
    for (size_t i = 0; i < report->traces.count; i++) {
        const struct trace *trace = report->traces.items[i]->trace;
        double ns = (double)trace->reader.early_ticks * trace->defs.ns_per_tick;
        unsigned bucket = histogram_bucket(ns < 1e15 ? (uint64_t)ns : (uint64_t)1e15);

        lifetimes->coarse = clamp(lifetimes->coarse, bucket);
    }
}

bool lifetime_report_make(struct lifetime_report *lifetimes, const struct report *report,
                          const struct observers *observers, size_t index, enum report_by by,
                          bool fold, struct error *error) {
    struct report_rows rows;
    bool good;

    *lifetimes = (struct lifetime_report){.lifetime_ns = 0};
    if (!report_group(report, by, fold, &rows, error))
        return false;
    good = add_rows(lifetimes, &rows);
    find_resolution(lifetimes, report);
    for (size_t i = 0; good && i < report->traces.count; i++) {
        const struct histograms *histograms = histograms_of(observers[i].items[index]);

        if (i == 0)
            lifetimes->options = histograms->options;
        add_totals(lifetimes, histograms);
        good = add_contexts(lifetimes, &rows, report->traces.items[i], histograms,
                            (struct how){by, fold});
    }
    report_rows_free(&rows);
    if (good)
        return true;
    lifetime_report_free(lifetimes);
    return error_no_memory(error);
}

void lifetime_report_free(struct lifetime_report *lifetimes) {
    for (size_t i = 0; i < lifetimes->rows.count; i++) {
        histogram_free(&lifetimes->rows.items[i].histograms.lifetimes);
        histogram_free(&lifetimes->rows.items[i].histograms.sizes);
    }
    free(lifetimes->rows.items);
    *lifetimes = (struct lifetime_report){.lifetime_ns = 0};
}

struct sorting {
    enum lifetime_order by;
    enum report_order order;
};

static double value_of(const struct lifetime_row *row, const struct sorting *sorting) {
    switch (sorting->by) {
    case LIFETIME_BY_SHORT_LARGE:
        return row->histograms.short_large.bytes;
    case LIFETIME_BY_LONG_SMALL:
        return row->histograms.long_small.blocks;
    case LIFETIME_BY_ORDER:
        break;
    }
    return (double)report_value(&row->row.counters, sorting->order);
}

static int compare(const void *left, const void *right, void *data) {
    const struct lifetime_row *a = left;
    const struct lifetime_row *b = right;
    double value_a = value_of(a, data), value_b = value_of(b, data);

    if (value_a != value_b)
        return value_a > value_b ? -1 : 1;
    return (a->row.key > b->row.key) - (a->row.key < b->row.key);
}

void lifetime_report_sort(struct lifetime_report *lifetimes, enum lifetime_order by,
                          enum report_order order) {
    struct sorting sorting = {by, order};

    if (lifetimes->rows.count)
        qsort_r(lifetimes->rows.items, lifetimes->rows.count, sizeof(*lifetimes->rows.items),
                compare, &sorting);
}

struct histogram_total lifetime_freed(const struct lifetime_report *lifetimes) {
    struct histogram_total sum = {0, 0};

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        add(&sum, &lifetimes->lifetimes[i]);
    return sum;
}
