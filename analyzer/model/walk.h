/* A walk through the part of a tree of calls that matters, costs largest first. Top-down follows
 * the tree; bottom-up begins with the functions that allocate and goes on with their callers, whose
 * nodes are made as the walk comes to them, for of all of them there are as many as contexts times
 * their depth.
 */
#ifndef MT_MODEL_WALK_H
#define MT_MODEL_WALK_H

#include "model/tree.h"

struct walk_options {
    bool bottom_up;
    enum report_order order;
    double min_share; /* per cent; smaller nodes are left out, with 0 none */
    size_t limit;     /* children of a node; 0 all */
};

/* Nodes of one name below one node. */
struct walk_group {
    uint32_t name;
    uint32_t node; /* top-down */
    size_t begin;  /* bottom-up: entries */
    size_t end;
    struct counters counters; /* of the node and all below it */
    struct counters self;     /* of what ends there; set once the walk comes to it */
};

struct walk_level {
    struct walk_group *groups;
    size_t count;
    size_t shown;
    size_t next;
    bool told; /* of what is left out */
};

/* A node where contexts end, and how far out the walk is from it. */
struct walk_entry {
    uint32_t name;
    uint32_t at;
    uint32_t end;
};

struct walk {
    const struct tree *tree;
    struct walk_options options;
    struct counters total;
    double threshold;
    struct counters *inclusive; /* top-down: by node */
    struct walk_entry *entries; /* bottom-up */
    struct walk_level *levels;
    size_t depth;
};

enum walk_kind {
    WALK_NODE, /* followed by its children and WALK_LEAVE */
    WALK_LEAVE,
    WALK_HIDDEN, /* after the children that are shown */
    WALK_END,
    WALK_NO_MEMORY,
};

struct walk_item {
    enum walk_kind kind;
    uint32_t depth; /* of the children of the root: 0 */
    const struct tree_name *name;
    struct counters counters; /* WALK_HIDDEN: of all that is hidden here */
    struct counters self;
    size_t hidden; /* how many */
    bool only;     /* its parent has no other cost, by the order */
};

/* The tree outlives the walk. To be ended in any case. */
bool walk_begin(struct walk *walk, const struct tree *tree, const struct walk_options *options);
void walk_next(struct walk *walk, struct walk_item *item);
void walk_end(struct walk *walk);

#endif
