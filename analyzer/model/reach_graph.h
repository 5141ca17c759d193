/* Blocks and the pointers between them: which are reached from those that are marked, and which of
 * the others hold which. */
#ifndef MT_MODEL_REACH_GRAPH_H
#define MT_MODEL_REACH_GRAPH_H

#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REACH_NONE UINT32_MAX

enum reach_flags {
    REACH_OWN = 1 << 0,     /* of this process; else inherited, and on the way only */
    REACH_ARRAY = 1 << 1,   /* by new[]: one without elements is pointed to behind its count */
    REACH_EXEMPT = 1 << 2,  /* never unreachable; holds nothing unless it is reached */
    REACH_REACHED = 1 << 3, /* from here on set by this */
    REACH_INDIRECT = 1 << 4,
    REACH_SEEN = 1 << 5,
    REACH_CLAIMED = 1 << 6,
};

struct reach_node {
    uint64_t address;
    uint64_t size;
    uint32_t context;
    uint32_t flags;
};

/* Of the pages that nodes begin in, the first node. */
struct reach_page {
    uint64_t page; /* plus 1; 0: none */
    uint32_t first;
};

struct reach_graph {
    struct reach_node *nodes; /* filled by the caller */
    size_t count;
    struct reach_page *pages;
    size_t page_mask;
    MT_LIST(uint32_t) edges;
    size_t *first_edge; /* by node, and the end */
    size_t begun;       /* nodes whose first edge is known */
    uint32_t *stack;
    size_t stack_count;
};

/* Room for so many nodes. False when memory is short, like the others. */
bool reach_graph_init(struct reach_graph *graph, size_t count);
void reach_graph_free(struct reach_graph *graph);

/* When all nodes are there: puts them in order of their addresses. */
bool reach_graph_sort(struct reach_graph *graph);

/* The node that a pointer of this value points into, or REACH_NONE. */
uint32_t reach_graph_find(const struct reach_graph *graph, uint64_t value);

/* Sources come in their order. */
bool reach_graph_add_edge(struct reach_graph *graph, uint32_t source, uint32_t target);

void reach_graph_mark(struct reach_graph *graph, uint32_t node);

/* Once all edges are there: sets REACH_REACHED of all that the marked ones lead to. */
void reach_graph_flood(struct reach_graph *graph);

/* Then: sets REACH_INDIRECT of each other node that is held by one of the rest. What holds each
 * other in a ring is held by one of it, the first that leads to all of it. `kept`, which may be
 * NULL, is told for each indirect node which direct one holds it; if several do, it is told one. */
bool reach_graph_rank(struct reach_graph *graph,
                      void (*kept)(void *data, const struct reach_node *by,
                                   const struct reach_node *node),
                      void *data);

#endif
