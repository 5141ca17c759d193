/* memtrack lifetimes for programs. */
#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/lifetimes.h"

/* Where a bucket ends; the last one has no end. */
static json_t *bucket_end(unsigned bucket) {
    return bucket + 1 < HISTOGRAM_BUCKETS ? json_number_of(histogram_from(bucket + 1))
                                          : json_null();
}

static json_t *buckets_array(const struct histogram_total *totals, unsigned coarse,
                             const char *from, const char *below) {
    json_t *array = json_array();

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        json_t *object;

        if (totals[i].blocks <= 0)
            continue;
        object = json_object();
        JSON_SET(object, from, json_number_of(i <= coarse ? 0 : histogram_from(i)));
        JSON_SET(object, below, bucket_end(i));
        JSON_SET(object, "blocks", json_rounded(totals[i].blocks));
        JSON_SET(object, "bytes", json_rounded(totals[i].bytes));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *lifetimes_object(const struct report *report,
                                const struct lifetime_report *lifetimes) {
    struct histogram_total freed = lifetime_freed(lifetimes);
    bool known = !report->totals.rate_unknown;
    json_t *object = json_object();

    JSON_SET(object, "buckets",
             known ? buckets_array(lifetimes->lifetimes, lifetimes->coarse, "from_ns", "below_ns")
                   : json_array());
    JSON_SET(object, "freed_blocks", json_rounded(freed.blocks));
    JSON_SET(object, "freed_bytes", json_rounded(freed.bytes));
    JSON_SET(object, "mean_ns",
             known && freed.blocks > 0 ? json_rounded(lifetimes->lifetime_ns / freed.blocks)
                                       : json_null());
    JSON_SET(object, "live_blocks", json_rounded(lifetimes->left.blocks));
    JSON_SET(object, "live_bytes", json_rounded(lifetimes->left.bytes));
    JSON_SET(object, "unknown_blocks", json_rounded(lifetimes->unknown.blocks));
    JSON_SET(object, "unknown_bytes", json_rounded(lifetimes->unknown.bytes));
    JSON_SET(object, "short_ns", json_rounded(lifetimes->options.short_ns));
    JSON_SET(object, "long_ns", json_rounded(lifetimes->options.long_ns));
    JSON_SET(object, "large_bytes", json_number_of(lifetimes->options.large));
    JSON_SET(object, "small_bytes", json_number_of(lifetimes->options.small));
    return object;
}

static json_t *sizes_object(const struct lifetime_report *lifetimes) {
    json_t *object = json_object();

    JSON_SET(object, "buckets", buckets_array(lifetimes->sizes, 0, "from_bytes", "below_bytes"));
    return object;
}

/* Compact: where the first bucket ends, and the blocks of each, the end of which is twice that of
 * the one before. */
static json_t *histogram_object(const struct histogram *histogram, const char *below) {
    json_t *object = json_object();
    json_t *blocks = json_array();

    for (unsigned i = 0; i < histogram->count; i++)
        json_array_append_new(blocks, json_rounded(histogram_at(histogram, histogram->first + i)));
    JSON_SET(object, below, histogram->count ? bucket_end(histogram->first) : json_null());
    JSON_SET(object, "blocks", blocks);
    return object;
}

static json_t *row_object(const struct lifetime_row *row, const struct report_options *options) {
    const struct context_histograms *histograms = &row->histograms;
    double freed = histogram_total(&histograms->lifetimes);
    json_t *object = json_row(&row->row, options->by, !options->no_fold);

    JSON_SET(object, "mean_lifetime_ns",
             freed > 0 ? json_rounded(histograms->lifetime_ns / freed) : json_null());
    JSON_SET(object, "lifetimes", histogram_object(&histograms->lifetimes, "below_ns"));
    JSON_SET(object, "sizes", histogram_object(&histograms->sizes, "below_bytes"));
    JSON_SET(object, "short_large_bytes", json_rounded(histograms->short_large.bytes));
    JSON_SET(object, "short_large_blocks", json_rounded(histograms->short_large.blocks));
    JSON_SET(object, "long_small_bytes", json_rounded(histograms->long_small.bytes));
    JSON_SET(object, "long_small_blocks", json_rounded(histograms->long_small.blocks));
    return object;
}

void lifetimes_write_json(FILE *out, const struct report *report, struct lifetime_report *lifetimes,
                          const struct report_options *options) {
    size_t written = 0;

    json_write_head(out, report);
    json_write_member(out, "lifetimes", lifetimes_object(report, lifetimes));
    json_write_member(out, "sizes", sizes_object(lifetimes));
    lifetime_report_sort(lifetimes, LIFETIME_BY_ORDER, options->order);
    fprintf(out, "\"%s\": [", options->by == REPORT_BY_CONTEXT ? "contexts" : "groups");
    for (size_t i = 0; i < lifetimes->rows.count; i++) {
        const struct lifetime_row *row = &lifetimes->rows.items[i];

        if (!report_too_small(&row->row.counters, options->order, options->min_bytes))
            json_write_item(out, written++, row_object(row, options));
    }
    fputs("]}\n", out);
}
