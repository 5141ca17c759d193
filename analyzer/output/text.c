/* The report for a terminal: a summary, what it does not cover, and the places that matter. */
#include "output/columns.h"
#include "output/dump.h"
#include "output/frames.h"
#include "output/names.h"
#include "output/output.h"
#include "output/tree.h"
#include "util/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_INDENT = 8 };

/* Each use has its own buffer within one printf. */
#define COUNT(n) format_count(&(struct format_buffer){{0}}, n)
#define BYTES(n) format_bytes(&(struct format_buffer){{0}}, n)
#define SHARE(part, whole) format_share(&(struct format_buffer){{0}}, part, whole)
#define DURATION(ns) format_duration(&(struct format_buffer){{0}}, ns)

static void print_clean(FILE *out, const char *bytes, size_t size) {
    char *text = names_utf8(bytes, size);

    if (text)
        fprintf(out, "%.*s%s", (int)names_prefix(text, 76), text,
                names_width(text) > 76 ? "..." : "");
    free(text);
}

/* The arguments in one line. */
static void print_command(FILE *out, const struct process_def *process) {
    char *line = malloc(process->command_size + 1);
    size_t size = process->command_size;

    if (!line)
        return;
    memcpy(line, process->command, size);
    while (size && line[size - 1] == '\0')
        size--;
    for (size_t i = 0; i < size; i++) {
        if (line[i] == '\0')
            line[i] = ' ';
    }
    print_clean(out, line, size);
    free(line);
}

static const char *short_name(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void print_title(FILE *out, const struct report *report) {
    const struct trace *trace = report->traces.items[0]->trace;
    const struct process_def *process = &trace->defs.process;

    if (report->traces.count > 1) {
        fprintf(out, "MemTrack report of %s traces\n\n", COUNT(report->traces.count));
        return;
    }
    fputs("MemTrack report: ", out);
    if (process->executable[0])
        print_clean(out, short_name(process->executable), strlen(short_name(process->executable)));
    else
        fputs("unknown program", out);
    fprintf(out, " (pid %u)\n\n", trace->reader.header.pid);
    if (process->command_size) {
        fputs("  command      ", out);
        print_command(out, process);
        fputc('\n', out);
    }
}

static void print_summary(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    const struct counters *sums = &totals->counters;
    bool several = report->traces.count > 1;
    double seconds = totals->duration_ns / 1e9;

    if (report->pool) {
        fputs("  pool         ", out);
        print_clean(out, report->pool, strlen(report->pool));
        fputs(", apart from the heap\n", out);
    }
    if (totals->rate_unknown)
        fprintf(out, "  duration     unknown: the trace does not tell the rate of its clock\n");
    else
        fprintf(out, "  duration     %s%s\n", DURATION(totals->duration_ns),
                several ? " (the longest)" : "");
    fprintf(out, "  threads      %s\n", COUNT(totals->threads));
    fprintf(out, "  allocations  %s", COUNT(sums->allocations));
    if (!totals->rate_unknown && !several && seconds > 0 && sums->allocations)
        fprintf(out, " (%s a second)", COUNT((uint64_t)((double)sums->allocations / seconds)));
    fprintf(out, "\n  frees        %s\n", COUNT(sums->frees));
    fprintf(out, "  allocated    %s (%s bytes)\n", BYTES(sums->allocated_bytes),
            COUNT(sums->allocated_bytes));
    fprintf(out, "  peak         %s (%s bytes)", BYTES(sums->peak_bytes), COUNT(sums->peak_bytes));
    if (several)
        fprintf(out, ", the sum of the traces' peaks; the highest is %s",
                BYTES(totals->largest_peak));
    else if (!totals->rate_unknown)
        fprintf(out, " at %s", DURATION(totals->peak_ns));
    fprintf(out, "\n  leaked       %s (%s bytes) in %s block%s\n", BYTES(sums->leaked_bytes),
            COUNT(sums->leaked_bytes), COUNT(sums->leaked_blocks),
            sums->leaked_blocks == 1 ? "" : "s");
    fprintf(out, "  temporary    %s (%s of the allocations)\n", COUNT(sums->temporary),
            SHARE(sums->temporary, sums->allocations));
}

static void print_losses(FILE *out, const struct report_totals *totals) {
    static const char *const reasons[MT_LOSS_REASONS] = {
        [0] = "unknown reason",
        [MT_LOSS_BUFFERS_FULL] = "buffers full",
        [MT_LOSS_TRACE_LIMIT] = "max_trace_mb reached",
        [MT_LOSS_WRITE_ERROR] = "write error",
        [MT_LOSS_SIGNAL] = "signal handlers",
    };
    const char *separator = " (";

    if (!totals->dropped_events)
        return;
    fprintf(out, "  ! %s events were not recorded", COUNT(totals->dropped_events));
    for (int i = 0; i < MT_LOSS_REASONS; i++) {
        if (totals->losses[i]) {
            fprintf(out, "%s%s: %s", separator, reasons[i], COUNT(totals->losses[i]));
            separator = ", ";
        }
    }
    fprintf(out, "%s: all figures are too low\n", separator[0] == ',' ? ")" : "");
}

static void print_damage(FILE *out, const struct report_totals *totals) {
    if (!totals->damaged_places && !totals->lost_events)
        return;
    fprintf(out, "  ! the trace is %s: %s unreadable, ", totals->cut ? "cut off" : "damaged",
            BYTES(totals->damaged_bytes));
    if (totals->lost_events)
        fprintf(out, "%s recorded events lost", COUNT(totals->lost_events));
    else
        fputs("events lost if any are not known", out);
    fputs("\n    (memtrack info --verify tells the places)\n", out);
}

static void print_no_end(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;

    if (!totals->without_end)
        return;
    fprintf(out,
            "  ! no END%s: the program was killed, or runs still%s:\n"
            "    what its threads had not handed to the writer is missing; the figures are a lower "
            "bound,\n"
            "    but \"leaked\" is what was live then, and what was freed in events that are "
            "missing\n",
            report->traces.count > 1 ? " in some traces" : "",
            totals->damaged_places ? ", or its END is unreadable" : "");
}

/* What was live when a process was killed has leaked as little as what was freed later in one that
 * still runs. */
static void print_joined(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    bool several = report->traces.count > 1;

    if (totals->joined > totals->running)
        fprintf(out,
                "  - %s: its last %s events come from the live file beside the trace,\n"
                "    none is missing; \"leaked\" is what was live then\n",
                several ? "a program did not end by exit" : "the program did not end by exit",
                COUNT(totals->joined_events));
    if (totals->running)
        fprintf(out, "  - %s runs still; \"leaked\" is what is live now\n",
                several ? "a program" : "the program");
}

/* An explanation has to hold of all that it counts. */
static void print_unmatched(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    bool complete = report_complete(report);

    if (totals->unmatched_frees)
        fprintf(out,
                "  - %s frees of memory that was allocated by code that is not "
                "instrumented%s%s\n",
                COUNT(totals->unmatched_frees), totals->forked ? ", or before the fork" : "",
                complete ? "" : ",\n    or whose allocation was lost");
    if (totals->missed_frees)
        fprintf(out, "  - %s blocks were freed by code that is not instrumented%s\n",
                COUNT(totals->missed_frees), complete ? "" : ", or their free was lost");
}

static void print_cut_contexts(FILE *out, const struct report_totals *totals) {
    if (totals->cut_contexts)
        fprintf(
            out,
            "  - of %s allocations only the outer calls are known: the runtime had no room for\n"
            "    more contexts (MEMTRACK_OPTIONS=max_contexts=N makes room)\n",
            COUNT(totals->cut_contexts));
}

static void print_notes(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;

    print_losses(out, totals);
    print_damage(out, totals);
    print_no_end(out, report);
    print_joined(out, report);
    if (totals->mismatched_frees)
        fprintf(out, "  ! %s mismatched frees (malloc, new and new[] mixed up), see below\n",
                COUNT(totals->mismatched_frees));
    print_unmatched(out, report);
    print_cut_contexts(out, totals);
    if (totals->pool_events)
        fputs("  - what custom allocators handed out is not in these figures: memtrack report "
              "--pools\n",
              out);
    if (totals->sites_without_debug_info)
        fprintf(out,
                "  - %s of the sites have no debug information: compile with -g for file "
                "and line\n",
                SHARE(totals->sites_without_debug_info, totals->sites));
}

static void print_section_title(FILE *out, const struct report *report, enum report_order order) {
    const struct counters *sums = &report->totals.counters;

    switch (order) {
    case REPORT_ORDER_PEAK:
        fprintf(out, "Held most at the peak of %s", BYTES(sums->peak_bytes));
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
    }
}

static void print_row_head(FILE *out, size_t number, const struct report_row *row,
                           const struct counters *sums, enum report_order order) {
    struct format_buffer buffer;

    fprintf(out, "%4zu. %11s %8s ", number, column_cell(&buffer, &row->counters, order),
            SHARE(report_value(&row->counters, order), report_value(sums, order)));
    for (int i = 0; i < MT_COLUMNS; i++) {
        if (i != (int)order)
            fprintf(out, " %14s", column_cell(&buffer, &row->counters, (enum report_order)i));
    }
    fputc('\n', out);
}

static void print_row_names(FILE *out, const struct report_row *row,
                            const struct report_options *options) {
    bool fold = !options->no_fold;
    struct chain_place place = chains_first(row->chains, row->context, fold);
    const struct frame *frame = chain_frame(&place);
    const char *type;

    switch (options->by) {
    case REPORT_BY_SITE:
        frames_print_site(out, place, CHAIN_INDENT);
        break;
    case REPORT_BY_FUNCTION:
        frames_print_label(out, frame->function, CHAIN_INDENT);
        break;
    case REPORT_BY_FILE:
        frames_print_label(out, frame->file[0] ? frame->file : "[unknown file]", CHAIN_INDENT);
        break;
    case REPORT_BY_TYPE:
        type = report_type(row, fold);
        frames_print_label(out, type[0] ? type : "[unknown type]", CHAIN_INDENT);
        break;
    case REPORT_BY_CONTEXT:
    case REPORT_BY_THREAD:
        frames_print_chain(out, row->chains, row->context, fold, CHAIN_INDENT);
        break;
    }
}

static void print_section(FILE *out, const struct report *report, struct report_rows *rows,
                          const struct report_options *options, enum report_order order) {
    const struct counters *sums = &report->totals.counters;
    size_t shown = 0;
    size_t left = 0;

    if (report_value(sums, order) == 0)
        return;
    report_sort(rows, order);
    fputc('\n', out);
    print_section_title(out, report, order);
    fprintf(out, "\n\n      %11s %8s ", column_title(order), "share");
    for (int i = 0; i < MT_COLUMNS; i++) {
        if (i != (int)order)
            fprintf(out, " %14s", column_title((enum report_order)i));
    }
    fputc('\n', out);
    for (size_t i = 0; i < rows->count; i++) {
        if (report_value(&rows->items[i].counters, order) == 0)
            break;
        if (options->limit && shown == options->limit) {
            left++;
            continue;
        }
        print_row_head(out, ++shown, &rows->items[i], sums, order);
        print_row_names(out, &rows->items[i], options);
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
        const char *name = thread->def ? thread->def->name : "";
        char *clean = names_utf8(name, strlen(name));

        if (options->limit && i == options->limit) {
            fprintf(out, "  ... and %s more (--limit 0 shows all)\n",
                    COUNT(report->threads.count - i));
            free(clean);
            break;
        }
        fprintf(out, "  %6u  %-15.15s  %11s %11s %11s %12s %12s %10s\n", thread->id,
                clean ? clean : "", BYTES(thread->counters.peak_bytes),
                BYTES(thread->counters.leaked_bytes), BYTES(thread->counters.allocated_bytes),
                COUNT(thread->counters.allocations), COUNT(thread->counters.frees),
                COUNT(thread->freed_by_others));
        free(clean);
    }
}

static void print_mismatches(FILE *out, const struct report *report,
                             const struct report_options *options) {
    size_t limit = options->limit;
    bool fold = !options->no_fold;

    if (!report->mismatches.count)
        return;
    fprintf(out, "\nMismatched frees\n");
    for (size_t i = 0; i < report->mismatches.count && (!limit || i < limit); i++) {
        const struct report_mismatch *mismatch = &report->mismatches.items[i];

        fprintf(out, "\n%4zu. %s times; allocated at\n", i + 1, COUNT(mismatch->count));
        frames_print_chain(out, mismatch->chains, mismatch->allocated_at, fold, CHAIN_INDENT);
        fprintf(out, "      but freed at\n");
        frames_print_chain(out, mismatch->chains, mismatch->freed_at, fold, CHAIN_INDENT);
    }
    if (limit && report->mismatches.count > limit)
        fprintf(out, "      ... and %s more (--limit 0 shows all)\n",
                COUNT(report->mismatches.count - limit));
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
        return options->by != REPORT_BY_FUNCTION ||
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
    bool lists = options->view == REPORT_VIEW_USUAL || options->view == REPORT_VIEW_CONTEXTS;

    print_title(out, report);
    print_summary(out, report);
    print_notes(out, report);
    if (!print_view(out, report, options, error))
        return false;
    if (lists && options->by != REPORT_BY_THREAD)
        print_mismatches(out, report, options);
    return true;
}

const struct output_ops output_text = {"text", write_report, dump_event_text};
