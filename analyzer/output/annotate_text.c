#include "output/annotate.h"
#include "output/columns.h"
#include "output/frames.h"
#include "output/scope.h"
#include "util/format.h"
#include "util/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 47, MAX_TEXT = 160 };

/* Parts of all that is allocated, per cent, from which on a line is worth a colour. */
static const double much = 5, some = 0.5;

#define BUFFER (&(struct format_buffer){{0}})

/* What the third column shows: how many, or of numbers how much. */
static enum report_order other_order(enum report_order order) {
    return order == REPORT_ORDER_COUNT ? REPORT_ORDER_ALLOCATED : REPORT_ORDER_COUNT;
}

static void print_titles(FILE *out, const struct annotate_view *view, const char *last) {
    fprintf(out, "\n  %12s %12s %12s %s\n", "self", "total",
            column_title(other_order(view->options.order)), last);
}

static const char *cell(struct format_buffer *buffer, const struct counters *counters,
                        enum report_order order) {
    return report_value(counters, order) ? column_cell(buffer, counters, order) : "";
}

static void print_costs(FILE *out, const struct annotate_view *view,
                        const struct annotated_line *line) {
    const struct counters *all = &view->report->totals.counters;
    enum report_order order = view->options.order;
    uint64_t whole = report_value(all, order), self = report_value(&line->self, order);
    double share = whole ? 100 * (double)self / (double)whole : 0;
    const char *colour = !view->colour   ? ""
                         : share >= much ? "\033[31m"
                         : share >= some ? "\033[32m"
                                         : "";

    fprintf(out, "  %s%12s%s %12s %12s", colour, cell(BUFFER, &line->self, order),
            colour[0] ? "\033[m" : "", cell(BUFFER, &line->total, order),
            cell(BUFFER, &line->total, other_order(order)));
}

/* Whole, so that it can be given back. */
static void print_path(FILE *out, const char *path) {
    char *clean = names_utf8(path, strlen(path));

    fputs(clean ? clean : "?", out);
    free(clean);
}

bool annotate_print_files(FILE *out, const struct annotate_view *view, struct error *error) {
    const struct counters *all = &view->report->totals.counters;
    size_t limit = view->options.limit, count;
    size_t *files = annotate_sort_files(view, &count);

    if (!files)
        return error_no_memory(error);
    if (!limit || limit > count)
        limit = count;
    scope_print(out, &view->report->scope);
    fprintf(out, "Source files, %s: %s in all\n", column_title(view->options.order),
            column_cell(BUFFER, all, view->options.order));
    if (count)
        print_titles(out, view, "file");
    else
        fputs("\n  none: no source lines are known of what was allocated; -g makes them known\n",
              out);
    for (size_t i = 0; i < limit; i++) {
        const struct annotated_line *file = &view->annotation->lines.items[files[i]];

        print_costs(out, view, file);
        fputc(' ', out);
        print_path(out, file->file);
        fputc('\n', out);
    }
    if (limit < count)
        fprintf(out, "  %12s %12s %12s ... and %s more\n", "", "", "",
                format_count(BUFFER, count - limit));
    free(files);
    return true;
}

static void print_head(FILE *out, const struct annotate_view *view,
                       const struct annotated_line *file, size_t missing) {
    const struct source *source = view->source;
    enum report_order order = view->options.order;

    scope_print(out, &view->report->scope);
    print_path(out, file->file);
    if (source->path && strcmp(source->path, file->file) != 0) {
        fputs(" (read from ", out);
        print_path(out, source->path);
        fputc(')', out);
    }
    fprintf(out, "\n%s: %s on its own lines, %s with what they call, of %s in all\n",
            column_title(order), column_cell(BUFFER, &file->self, order),
            column_cell(BUFFER, &file->total, order),
            column_cell(BUFFER, &view->report->totals.counters, order));
    if (!source->path)
        fputs("! the file is not found: --source DIR says where sources are\n", out);
    else if (source->fault)
        fprintf(out, "! the file %s, and is not shown\n", source->fault);
    if (view->newer)
        fputs("! the file was changed after the recording began: lines may be off\n", out);
    if (missing)
        fprintf(out, "! the file ends before %s of these lines: it is another version\n",
                format_count(BUFFER, missing));
}

static void print_text(FILE *out, const struct annotate_view *view, size_t number) {
    char *text = source_line(view->source, number, MAX_TEXT);

    fprintf(out, " %6zu%s%s\n", number, text && text[0] ? "  " : "", text ? text : "");
    free(text);
}

static bool costs(const struct annotate_view *view, const struct annotated_line *line) {
    enum report_order order = view->options.order;

    return report_value(&line->total, order) &&
           !report_too_small(&line->total, order, view->options.min_bytes);
}

/* How many lines of a file that was read it does not have. */
static size_t count_missing(const struct annotate_view *view, size_t first, size_t count) {
    size_t missing = 0;

    for (size_t i = first; view->source->lines.count && i < first + count; i++)
        missing += view->annotation->lines.items[i].line > view->source->lines.count;
    return missing;
}

/* Lines [from, to) that cost nothing, as far as there are any. */
static void print_between(FILE *out, const struct annotate_view *view, size_t from, size_t to) {
    size_t end = view->source->lines.count + 1;

    for (; from < to && from < end; from++) {
        fprintf(out, "%*s", MARGIN - 6, "");
        print_text(out, view, from);
    }
}

static void print_dots(FILE *out) {
    fprintf(out, "%*s\n", MARGIN + 1, "...");
}

/* What stands between a line that is shown and the next one that costs something. */
static void print_gap(FILE *out, const struct annotate_view *view, size_t from, size_t to) {
    size_t end = view->source->lines.count + 1, around = view->context;

    to = to < end ? to : end;
    if (from >= to)
        return;
    if (view->full || (from > 1 ? 2 : 1) * around + 1 >= to - from) {
        print_between(out, view, from, to);
        return;
    }
    if (from > 1)
        print_between(out, view, from, from + around);
    print_dots(out);
    print_between(out, view, to - around, to);
}

bool annotate_print(FILE *out, const struct annotate_view *view, struct error *error) {
    const struct annotated_line *lines = view->annotation->lines.items;
    size_t first, count = annotation_lines(view->annotation, view->whole, &first);
    size_t next = 1, end = view->source->lines.count + 1;
    bool any = false;

    (void)error;
    print_head(out, view, &lines[view->whole], count_missing(view, first, count));
    print_titles(out, view, "  line");
    for (size_t i = first; i < first + count && !ferror(out); i++) {
        if (!costs(view, &lines[i]))
            continue;
        print_gap(out, view, next, lines[i].line);
        print_costs(out, view, &lines[i]);
        print_text(out, view, lines[i].line);
        next = lines[i].line + (size_t)1;
        any = true;
    }
    if (any && !view->full) {
        print_between(out, view, next, next + view->context);
        next += view->context;
        if (next < end)
            print_dots(out);
    } else if (view->full) {
        print_between(out, view, next, end);
    } else {
        fputs("  no line of it costs anything of that\n", out);
    }
    return true;
}
