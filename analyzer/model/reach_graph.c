#include "model/reach_graph.h"

#include "util/id_map.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_BITS = 12, RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };

bool reach_graph_init(struct reach_graph *graph, size_t count) {
    *graph = (struct reach_graph){0};
    if (count >= REACH_NONE)
        return false;
    graph->nodes = calloc(count + 1, sizeof(*graph->nodes));
    graph->first_edge = calloc(count + 2, sizeof(*graph->first_edge));
    graph->stack = calloc(count + 1, sizeof(*graph->stack));
    if (graph->nodes && graph->first_edge && graph->stack)
        return true;
    reach_graph_free(graph);
    return false;
}

void reach_graph_free(struct reach_graph *graph) {
    free(graph->nodes);
    free(graph->pages);
    free(graph->edges.items);
    free(graph->first_edge);
    free(graph->stack);
    *graph = (struct reach_graph){0};
}

/* By eleven bits of the address at a time, least significant first. */
static bool sort_nodes(struct reach_graph *graph) {
    struct reach_node *from = graph->nodes, *spare = malloc((graph->count + 1) * sizeof(*spare));
    struct reach_node *to = spare;

    if (!spare)
        return false;
    for (unsigned shift = 0; shift < 64; shift += RADIX_BITS) {
        size_t starts[RADIX + 1] = {0};
        struct reach_node *other;

        for (size_t i = 0; i < graph->count; i++)
            starts[(from[i].address >> shift & (RADIX - 1)) + 1]++;
        if (starts[(from[0].address >> shift & (RADIX - 1)) + 1] == graph->count)
            continue;
        for (unsigned i = 0; i < RADIX; i++)
            starts[i + 1] += starts[i];
        for (size_t i = 0; i < graph->count; i++)
            to[starts[from[i].address >> shift & (RADIX - 1)]++] = from[i];
        other = from;
        from = to;
        to = other;
    }
    graph->nodes = from;
    free(to);
    return true;
}

static struct reach_page *page_slot(const struct reach_graph *graph, uint64_t page) {
    size_t slot = (size_t)id_hash(page) & graph->page_mask;

    while (graph->pages[slot].page && graph->pages[slot].page != page + 1)
        slot = (slot + 1) & graph->page_mask;
    return &graph->pages[slot];
}

bool reach_graph_sort(struct reach_graph *graph) {
    size_t pages = 1, slots = 16;

    if (graph->count && !sort_nodes(graph))
        return false;
    for (size_t i = 1; i < graph->count; i++)
        pages += graph->nodes[i].address >> PAGE_BITS != graph->nodes[i - 1].address >> PAGE_BITS;
    while (slots < 2 * pages)
        slots *= 2;
    graph->pages = calloc(slots, sizeof(*graph->pages));
    if (!graph->pages)
        return false;
    graph->page_mask = slots - 1;
    for (size_t i = 0; i < graph->count; i++) {
        uint64_t page = graph->nodes[i].address >> PAGE_BITS;
        struct reach_page *slot = page_slot(graph, page);

        if (!slot->page)
            *slot = (struct reach_page){page + 1, (uint32_t)i};
    }
    return true;
}

/* How many nodes begin at or before the address. */
static size_t count_up_to(const struct reach_graph *graph, uint64_t address) {
    const struct reach_page *slot = page_slot(graph, address >> PAGE_BITS);
    size_t low = 0, high = graph->count;

    if (slot->page) {
        low = slot->first;
        high = low + (1 << PAGE_BITS);
        high = high < graph->count ? high : graph->count;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (graph->nodes[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool points_into(const struct reach_node *node, uint64_t value) {
    uint64_t offset = value - node->address;

    return offset < node->size || offset == 0 ||
           (offset == 8 && node->size == 8 && node->flags & REACH_ARRAY);
}

uint32_t reach_graph_find(const struct reach_graph *graph, uint64_t value) {
    size_t before = graph->count ? count_up_to(graph, value) : 0;

    if (before == 0 || !points_into(&graph->nodes[before - 1], value))
        return REACH_NONE;
    return (uint32_t)(before - 1);
}

static void begin_up_to(struct reach_graph *graph, size_t node) {
    while (graph->begun <= node)
        graph->first_edge[graph->begun++] = graph->edges.count;
}

bool reach_graph_add_edge(struct reach_graph *graph, uint32_t source, uint32_t target) {
    uint32_t *edge;

    begin_up_to(graph, source);
    /* Many words of a block point to the same one. */
    if (graph->edges.count > graph->first_edge[source] &&
        graph->edges.items[graph->edges.count - 1] == target)
        return true;
    edge = MT_LIST_ADD(graph->edges);
    if (!edge)
        return false;
    *edge = target;
    return true;
}

void reach_graph_mark(struct reach_graph *graph, uint32_t node) {
    if (graph->nodes[node].flags & REACH_REACHED)
        return;
    graph->nodes[node].flags |= REACH_REACHED;
    graph->stack[graph->stack_count++] = node;
}

void reach_graph_flood(struct reach_graph *graph) {
    begin_up_to(graph, graph->count);
    while (graph->stack_count) {
        uint32_t node = graph->stack[--graph->stack_count];

        for (size_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
            reach_graph_mark(graph, graph->edges.items[i]);
    }
}

static bool is_left(const struct reach_graph *graph, uint32_t node) {
    return !(graph->nodes[node].flags & (REACH_REACHED | REACH_EXEMPT));
}

/* Depth first from `start`: puts what is new into `order`, each after all that it leads to. */
static void visit(struct reach_graph *graph, uint32_t start, size_t *next, uint32_t *order,
                  size_t *ordered) {
    uint32_t *stack = graph->stack;
    size_t depth = 0;

    graph->nodes[start].flags |= REACH_SEEN;
    next[0] = graph->first_edge[start];
    stack[depth++] = start;
    while (depth) {
        uint32_t node = stack[depth - 1];
        uint32_t target;

        if (next[depth - 1] == graph->first_edge[node + 1]) {
            order[(*ordered)++] = node;
            depth--;
            continue;
        }
        target = graph->edges.items[next[depth - 1]++];
        if (!is_left(graph, target) || graph->nodes[target].flags & REACH_SEEN)
            continue;
        graph->nodes[target].flags |= REACH_SEEN;
        next[depth] = graph->first_edge[target];
        stack[depth++] = target;
    }
}

/* All that nobody has claimed yet and `by` leads to. */
static void claim(struct reach_graph *graph, uint32_t by,
                  void (*kept)(void *data, const struct reach_node *by,
                               const struct reach_node *node),
                  void *data) {
    graph->nodes[by].flags |= REACH_CLAIMED;
    graph->stack[graph->stack_count++] = by;
    while (graph->stack_count) {
        uint32_t node = graph->stack[--graph->stack_count];

        for (size_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
            uint32_t target = graph->edges.items[i];

            if (!is_left(graph, target) || graph->nodes[target].flags & REACH_CLAIMED)
                continue;
            graph->nodes[target].flags |= REACH_CLAIMED | REACH_INDIRECT;
            if (kept)
                kept(data, &graph->nodes[by], &graph->nodes[target]);
            graph->stack[graph->stack_count++] = target;
        }
    }
}

/* Of all that is not claimed, what depth-first search leaves last is held by nothing but what it
 * leads to itself (as in Kosaraju's algorithm). */
bool reach_graph_rank(struct reach_graph *graph,
                      void (*kept)(void *data, const struct reach_node *by,
                                   const struct reach_node *node),
                      void *data) {
    size_t *next;
    uint32_t *order;
    size_t left = 0, ordered = 0;

    for (size_t i = 0; i < graph->count; i++)
        left += is_left(graph, (uint32_t)i);
    next = calloc(left + 1, sizeof(*next));
    order = calloc(left + 1, sizeof(*order));
    for (size_t i = 0; next && order && i < graph->count; i++) {
        if (is_left(graph, (uint32_t)i) && !(graph->nodes[i].flags & REACH_SEEN))
            visit(graph, (uint32_t)i, next, order, &ordered);
    }
    while (ordered) {
        uint32_t node = order[--ordered];

        if (!(graph->nodes[node].flags & REACH_CLAIMED))
            claim(graph, node, kept, data);
    }
    left = next && order;
    free(next);
    free(order);
    return left;
}
