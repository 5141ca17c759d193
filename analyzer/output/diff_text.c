#include "output/columns.h"
#include "output/diff.h"
#include "output/notes.h"
#include "output/rows.h"
#include "output/scope.h"
#include "util/path.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const units[] = {
    [DIFF_PER_SECOND] = "second",
    [DIFF_PER_EVENT] = "event",
    [DIFF_PER_ALLOCATION] = "allocation",
};

static const char *const titles[MT_COLUMNS] = {
    [REPORT_ORDER_PEAK] = "bytes at the peak",          [REPORT_ORDER_LEAKED] = "leaked bytes",
    [REPORT_ORDER_ALLOCATED] = "allocated bytes",       [REPORT_ORDER_COUNT] = "allocations",
    [REPORT_ORDER_TEMPORARY] = "temporary allocations",
};

static bool in_bytes(enum report_order order) {
    return order != REPORT_ORDER_COUNT && order != REPORT_ORDER_TEMPORARY;
}

static const char *change_cell(struct format_buffer *buffer, double change,
                               enum report_order order) {
    struct format_buffer figure;
    const char *sign;
    uint64_t size = (uint64_t)(fmin(fabs(change), 9e18) + 0.5);

    if (in_bytes(order))
        format_bytes(&figure, size);
    else
        format_count(&figure, size);
    sign = size == 0 ? "" : change < 0 ? "-" : "+";
    snprintf(buffer->text, sizeof(buffer->text), "%s%.38s", sign, figure.text);
    return buffer->text;
}

static void print_side(FILE *out, const char *title, const struct report *report) {
    const struct trace *trace = report->traces.items[0]->trace;

    fprintf(out, "  %-12s ", title);
    if (report->traces.count > 1) {
        fprintf(out, "%zu traces\n", report->traces.count);
        return;
    }
    notes_clean(out, path_base_name(trace->defs.process.executable),
                strlen(path_base_name(trace->defs.process.executable)));
    fprintf(out, "%s(pid %u): ", trace->defs.process.executable[0] ? " " : "",
            trace->reader.header.pid);
    notes_clean(out, trace->path, strlen(trace->path));
    fputc('\n', out);
}

static void print_change(FILE *out, double before, double change) {
    if (before > 0 && fabs(change) > 0)
        fprintf(out, "  %+.1f %%", change / before * 100);
    fputc('\n', out);
}

static void print_total(FILE *out, const struct diff_view *view, const char *title,
                        enum report_order order) {
    const struct counters *base = &view->sides[0]->totals, *new = &view->sides[1]->totals;
    double change = diff_change(view->diff, base, new, order);
    struct format_buffer cells[3];

    fprintf(out, "  %-12s %14s %14s", title, column_cell(&cells[0], base, order),
            column_cell(&cells[1], new, order));
    if (order == REPORT_ORDER_TEMPORARY && (base->sampled || new->sampled)) {
        fputc('\n', out);
        return;
    }
    fprintf(out, " %14s", change_cell(&cells[2], change, order));
    print_change(out, (double)report_value(base, order), change);
}

static void print_duration(FILE *out, const struct diff_view *view) {
    double base = view->sides[0]->duration_ns, new = view->sides[1]->duration_ns;
    struct format_buffer cells[3];
    char signed_text[48];

    if (!(base > 0) || !(new > 0))
        return;
    format_duration(&cells[2], fabs(new - base));
    snprintf(signed_text, sizeof(signed_text), "%s%s",
             new < base   ? "-"
             : new > base ? "+"
                          : "",
             cells[2].text);
    format_duration(&cells[0], base);
    format_duration(&cells[1], new);
    fprintf(out, "  %-12s %*s %*s %*s", "duration", format_width(cells[0].text, 14), cells[0].text,
            format_width(cells[1].text, 14), cells[1].text, format_width(signed_text, 14),
            signed_text);
    print_change(out, base, new - base);
}

static void print_completeness(FILE *out, const struct diff_view *view) {
    static const char *const names[] = {"base", "new"};

    for (int i = 0; i < 2; i++) {
        if (!view->sides[i]->complete)
            fprintf(out,
                    "  ! %s is incomplete: its figures are too low, so that not every change is "
                    "one\n    (memtrack report tells what is missing)\n",
                    names[i]);
    }
}

static void print_summary(FILE *out, const struct diff_view *view) {
    scope_print(out, &view->new->scope);
    print_side(out, "base", view->base);
    print_side(out, "new", view->new);
    if (view->unit != DIFF_AS_IT_IS)
        fprintf(
            out,
            "  normalized   per %s: changes are of new's figures times %.4g; the peak as it is\n",
            units[view->unit], view->diff->factor);
    fprintf(out, "\n  %-12s %14s %14s %14s\n", "", "base", "new", "change");
    print_duration(out, view);
    print_total(out, view, "allocations", REPORT_ORDER_COUNT);
    print_total(out, view, "allocated", REPORT_ORDER_ALLOCATED);
    print_total(out, view, "peak", REPORT_ORDER_PEAK);
    print_total(out, view, "leaked", REPORT_ORDER_LEAKED);
    print_total(out, view, "temporary", REPORT_ORDER_TEMPORARY);
    print_completeness(out, view);
}

static const char *status(const struct diff_pair *pair) {
    return !pair->base ? "new" : !pair->new ? "gone" : pair->moved ? "moved" : "";
}

static void print_pair(FILE *out, size_t number, const struct diff_view *view,
                       const struct diff_pair *pair) {
    static const struct counters nothing = {0};
    const struct diff_item *item = pair->new ? pair->new : pair->base;
    enum report_order order = view->options->order;
    struct format_buffer cells[3];

    fprintf(out, "%4zu. %12s %14s %14s  %-5s", number,
            change_cell(&cells[0], diff_pair_change(view->diff, pair, order), order),
            column_cell(&cells[1], pair->base ? &pair->base->counters : &nothing, order),
            column_cell(&cells[2], pair->new ? &pair->new->counters : &nothing, order),
            status(pair));
    for (enum report_order other = 0; other < REPORT_ORDER_TEMPORARY; other++) {
        if (other != order)
            fprintf(out, " %13s",
                    change_cell(&cells[0], diff_pair_change(view->diff, pair, other), other));
    }
    fputc('\n', out);
    rows_print_names(out, &item->row, view->options);
}

static void print_pairs(FILE *out, const struct diff_view *view) {
    const struct report_options *options = view->options;
    enum report_order order = options->order;
    enum report_order measure = in_bytes(order) ? order : REPORT_ORDER_ALLOCATED;
    size_t shown = 0;
    size_t left = 0;

    diff_sort(view->diff, order);
    fprintf(out, "\nChanged most: %s\n\n      %12s %14s %14s  %-5s", titles[order], "change",
            "base", "new", "");
    for (enum report_order other = 0; other < REPORT_ORDER_TEMPORARY; other++) {
        if (other != order)
            fprintf(out, " %13s", column_title(other));
    }
    fputc('\n', out);
    for (size_t i = 0; i < view->diff->pairs.count; i++) {
        const struct diff_pair *pair = &view->diff->pairs.items[i];

        if (fabs(diff_pair_change(view->diff, pair, order)) < 0.5 ||
            fabs(diff_pair_change(view->diff, pair, measure)) < (double)options->min_bytes)
            continue;
        if (options->limit && shown == options->limit)
            left++;
        else
            print_pair(out, ++shown, view, pair);
    }
    if (!shown)
        fputs("      nothing\n", out);
    if (left)
        fprintf(out, "      ... and %s more (--limit 0 shows all)\n",
                format_count(&(struct format_buffer){{0}}, left));
}

void diff_print(FILE *out, const struct diff_view *view) {
    fputs("MemTrack diff\n\n", out);
    print_summary(out, view);
    print_pairs(out, view);
}
