#define _GNU_SOURCE
#include "model/held.h"

#include "model/filter.h"

#include <stdlib.h>
#include <string.h>

static void add(struct held_sum *sum, const struct held_sum *more) {
    sum->bytes += more->bytes;
    sum->blocks += more->blocks;
    sum->age_ns += more->age_ns;
}

/* Threads of the trace, by stream and behind them the one for any; indices among all. */
static bool add_threads(struct held_report *held, const struct trace *trace) {
    for (size_t i = 0; i <= trace->reader.stream_count; i++) {
        struct held_thread *thread = MT_LIST_ADD(held->threads);

        if (!thread)
            return false;
        *thread = (struct held_thread){.trace = trace, .any = i == trace->reader.stream_count};
        if (!thread->any)
            thread->id = trace->reader.streams[i].thread;
    }
    return true;
}

struct how {
    enum report_by by;
    bool fold;
};

/* What one trace's holders held goes to the rows of their contexts. */
static bool add_holders(struct held_report *held, const struct report_rows *rows,
                        const struct chains *chains, const struct holders *holders,
                        const bool *places, struct how how) {
    size_t first = held->threads.count;

    if (!add_threads(held, chains->trace))
        return false;
    for (size_t i = 0; i < holders->items.count; i++) {
        const struct holder *holder = &holders->items.items[i];
        struct held_share *share;
        uint32_t row;

        /* Of what was there and went, rounding may have left a trifle. */
        if (holder->then.blocks < 1e-3 || (places && !places[holder->context]))
            continue;
        row = report_find_row(rows, how.by, how.fold, chains, holder->context);
        if (row == MT_ID_MAP_NONE)
            continue;
        share = MT_LIST_ADD(held->shares);
        if (!share)
            return false;
        *share = (struct held_share){
            .row = row,
            .thread = (uint32_t)(first + (holder->stream == MT_NO_STREAM
                                              ? chains->trace->reader.stream_count
                                              : holder->stream)),
            .sum = {holder->then.bytes, holder->then.blocks,
                    holder->then.blocks * holders_age_ns(holders, &holder->then)},
        };
    }
    return true;
}

static int compare_places(const void *left, const void *right) {
    const struct held_share *a = left;
    const struct held_share *b = right;

    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->thread > b->thread) - (a->thread < b->thread);
}

static int compare_shares(const void *left, const void *right) {
    const struct held_share *a = left;
    const struct held_share *b = right;

    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    if (a->sum.bytes != b->sum.bytes)
        return a->sum.bytes > b->sum.bytes ? -1 : 1;
    return (a->thread > b->thread) - (a->thread < b->thread);
}

static int compare_rows(const void *left, const void *right) {
    const struct held_row *a = left;
    const struct held_row *b = right;
    uint64_t held_a = a->row.counters.peak_bytes, held_b = b->row.counters.peak_bytes;
    uint64_t blocks_a = a->row.counters.peak_blocks, blocks_b = b->row.counters.peak_blocks;

    if (held_a != held_b)
        return held_a > held_b ? -1 : 1;
    if (blocks_a != blocks_b)
        return blocks_a > blocks_b ? -1 : 1;
    return (a->row.key > b->row.key) - (a->row.key < b->row.key);
}

/* Several contexts of a row may be one thread's. */
static void join_shares(struct held_report *held) {
    struct held_share *shares = held->shares.items;
    size_t count = 0;

    if (!held->shares.count)
        return;
    qsort(shares, held->shares.count, sizeof(*shares), compare_places);
    for (size_t i = 0; i < held->shares.count; i++) {
        if (count && compare_places(&shares[count - 1], &shares[i]) == 0)
            add(&shares[count - 1].sum, &shares[i].sum);
        else
            shares[count++] = shares[i];
    }
    held->shares.count = count;
    qsort(shares, count, sizeof(*shares), compare_shares);
}

static void sum_up(struct held_report *held) {
    size_t row = 0;

    for (size_t i = 0; i < held->shares.count; i++) {
        const struct held_share *share = &held->shares.items[i];

        while (row < held->rows.count && held->rows.items[row].index < share->row)
            row++;
        add(&held->total, &share->sum);
        add(&held->threads.items[share->thread].sum, &share->sum);
        if (row == held->rows.count || held->rows.items[row].index != share->row)
            continue;
        if (!held->rows.items[row].share_count++)
            held->rows.items[row].shares = share;
        add(&held->rows.items[row].sum, &share->sum);
    }
}

static int compare_threads(const void *left, const void *right, void *data) {
    const struct held_report *held = data;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    double bytes_a = held->threads.items[a].sum.bytes, bytes_b = held->threads.items[b].sum.bytes;

    return bytes_a != bytes_b ? (bytes_a < bytes_b) - (bytes_a > bytes_b) : (a > b) - (a < b);
}

static bool order_threads(struct held_report *held) {
    held->thread_order = malloc((held->threads.count + 1) * sizeof(*held->thread_order));
    if (!held->thread_order)
        return false;
    for (size_t i = 0; i < held->threads.count; i++) {
        if (held->threads.items[i].sum.blocks > 0)
            held->thread_order[held->thread_count++] = (uint32_t)i;
    }
    if (held->thread_count)
        qsort_r(held->thread_order, held->thread_count, sizeof(*held->thread_order),
                compare_threads, held);
    return true;
}

static bool add_rows(struct held_report *held, const struct report_rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        struct held_row *row;

        if (!rows->items[i].counters.peak_blocks && !rows->items[i].counters.peak_bytes)
            continue;
        row = MT_LIST_ADD(held->rows);
        if (!row)
            return false;
        *row = (struct held_row){.row = rows->items[i], .index = (uint32_t)i};
    }
    return true;
}

bool held_report_make(struct held_report *held, const struct report *report,
                      const struct observers *observers, size_t index, enum report_by by, bool fold,
                      struct error *error) {
    struct report_rows rows;
    bool good;

    *held = (struct held_report){.total = {.bytes = 0}};
    if (!report_group(report, by, fold, &rows, error))
        return false;
    good = add_rows(held, &rows) || error_no_memory(error);
    for (size_t i = 0; good && i < report->traces.count; i++) {
        const struct chains *chains = report->traces.items[i];
        bool *places = NULL;

        good = filter_contexts(chains, &report->scope, &places, error) &&
               (add_holders(held, &rows, chains, holders_of(observers[i].items[index]), places,
                            (struct how){by, fold}) ||
                error_no_memory(error));
        free(places);
    }
    report_rows_free(&rows);
    if (!good) {
        held_report_free(held);
        return false;
    }
    join_shares(held);
    sum_up(held);
    if (!order_threads(held)) {
        held_report_free(held);
        return error_no_memory(error);
    }
    if (held->rows.count)
        qsort(held->rows.items, held->rows.count, sizeof(*held->rows.items), compare_rows);
    return true;
}

void held_report_free(struct held_report *held) {
    free(held->rows.items);
    free(held->threads.items);
    free(held->shares.items);
    free(held->thread_order);
    *held = (struct held_report){.total = {.bytes = 0}};
}
