/* A tree of calls as text: a line for each node, callees or callers indented below it. */
#include "model/walk.h"
#include "output/columns.h"
#include "output/frames.h"
#include "output/tree.h"
#include "util/names.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAMES_AT = 38,   /* column */
    MAX_INDENT = 30, /* so that the names keep half of what is left */
};

static char *simple_name(const struct chain_place *place) {
    char *demangled = names_demangle(chain_frame(place)->function);
    char *name = demangled ? names_utf8(demangled, strlen(demangled)) : NULL;

    free(demangled);
    if (name)
        names_simplify(name);
    return name;
}

/* Figures of the walk's order, and what they are of. */
static void print_figures(FILE *out, const struct walk *walk, const struct walk_item *item,
                          const struct counters *self) {
    enum report_order order = walk->options.order;
    struct format_buffer cell, share, own;

    fprintf(out, "  %11s %8s %11s   ", column_cell(&cell, &item->counters, order),
            column_share(&share, &item->counters, &walk->total, order),
            self ? column_cell(&own, self, order) : "");
}

static void print_node(FILE *out, const struct walk *walk, const struct walk_item *item,
                       int indent) {
    bool has_place = walk->tree->options.by_site && item->name->place.site;

    print_figures(out, walk, item, &item->self);
    fprintf(out, "%*s", indent, "");
    frames_print_name(out, item->name->text, has_place ? &item->name->place : NULL,
                      (size_t)(MT_TEXT_COLUMNS - NAMES_AT - indent));
    fputc('\n', out);
}

static void print_hidden(FILE *out, const struct walk *walk, const struct walk_item *item,
                         int indent) {
    struct format_buffer count;

    if (report_value(&item->counters, walk->options.order) == 0)
        return;
    print_figures(out, walk, item, NULL);
    fprintf(out, "%*s... %s more\n", indent, "", format_count(&count, item->hidden));
}

/* An only child costs one column, for most chains branch late. */
static bool print_items(FILE *out, struct walk *walk) {
    int indents[MT_TREE_DEPTH + 4] = {0};
    uint32_t too_deep = UINT32_MAX; /* nothing is shown from this depth on */
    struct walk_item item;

    for (;;) {
        int *indent;

        walk_next(walk, &item);
        if (item.kind == WALK_END || item.kind == WALK_NO_MEMORY)
            return item.kind == WALK_END;
        if (item.kind == WALK_LEAVE || item.depth >= too_deep)
            continue;
        too_deep = UINT32_MAX;
        indent = &indents[item.depth];
        if (item.kind == WALK_HIDDEN) {
            print_hidden(out, walk, &item, item.depth ? indent[-1] + 2 : 0);
            continue;
        }
        *indent = item.depth ? indent[-1] + (item.only ? 1 : 2) : 0;
        if (*indent > MAX_INDENT) {
            fprintf(out, "%*s... deeper calls\n", NAMES_AT + indent[-1], "");
            too_deep = item.depth;
            continue;
        }
        print_node(out, walk, &item, *indent);
    }
}

static void print_title(FILE *out, const struct report *report, const struct walk *walk) {
    static const char *const costs[MT_COLUMNS] = {
        [REPORT_ORDER_PEAK] = "held at the peak",
        [REPORT_ORDER_LEAKED] = "leaked",
        [REPORT_ORDER_ALLOCATED] = "allocated",
        [REPORT_ORDER_COUNT] = "allocations",
        [REPORT_ORDER_TEMPORARY] = "temporary allocations",
    };
    enum report_order order = walk->options.order;
    bool bottom_up = walk->options.bottom_up;
    struct format_buffer cell, held;

    if (order == REPORT_ORDER_PEAK && report->at.kind != MOMENT_PEAK)
        snprintf(held.text, sizeof(held.text), "held at %s", column_moment(&cell, report));
    else
        snprintf(held.text, sizeof(held.text), "%s", costs[order]);
    fprintf(out, "\n%s: %s %s\n\n",
            bottom_up ? "Bottom-up, what allocates and below it its callers"
                      : "Top-down, callers and below them what they call",
            column_cell(&cell, &walk->total, order), held.text);
    fprintf(out, "  %11s %8s %11s\n", column_title_of(&cell, report, order), "share",
            bottom_up ? "outermost" : "self");
}

bool tree_print(FILE *out, const struct report *report, const struct report_options *options,
                bool bottom_up, struct error *error) {
    const struct tree_options tree_options = {.namer = simple_name,
                                              .fold = !options->no_fold,
                                              .by_site = options->by == REPORT_BY_SITE,
                                              .depth = MT_TREE_DEPTH};
    const struct walk_options walk_options = {bottom_up, options->order, options->min_share,
                                              options->limit};
    struct tree tree;
    struct walk walk;
    bool good = true;

    if (report_value(&report->totals.counters, options->order) == 0)
        return true;
    if (!tree_build(&tree, report, &tree_options, error))
        return false;
    good = walk_begin(&walk, &tree, &walk_options);
    if (good) {
        print_title(out, report, &walk);
        good = print_items(out, &walk);
    }
    walk_end(&walk);
    tree_free(&tree);
    return good || error_no_memory(error);
}
