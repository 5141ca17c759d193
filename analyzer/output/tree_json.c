/* A tree of calls as nested objects, written as the walk goes, so that neither memory nor the C
 * stack grows with it. */
#include "model/walk.h"
#include "output/json_parts.h"
#include "output/tree.h"
#include "util/names.h"

#include <stdlib.h>
#include <string.h>

static char *full_name(const struct chain_place *place) {
    char *demangled = names_demangle(chain_frame(place)->function);
    char *name = demangled ? names_utf8(demangled, strlen(demangled)) : NULL;

    free(demangled);
    return name;
}

static json_t *counters_object(const struct counters *counters) {
    json_t *object = json_object();

    json_set_all_counters(object, counters);
    return object;
}

/* Everything but the end of the object, whose last member is the list of children. */
static void begin_node(FILE *out, const struct walk_item *item, bool by_site) {
    json_t *object = json_object();
    char *text;

    JSON_SET(object, "name", json_text(item->name->text));
    if (by_site && item->name->place.site) {
        const struct frame *frame = chain_frame(&item->name->place);

        JSON_SET(object, "file", json_text_or_null(frame->file));
        JSON_SET(object, "line", frame->line ? json_integer(frame->line) : json_null());
    }
    json_set_all_counters(object, &item->counters);
    JSON_SET(object, "self", counters_object(&item->self));
    text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    fprintf(out, "%.*s,\"children\":[", text ? (int)strlen(text) - 1 : 6, text ? text : "{\"\":0");
    free(text);
    json_decref(object);
}

static void end_children(FILE *out, const struct walk_item *hidden) {
    json_t *object;

    fputs("]", out);
    if (!hidden)
        return;
    object = json_object();
    JSON_SET(object, "nodes", json_number_of(hidden->hidden));
    json_set_all_counters(object, &hidden->counters);
    fputs(",\"hidden\":", out);
    json_write(out, object);
}

static bool write_items(FILE *out, struct walk *walk) {
    bool by_site = walk->tree->options.by_site;
    bool ended = false; /* the list of children that would go on */
    bool first = true;
    struct walk_item item;

    for (;;) {
        walk_next(walk, &item);
        switch (item.kind) {
        case WALK_NODE:
            fputs(first ? "\n" : ",\n", out);
            begin_node(out, &item, by_site);
            first = true;
            break;
        case WALK_HIDDEN:
            end_children(out, &item);
            ended = true;
            break;
        case WALK_LEAVE:
            if (!ended)
                end_children(out, NULL);
            fputs("}", out);
            ended = false;
            first = false;
            break;
        case WALK_END:
            if (!ended)
                end_children(out, NULL);
            fputs("}", out);
            return true;
        case WALK_NO_MEMORY:
            return false;
        }
    }
}

bool tree_write_json(FILE *out, const struct report *report, const struct report_options *options,
                     bool bottom_up, struct error *error) {
    const struct tree_options tree_options = {.namer = full_name,
                                              .fold = !options->no_fold,
                                              .by_site = options->by == REPORT_BY_SITE,
                                              .depth = MT_TREE_DEPTH};
    const struct walk_options walk_options = {
        .bottom_up = bottom_up, .order = options->order, .min_share = options->min_share};
    struct walk_item root = {0};
    struct tree tree;
    struct walk walk;
    bool good;

    if (!tree_build(&tree, report, &tree_options, error))
        return false;
    good = walk_begin(&walk, &tree, &walk_options);
    if (good) {
        root.name = &tree.names.items[MT_TREE_ALL];
        root.counters = walk.total;
        begin_node(out, &root, false);
        good = write_items(out, &walk);
    }
    walk_end(&walk);
    tree_free(&tree);
    return good || error_no_memory(error);
}
