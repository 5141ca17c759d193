/* memtrack peak for programs. */
#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/peak.h"

static json_t *age_number(const struct report *report, const struct held_sum *sum) {
    double ns = held_age_ns(sum);

    return ns < 0 || report->totals.rate_unknown ? json_null() : json_rounded(ns);
}

static void set_sum(json_t *object, const struct report *report, const struct held_sum *sum) {
    JSON_SET(object, "held_bytes", json_rounded(sum->bytes));
    JSON_SET(object, "held_blocks", json_rounded(sum->blocks));
    JSON_SET(object, "mean_age_ns", age_number(report, sum));
}

static json_t *moment_object(const struct report *report, const struct held_report *held) {
    const struct report_totals *totals = &report->totals;
    bool one = report->traces.count == 1 && !totals->rate_unknown;
    json_t *object = json_object();

    JSON_SET(object, "at", json_text(report->at.text ? report->at.text : "peak"));
    JSON_SET(object, "time_ns", one ? json_rounded(totals->peak_ns) : json_null());
    JSON_SET(object, "held_bytes", json_number_of(totals->counters.peak_bytes));
    JSON_SET(object, "held_blocks", json_number_of(totals->counters.peak_blocks));
    JSON_SET(object, "mean_age_ns", age_number(report, &held->total));
    return object;
}

static json_t *share_object(const struct report *report, const struct held_report *held,
                            const struct held_share *share) {
    const struct held_thread *thread = &held->threads.items[share->thread];
    json_t *object = json_object();

    JSON_SET(object, "thread", thread->any ? json_null() : json_integer(thread->id));
    JSON_SET(object, "pid", json_integer(thread->trace->reader.header.pid));
    set_sum(object, report, &share->sum);
    return object;
}

static json_t *held_object(const struct report *report, const struct held_report *held,
                           const struct held_row *row, const struct report_options *options) {
    json_t *object = json_row(&row->row, options->by, !options->no_fold);
    json_t *shares = json_array();

    JSON_SET(object, "mean_age_ns", age_number(report, &row->sum));
    for (size_t i = 0; i < row->share_count; i++)
        json_array_append_new(shares, share_object(report, held, &row->shares[i]));
    JSON_SET(object, "held_by", shares);
    return object;
}

static void write_rows(FILE *out, const struct report *report, const struct held_report *held,
                       const struct report_options *options) {
    size_t written = 0;

    fprintf(out, "\"%s\": [", options->by == REPORT_BY_CONTEXT ? "contexts" : "groups");
    for (size_t i = 0; i < held->rows.count; i++) {
        const struct held_row *row = &held->rows.items[i];

        if (row->row.counters.peak_bytes >= options->min_bytes)
            json_write_item(out, written++, held_object(report, held, row, options));
    }
    fputs("],\n", out);
}

static void write_threads(FILE *out, const struct report *report, const struct held_report *held) {
    fputs("\"threads\": [", out);
    for (size_t i = 0; i < held->thread_count; i++) {
        const struct held_thread *thread = &held->threads.items[held->thread_order[i]];
        json_t *object = json_object();

        if (thread->any)
            JSON_SET(object, "id", json_null());
        else
            json_set_thread(object, thread->trace, thread->id);
        set_sum(object, report, &thread->sum);
        json_write_item(out, i, object);
    }
    fputs("]}\n", out);
}

void peak_write_json(FILE *out, const struct report *report, const struct held_report *held,
                     const struct report_options *options) {
    json_write_head(out, report);
    json_write_member(out, "peak", moment_object(report, held));
    if (options->by != REPORT_BY_THREAD)
        write_rows(out, report, held, options);
    write_threads(out, report, held);
}
