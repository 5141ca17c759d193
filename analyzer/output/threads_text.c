/* memtrack threads for a terminal. */
#include "output/cells.h"
#include "output/notes.h"
#include "output/scope.h"
#include "output/threads.h"
#include "util/format.h"

#include <stdlib.h>
#include <string.h>

/* A matrix of more would not fit. */
enum { MATRIX = 8, NAME = 15 };

/* Its id, or by name how many they are. */
static uint32_t number_of(const struct threads_view *view, const struct thread_matrix *matrix,
                          const struct thread_group *group) {
    return view->by_name ? group->threads : matrix->trace->reader.streams[group->stream].thread;
}

static void print_group(FILE *out, const struct threads_view *view,
                        const struct thread_matrix *matrix, uint32_t index) {
    const struct thread_group *group = &matrix->groups[index];

    fprintf(out, "%7u  ", number_of(view, matrix, group));
    notes_name(out, thread_matrix_name(matrix, group), NAME);
}

/* Among several traces. */
static void print_process(FILE *out, const struct report *report,
                          const struct thread_matrix *matrix) {
    if (report->traces.count > 1)
        fprintf(out, "  (pid %u)", matrix->trace->reader.header.pid);
}

static void print_summary(FILE *out, const struct report *report, const struct threads_view *view) {
    struct thread_sum itself = {0, 0}, others = {0, 0};

    for (size_t i = 0; i < view->rows.count; i++) {
        const struct thread_group *group = threads_group(&view->rows.items[i]);

        itself.blocks += group->freed_by_itself.blocks;
        itself.bytes += group->freed_by_itself.bytes;
        others.blocks += group->freed_by_others.blocks;
        others.bytes += group->freed_by_others.bytes;
    }
    scope_print(out, &report->scope);
    if (report->totals.counters.sampled)
        fputs("  sampled      all figures are estimates of what the program did\n", out);
    if (report->totals.rate_unknown)
        fputs("  duration     unknown: the trace does not tell the rate of its clock\n", out);
    else
        fprintf(out, "  duration     %s\n", DURATION(report->totals.duration_ns));
    fprintf(out, "  threads      %s\n", COUNT(report->totals.threads));
    fprintf(out, "  handed over  %s freed blocks of %s, by %s than had allocated them: %s\n",
            COUNT_OF(others.blocks), BYTES_OF(others.bytes),
            view->by_name ? "threads of another name" : "other threads",
            SHARE_OF(others.blocks, itself.blocks + others.blocks));
}

static void print_rows(FILE *out, const struct report *report, const struct threads_view *view,
                       const struct report_options *options) {
    size_t shown = 0, left = 0;

    fprintf(out, "\nThreads\n\n  %7s  %-15s %11s %11s %12s %10s %10s %10s\n",
            view->by_name ? "threads" : "thread", "name", view->by_name ? "peak" : "own peak",
            "allocated", "allocations", "a second", "freed", "freed");
    fprintf(out, "%87s %10s\n", "by others", "for others");
    for (size_t i = 0; i < view->rows.count; i++) {
        const struct threads_row *row = &view->rows.items[i];
        const struct thread_group *group = threads_group(row);

        if (group->allocated.bytes < (double)options->min_bytes)
            continue;
        if (options->limit && shown == options->limit) {
            left++;
            continue;
        }
        shown++;
        fputs("  ", out);
        print_group(out, view, row->matrix, row->group);
        fprintf(out, " %11s %11s %12s %10s %10s %10s", BYTES_OF(group->peak),
                BYTES_OF(group->allocated.bytes), COUNT_OF(group->allocated.blocks),
                row->ran_ns > 0 ? COUNT_OF(group->allocated.blocks / row->ran_ns * 1e9) : "-",
                COUNT_OF(group->freed_by_others.blocks), COUNT_OF(group->freed_for_others.blocks));
        print_process(out, report, row->matrix);
        fputc('\n', out);
    }
    if (left)
        fprintf(out, "  ... and %s more (--limit 0 shows all)\n", COUNT(left));
}

static void print_pairs(FILE *out, const struct report *report, const struct threads_view *view,
                        const struct report_options *options) {
    size_t shown = 0, left = 0;

    if (!view->pairs.count)
        return;
    fprintf(out, "\nWho frees what others allocate\n\n  %7s  %-15s  %7s  %-15s %14s %11s\n",
            view->by_name ? "threads" : "thread", "allocates", view->by_name ? "threads" : "thread",
            "frees", "blocks", "bytes");
    for (size_t i = 0; i < view->pairs.count; i++) {
        const struct threads_pair *pair = &view->pairs.items[i];

        if (pair->pair->freed.bytes < (double)options->min_bytes)
            continue;
        if (options->limit && shown == options->limit) {
            left++;
            continue;
        }
        shown++;
        fputs("  ", out);
        print_group(out, view, pair->matrix, pair->pair->owner);
        fputs("  ", out);
        print_group(out, view, pair->matrix, pair->pair->freer);
        fprintf(out, " %14s %11s", COUNT_OF(pair->pair->freed.blocks),
                BYTES_OF(pair->pair->freed.bytes));
        print_process(out, report, pair->matrix);
        fputc('\n', out);
    }
    if (left)
        fprintf(out, "  ... and %s more (--limit 0 shows all)\n", COUNT(left));
    if (view->beyond.blocks > 0)
        fprintf(out, "  and %s blocks of %s among further pairs, which are not told apart\n",
                COUNT_OF(view->beyond.blocks), BYTES_OF(view->beyond.bytes));
}

/* What the row's threads allocated and the column's freed. */
static double cell_of(const struct threads_view *view, size_t row, size_t column) {
    uint32_t owner = view->rows.items[row].group, freer = view->rows.items[column].group;

    if (row == column)
        return threads_group(&view->rows.items[row])->freed_by_itself.bytes;
    for (size_t i = 0; i < view->pairs.count; i++) {
        const struct thread_pair *pair = view->pairs.items[i].pair;

        if (pair->owner == owner && pair->freer == freer)
            return pair->freed.bytes;
    }
    return 0;
}

static void print_matrix(FILE *out, const struct threads_view *view) {
    fprintf(out, "\nBytes by who allocates, in rows, and who frees, in columns\n\n%26s", "");
    for (size_t i = 0; i < view->rows.count; i++) {
        const struct threads_row *row = &view->rows.items[i];

        fputc(' ', out);
        if (view->by_name)
            notes_name(out, thread_matrix_name(row->matrix, threads_group(row)), 10);
        else
            fprintf(out, "%10u", number_of(view, row->matrix, threads_group(row)));
    }
    fputc('\n', out);
    for (size_t i = 0; i < view->rows.count; i++) {
        fputs("  ", out);
        print_group(out, view, view->rows.items[i].matrix, view->rows.items[i].group);
        for (size_t k = 0; k < view->rows.count; k++) {
            double bytes = cell_of(view, i, k);

            fprintf(out, " %10s", bytes > 0 ? BYTES_OF(bytes) : "-");
        }
        fputc('\n', out);
    }
}

void threads_print(FILE *out, const struct report *report, const struct threads_view *view,
                   const struct report_options *options) {
    notes_title(out, "threads", report);
    print_summary(out, report, view);
    notes_print(out, report, false);
    print_rows(out, report, view, options);
    print_pairs(out, report, view, options);
    if (view->pairs.count && view->rows.count <= MATRIX && report->traces.count == 1)
        print_matrix(out, view);
}
