#define XXH_INLINE_ALL
#include "model/tree.h"

#include "model/library.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint32_t add_name(struct tree *tree, const char *text, const struct chain_place *place) {
    struct tree_name *name = MT_LIST_ADD(tree->names);

    if (!name)
        return MT_ID_MAP_NONE;
    *name = (struct tree_name){.text = arena_copy(&tree->arena, text, strlen(text))};
    if (place) {
        name->place = *place;
        name->library = library_frame(chain_frame(place));
    }
    return name->text ? (uint32_t)(tree->names.count - 1) : MT_ID_MAP_NONE;
}

static uint64_t location_hash(const struct tree *tree, const struct frame *frame) {
    return tree->options.by_site
               ? XXH3_64bits_withSeed(frame->file, strlen(frame->file), frame->line)
               : 0;
}

static uint32_t name_by_text(struct tree *tree, const struct chain_place *place) {
    char *text = tree->options.namer(place);
    uint32_t name = MT_ID_MAP_NONE;
    uint64_t key;

    if (!text)
        return name;
    key = XXH3_64bits_withSeed(text, strlen(text), location_hash(tree, chain_frame(place)));
    name = id_map_get(&tree->name_of_text, key);
    if (name == MT_ID_MAP_NONE) {
        name = add_name(tree, text, place);
        if (name != MT_ID_MAP_NONE && !id_map_put(&tree->name_of_text, key, name))
            name = MT_ID_MAP_NONE;
    }
    free(text);
    return name;
}

/* MT_ID_MAP_NONE when memory is short. Strings are interned, so that their addresses tell whether
 * the frame's name is known already. */
static uint32_t name_of(struct tree *tree, const struct chain_place *place) {
    const struct frame *frame = chain_frame(place);
    uint64_t parts[3] = {(uintptr_t)frame->function, chain_inlined(place), 0};
    uint64_t key;
    uint32_t name;

    if (tree->options.by_site) {
        parts[1] |= (uint64_t)frame->line << 1;
        parts[2] = (uintptr_t)frame->file;
    }
    key = XXH3_64bits(parts, sizeof(parts));
    name = id_map_get(&tree->name_of_frame, key);
    if (name == MT_ID_MAP_NONE) {
        name = name_by_text(tree, place);
        if (name != MT_ID_MAP_NONE && !id_map_put(&tree->name_of_frame, key, name))
            name = MT_ID_MAP_NONE;
    }
    return name;
}

static uint64_t edge_key(uint32_t parent, uint32_t name) {
    return (uint64_t)parent << 32 | name;
}

/* Moves to the child of that name. */
static bool descend(struct tree *tree, uint32_t *at, uint32_t name) {
    uint32_t found = id_map_get(&tree->edges, edge_key(*at, name));
    struct tree_node *node;

    if (found == MT_ID_MAP_NONE) {
        node = MT_LIST_ADD(tree->nodes);
        found = (uint32_t)(tree->nodes.count - 1);
        if (!node || !id_map_put(&tree->edges, edge_key(*at, name), found))
            return false;
        *node = (struct tree_node){.parent = *at,
                                   .name = name,
                                   .next_sibling = tree->nodes.items[*at].first_child,
                                   .depth = tree->nodes.items[*at].depth + 1};
        tree->nodes.items[*at].first_child = found;
    }
    *at = found;
    return true;
}

/* The name and the nodes from `at` outwards, `length` names in all, equal the names before them;
 * then *start is the node at which they began. */
static bool is_cycle(const struct tree *tree, uint32_t at, uint32_t name, uint32_t length,
                     uint32_t *start) {
    const struct tree_node *nodes = tree->nodes.items;
    uint32_t before = *start;
    uint32_t end = at;

    if (nodes[before].name != name)
        return false;
    for (uint32_t i = 1; i < length; i++) {
        before = nodes[before].parent;
        if (before == 0 || nodes[before].name != nodes[end].name)
            return false;
        end = nodes[end].parent;
    }
    return true;
}

/* Moves back if a call of that name would close a cycle. */
static bool return_in_cycle(const struct tree *tree, uint32_t *at, uint32_t name) {
    uint32_t start = *at;

    for (uint32_t length = 1; length <= MT_TREE_CYCLE && start; length++) {
        if (is_cycle(tree, *at, name, length, &start)) {
            *at = start;
            return true;
        }
        start = tree->nodes.items[start].parent;
    }
    return false;
}

static bool push_name(struct tree *tree, uint32_t *at, uint32_t name) {
    uint32_t limit = tree->options.depth;

    /* Below the node for deeper calls stands the innermost one only. */
    if (tree->nodes.items[*at].depth == limit + 2)
        *at = tree->nodes.items[*at].parent;
    if (id_map_get(&tree->edges, edge_key(*at, name)) == MT_ID_MAP_NONE) {
        if (tree->options.fold && return_in_cycle(tree, at, name))
            return true;
        if (tree->nodes.items[*at].depth == limit && !descend(tree, at, MT_TREE_DEEPER))
            return false;
    }
    return descend(tree, at, name);
}

static bool push_frame(struct tree *tree, uint32_t *at, const struct chain_place *place,
                       bool condense) {
    uint32_t name = name_of(tree, place);
    uint32_t above = tree->nodes.items[*at].name;

    if (name == MT_ID_MAP_NONE)
        return false;
    if (!condense || !tree->names.items[name].library)
        return push_name(tree, at, name);
    if (above == MT_TREE_LIBRARY)
        return true;
    if (!tree->names.items[above].library)
        return push_name(tree, at, name);
    *at = tree->nodes.items[*at].parent;
    return push_name(tree, at, MT_TREE_LIBRARY);
}

/* Where the chain of a context ends. */
struct chain_end {
    uint32_t node;
    uint32_t first; /* node of the first frame that is not folded; 0 none */
    uint32_t whole; /* while there is none: where the chain ends unfolded */
};

static bool push_site(struct tree *tree, struct chain_end *end, const struct site *site) {
    bool fold = tree->options.fold;

    for (uint32_t i = site->frame_count; i-- > 0;) {
        struct chain_place place = {site, i};
        bool foldable = fold && chains_foldable(chain_frame(&place));

        if (!push_frame(tree, &end->node, &place, fold))
            return false;
        if (!foldable)
            end->first = end->node;
        else if (!end->first && !push_frame(tree, &end->whole, &place, false))
            return false;
    }
    return true;
}

/* Of all contexts of one trace, by index; NULL when memory is short. To be freed. */
static struct chain_end *push_contexts(struct tree *tree, const struct trace *trace) {
    const struct defs *defs = &trace->defs;
    struct chain_end *ends = calloc(defs->contexts.count, sizeof(*ends));

    if (!ends)
        return NULL;
    for (uint32_t i = 1; i < defs->contexts.count; i++) {
        ends[i] = ends[defs->contexts.items[i].parent];
        if (!push_site(tree, &ends[i], defs_site(defs, i))) {
            free(ends);
            return NULL;
        }
    }
    /* It is the root as well, so it comes last. */
    if (!push_site(tree, &ends[0], defs_site(defs, 0))) {
        free(ends);
        return NULL;
    }
    return ends;
}

static bool add_rows(struct tree *tree, const struct report *report,
                     struct chain_end *const *ends) {
    tree->self = calloc(tree->nodes.count, sizeof(*tree->self));
    if (!tree->self)
        return false;
    for (size_t i = 0; i < report->contexts.count; i++) {
        const struct report_row *row = &report->contexts.items[i];
        const struct chain_end *end = &ends[row->chains->index][row->context];

        counters_add(&tree->self[end->first ? end->first : end->whole], &row->counters);
    }
    return true;
}

static bool add_root(struct tree *tree) {
    struct tree_node *root = MT_LIST_ADD(tree->nodes);

    if (!root)
        return false;
    *root = (struct tree_node){.name = MT_TREE_ALL};
    return add_name(tree, "[all]", NULL) == MT_TREE_ALL &&
           add_name(tree, "[standard library]", NULL) == MT_TREE_LIBRARY &&
           add_name(tree, "[deeper calls]", NULL) == MT_TREE_DEEPER;
}

bool tree_build(struct tree *tree, const struct report *report, const struct tree_options *options,
                struct error *error) {
    struct chain_end **ends = calloc(report->traces.count + 1, sizeof(*ends));
    bool good;

    *tree = (struct tree){.options = *options};
    good = ends && add_root(tree);
    for (size_t i = 0; good && i < report->traces.count; i++) {
        ends[i] = push_contexts(tree, report->traces.items[i]->trace);
        good = ends[i] != NULL;
    }
    good = good && add_rows(tree, report, ends);
    for (size_t i = 0; ends && i < report->traces.count; i++)
        free(ends[i]);
    free(ends);
    if (good)
        return true;
    tree_free(tree);
    return error_no_memory(error);
}

void tree_free(struct tree *tree) {
    free(tree->nodes.items);
    free(tree->names.items);
    free(tree->self);
    arena_free(&tree->arena);
    id_map_free(&tree->name_of_frame);
    id_map_free(&tree->name_of_text);
    id_map_free(&tree->edges);
    *tree = (struct tree){0};
}
