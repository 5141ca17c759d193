/* The calls of a whole report as a tree: the root's children are outermost frames, and each node
 * stands for all contexts that lead through the same frames, whose costs are those of the node
 * where their chains end.
 *
 * Folding follows model/chains.h: costs go to the first frame that is not folded, library frames in
 * a row become one node, and a cycle of frames returns to where it began, so that recursion costs
 * no depth and no context counts twice in a node. Beyond a depth only the innermost frame is kept.
 * Building is linear in the contexts and their frames.
 */
#ifndef MT_MODEL_TREE_H
#define MT_MODEL_TREE_H

#include "model/report.h"

enum {
    MT_TREE_CYCLE = 32, /* frames of a cycle */
    MT_TREE_DEPTH = 200,
};

/* Frames of equal names are one node. To be freed; NULL when memory is short. */
typedef char *tree_namer(const struct chain_place *place);

struct tree_options {
    tree_namer *namer;
    bool fold;
    bool by_site; /* names at different lines are different */
    uint32_t depth;
};

/* The first names; they have no place. */
enum { MT_TREE_ALL, MT_TREE_LIBRARY, MT_TREE_DEEPER, MT_TREE_NAMES };

struct tree_name {
    const char *text;
    struct chain_place place; /* one of that name */
    bool library;
};

struct tree_node {
    uint32_t parent; /* less than the node's own number */
    uint32_t name;
    uint32_t first_child; /* 0 none */
    uint32_t next_sibling;
    uint32_t depth; /* 0 the root */
};

struct tree {
    MT_LIST(struct tree_node) nodes; /* [0] is the root */
    MT_LIST(struct tree_name) names;
    struct counters *self; /* by node: of the contexts that end there */
    struct tree_options options;
    struct arena arena; /* the names' texts */
    struct id_map name_of_frame;
    struct id_map name_of_text;
    struct id_map edges; /* parent and name to node */
};

/* The report's traces outlive the tree. To be freed on success only. */
bool tree_build(struct tree *tree, const struct report *report, const struct tree_options *options,
                struct error *error);
void tree_free(struct tree *tree);

static inline const struct tree_name *tree_name(const struct tree *tree, uint32_t node) {
    return &tree->names.items[tree->nodes.items[node].name];
}

#endif
