/* Contexts are a tree, in which what hangs on a link is what was allocated in calls from its lines.
 * One walk through it is enough: a line is charged when the walk leaves the outermost link that it
 * stands in, so that the work is linear in links and their frames, and the memory needed besides is
 * that of the deepest chain. */
#define XXH_INLINE_ALL
#include "model/annotate.h"

#include "util/names.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A link on the way from the root to where the walk is. */
struct step {
    uint32_t context;
    struct counters sum; /* of it and all below that is done */
};

struct walker {
    struct annotation *annotation;
    const struct annotation_options *options;
    const struct trace *trace;
    uint32_t *places;       /* of all frames of all sites: numbers of lines; MT_ID_MAP_NONE none */
    size_t *first_place;    /* by site */
    uint32_t *first_child;  /* by context; 0 none */
    uint32_t *next_sibling; /* by context; 0 none */
    uint32_t *row;          /* by context; MT_ID_MAP_NONE none */
    MT_LIST(struct step) steps;
};

static uint32_t add_line(struct annotation *annotation, const char *file, uint32_t line) {
    uint64_t key = XXH3_64bits_withSeed(file, strlen(file), line);
    uint32_t found = id_map_get(&annotation->of_key, key);
    struct annotated_line *added;

    if (found != MT_ID_MAP_NONE)
        return found;
    added = MT_LIST_ADD(annotation->lines);
    found = (uint32_t)(annotation->lines.count - 1);
    if (!added || !id_map_put(&annotation->of_key, key, found))
        return MT_ID_MAP_NONE;
    *added = (struct annotated_line){.file = file, .line = line};
    return found;
}

/* 1 yes, 0 no, -1 for lack of memory */
static int is_function(const struct frame *frame, const char *function) {
    char *name;
    int found;

    if (!function || strcmp(frame->function, function) == 0)
        return 1;
    name = names_demangle(frame->function);
    if (!name)
        return -1;
    names_simplify(name);
    found = strcmp(name, function) == 0;
    names_drop_parameters(name);
    found |= strcmp(name, function) == 0;
    free(name);
    return found;
}

/* Two places a frame: its line and its file. */
static bool find_places(struct walker *walker) {
    const struct defs *defs = &walker->trace->defs;
    size_t count = 0;

    walker->first_place = calloc(defs->sites.count, sizeof(*walker->first_place));
    if (!walker->first_place)
        return false;
    for (size_t i = 0; i < defs->sites.count; i++) {
        walker->first_place[i] = count;
        count += 2 * (size_t)defs->sites.items[i].frame_count;
    }
    walker->places = malloc((count + 1) * sizeof(*walker->places));
    if (!walker->places)
        return false;
    count = 0;
    for (size_t i = 0; i < defs->sites.count; i++) {
        const struct site *site = &defs->sites.items[i];

        for (uint32_t k = 0; k < site->frame_count; k++) {
            const struct frame *frame = &site->frames[k];
            uint32_t *place = &walker->places[count];
            int wanted =
                frame->file[0] && frame->line ? is_function(frame, walker->options->function) : 0;

            count += 2;
            place[0] = place[1] = MT_ID_MAP_NONE;
            if (wanted == 0)
                continue;
            if (wanted < 0 ||
                (place[0] = add_line(walker->annotation, frame->file, frame->line)) ==
                    MT_ID_MAP_NONE ||
                (place[1] = add_line(walker->annotation, frame->file, 0)) == MT_ID_MAP_NONE)
                return false;
        }
    }
    return true;
}

/* Children in any order; the unknown context, which is the root as well, is no child. */
static bool link_contexts(struct walker *walker, const struct report *report) {
    const struct defs *defs = &walker->trace->defs;
    size_t count = defs->contexts.count;

    walker->first_child = calloc(count, sizeof(*walker->first_child));
    walker->next_sibling = calloc(count, sizeof(*walker->next_sibling));
    walker->row = malloc(count * sizeof(*walker->row));
    if (!walker->first_child || !walker->next_sibling || !walker->row)
        return false;
    memset(walker->row, 0xff, count * sizeof(*walker->row));
    for (uint32_t i = 1; i < count; i++) {
        uint32_t *head = &walker->first_child[defs->contexts.items[i].parent];

        walker->next_sibling[i] = *head;
        *head = i;
    }
    for (size_t i = 0; i < report->contexts.count; i++) {
        const struct report_row *row = &report->contexts.items[i];

        if (row->chains->trace == walker->trace)
            walker->row[row->context] = (uint32_t)i;
    }
    return true;
}

/* Of the line and the file of each frame of the context's site. */
static const uint32_t *places_of(const struct walker *walker, uint32_t context, size_t *count) {
    const struct defs *defs = &walker->trace->defs;
    uint32_t site = defs->contexts.items[context].site;

    *count = 2 * (size_t)defs->sites.items[site].frame_count;
    return &walker->places[walker->first_place[site]];
}

static bool enter(struct walker *walker, const struct report *report, uint32_t context) {
    struct annotated_line *lines = walker->annotation->lines.items;
    struct step *step = MT_LIST_ADD(walker->steps);
    const uint32_t *places;
    size_t count;

    if (!step)
        return false;
    *step = (struct step){.context = context};
    if (walker->row[context] != MT_ID_MAP_NONE)
        step->sum = report->contexts.items[walker->row[context]].counters;
    places = places_of(walker, context, &count);
    for (size_t i = 0; i < count; i++) {
        if (places[i] != MT_ID_MAP_NONE && lines[places[i]].depth == 0)
            lines[places[i]].depth = (uint32_t)walker->steps.count;
    }
    return true;
}

static void leave(struct walker *walker) {
    struct annotated_line *lines = walker->annotation->lines.items;
    struct step *steps = walker->steps.items;
    uint32_t depth = (uint32_t)walker->steps.count--;
    const struct step *step = &steps[depth - 1];
    size_t count;
    const uint32_t *places = places_of(walker, step->context, &count);

    for (size_t i = 0; i < count; i++) {
        if (places[i] != MT_ID_MAP_NONE && lines[places[i]].depth == depth) {
            lines[places[i]].depth = 0;
            counters_add(&lines[places[i]].total, &step->sum);
        }
    }
    if (depth > 1)
        counters_add(&steps[depth - 2].sum, &step->sum);
}

/* The tree below a context, or the unknown context, which has nothing below it. */
static bool walk(struct walker *walker, const struct report *report, uint32_t context) {
    if (!enter(walker, report, context))
        return false;
    if (context == 0) {
        leave(walker);
        return true;
    }
    while (walker->steps.count) {
        uint32_t at = walker->steps.items[walker->steps.count - 1].context;
        uint32_t child = walker->first_child[at];

        /* A child is taken off the list when it is entered. */
        if (child) {
            walker->first_child[at] = walker->next_sibling[child];
            if (!enter(walker, report, child))
                return false;
        } else {
            leave(walker);
        }
    }
    return true;
}

static void charge_self(struct walker *walker, const struct report *report) {
    const struct defs *defs = &walker->trace->defs;

    for (size_t i = 0; i < report->contexts.count; i++) {
        const struct report_row *row = &report->contexts.items[i];
        struct chain_place place = chains_first(row->chains, row->context, walker->options->fold);
        const uint32_t *places;

        if (row->chains->trace != walker->trace)
            continue;
        places = &walker->places[walker->first_place[place.site - defs->sites.items]];
        for (size_t k = 2 * (size_t)place.frame; k < 2 * (size_t)place.frame + 2; k++) {
            if (places[k] != MT_ID_MAP_NONE)
                counters_add(&walker->annotation->lines.items[places[k]].self, &row->counters);
        }
    }
}

static bool add_trace(struct annotation *annotation, const struct report *report,
                      const struct trace *trace, const struct annotation_options *options) {
    struct walker walker = {.annotation = annotation, .options = options, .trace = trace};
    bool good = find_places(&walker) && link_contexts(&walker, report) && walk(&walker, report, 0);

    while (good && walker.first_child[0]) {
        uint32_t outermost = walker.first_child[0];

        walker.first_child[0] = walker.next_sibling[outermost];
        good = walk(&walker, report, outermost);
    }
    if (good)
        charge_self(&walker, report);
    free(walker.places);
    free(walker.first_place);
    free(walker.first_child);
    free(walker.next_sibling);
    free(walker.row);
    free(walker.steps.items);
    return good;
}

static int compare_lines(const void *left, const void *right) {
    const struct annotated_line *a = left, *b = right;
    int order = strcmp(a->file, b->file);

    return order ? order : (a->line > b->line) - (a->line < b->line);
}

bool annotation_make(struct annotation *annotation, const struct report *report,
                     const struct annotation_options *options, struct error *error) {
    *annotation = (struct annotation){0};
    for (size_t i = 0; i < report->traces.count; i++) {
        if (!add_trace(annotation, report, report->traces.items[i]->trace, options)) {
            annotation_free(annotation);
            return error_no_memory(error);
        }
    }
    id_map_free(&annotation->of_key);
    if (annotation->lines.count)
        qsort(annotation->lines.items, annotation->lines.count, sizeof(*annotation->lines.items),
              compare_lines);
    return true;
}

void annotation_free(struct annotation *annotation) {
    free(annotation->lines.items);
    id_map_free(&annotation->of_key);
    *annotation = (struct annotation){0};
}

size_t annotation_lines(const struct annotation *annotation, size_t whole, size_t *first) {
    size_t at = *first = whole + 1;

    while (at < annotation->lines.count && annotation->lines.items[at].line)
        at++;
    return at - *first;
}

/* The shorter is an end of the longer, and begins there with a component. */
bool annotation_is_end(const char *path, const char *other) {
    size_t size, other_size;

    while (strncmp(path, "./", 2) == 0)
        path += 2;
    while (strncmp(other, "./", 2) == 0)
        other += 2;
    size = strlen(path);
    other_size = strlen(other);
    if (size > other_size)
        return annotation_is_end(other, path);
    return size && strcmp(other + (other_size - size), path) == 0 &&
           (size == other_size || path[0] == '/' || other[other_size - size - 1] == '/');
}

size_t annotation_find(const struct annotation *annotation, const char *path, size_t *whole) {
    size_t found = 0;

    for (size_t i = 0; i < annotation->lines.count; i++) {
        const struct annotated_line *line = &annotation->lines.items[i];

        if (line->line)
            continue;
        if (strcmp(line->file, path) == 0) {
            *whole = i;
            return 1;
        }
        if (annotation_is_end(line->file, path) && found++ == 0)
            *whole = i;
    }
    return found;
}
