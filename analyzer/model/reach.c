#include "model/reach.h"

#include "model/heap.h"
#include "model/inherit.h"
#include "model/reach_graph.h"

#include <stdlib.h>
#include <string.h>

/* Regions by what they mean for what stands in them, the stronger first. */
enum place { PLACE_ROOT, PLACE_DEAD, PLACE_C_LIBRARY, PLACE_VARIABLES, PLACES };

struct span {
    uint64_t start;
    uint64_t end;
};

struct spans {
    MT_LIST(struct span) list; /* by address, apart from each other */
    size_t next;               /* the first that does not end before the word */
};

struct scan {
    const struct heap *heap;
    struct reach_graph graph;
    struct spans places[PLACES];
    struct reach *reach;
    size_t source;  /* the first node that does not end before the word */
    uint64_t last;  /* address of a word */
    uint64_t words; /* so far */
    bool cautious;  /* there may be blocks that the trace does not know, or stacks */
    bool out_of_memory;
};

/* Whether the trace of the heap has a scan to go by. */
static bool is_known(const struct heap *heap) {
    const struct trace *trace = heap->setup.trace;

    return trace->defs.scan.present && trace->defs.scan.result == MT_SCAN_DONE &&
           !trace_sampled(trace) && !trace->defs.profile.present;
}

/* Every block of the process is known, those included that it was forked with. */
static bool knows_all(const struct heap *heap) {
    for (;; heap = heap->setup.parent) {
        const struct trace *trace = heap->setup.trace;

        if (!trace_interposed(trace) || trace_pause_ticks(trace) != UINT64_MAX ||
            defs_dropped(&trace->defs) || trace->reader.lost_events || trace->reader.damage.count)
            return false;
        if (!heap->setup.parent)
            return trace->reader.header.parent_trace_id == 0;
    }
}

/* Blocks */

/* What the dynamic linker allocates is its own affair: the memory of threads' variables stays with
 * stacks that are kept for further threads, where no pointer leads. */
static bool is_of_linker(const struct site *site) {
    const char *name = strrchr(site->module, '/');

    name = name ? name + 1 : site->module;
    return site->flags & MT_SITE_FOREIGN &&
           (strncmp(name, "ld-", 3) == 0 || strncmp(name, "ld64", 4) == 0 ||
            strncmp(name, "ld.so", 5) == 0);
}

static void add_node(struct reach_graph *graph, const struct heap *owner,
                     const struct live_block *block, uint32_t flags) {
    const struct site *site = defs_site(owner->defs, block->context);

    if (site->api == MT_API_NEW_ARRAY)
        flags |= REACH_ARRAY;
    if (is_of_linker(site))
        flags |= REACH_EXEMPT;
    graph->nodes[graph->count++] = (struct reach_node){
        .address = block->address, .size = block->size, .context = block->context, .flags = flags};
}

/* What is inherited is what an ancestor has live, unless the process or one in between has ended
 * it, or the address is another block's. */
static void add_inherited(struct reach_graph *graph, const struct heap *heap) {
    const struct heap *owner;

    for (const struct heap *from = heap->setup.parent; from; from = from->setup.parent) {
        for (size_t i = 0; i <= from->table.mask; i++) {
            const struct live_block *block = &from->table.slots[i];

            if (block->address && !live_table_find(&heap->table, block->address)->address &&
                inherit_find(heap, block->address, &owner) == block)
                add_node(graph, owner, block, 0);
        }
    }
}

static bool add_nodes(struct scan *scan) {
    const struct heap *heap = scan->heap;
    size_t count = heap->table.count;

    for (const struct heap *from = heap->setup.parent; from; from = from->setup.parent)
        count += from->table.count;
    if (!reach_graph_init(&scan->graph, count))
        return false;
    for (size_t i = 0; i <= heap->table.mask; i++) {
        const struct live_block *block = &heap->table.slots[i];

        /* What the selection leaves out leads on, but is not counted. */
        if (block->address)
            add_node(&scan->graph, heap, block, heap_selects(heap, block) ? REACH_OWN : 0);
    }
    add_inherited(&scan->graph, heap);
    return reach_graph_sort(&scan->graph);
}

/* Regions */

static bool is_c_library(const struct cursor *name) {
    static const char part[] = "/libc.so", other[] = "/libc-";
    size_t size = cursor_left(name);

    for (size_t i = 0; i + sizeof(part) - 1 <= size; i++) {
        if (!memcmp(name->at + i, part, sizeof(part) - 1) ||
            !memcmp(name->at + i, other, sizeof(other) - 1))
            return true;
    }
    return false;
}

/* A thread's stack may be a block of the heap. */
static void clip_stack(const struct scan *scan, struct span *span) {
    uint32_t node = reach_graph_find(&scan->graph, span->start);
    const struct reach_node *block = &scan->graph.nodes[node == REACH_NONE ? 0 : node];

    if (node != REACH_NONE && span->end > block->address + block->size)
        span->end = block->address + block->size;
}

static bool no_memory(struct scan *scan, struct error *error) {
    scan->out_of_memory = true;
    return error_no_memory(error);
}

static bool take_region(void *data, const struct memory_region *region, struct error *error) {
    struct scan *scan = data;
    struct span span = {region->start, region->end}, *added;
    enum place place;

    switch (region->kind) {
    case MT_REGION_STACK:
        clip_stack(scan, &span);
        place = PLACE_ROOT;
        break;
    case MT_REGION_TLS:
        place = PLACE_ROOT;
        break;
    case MT_REGION_ENDED:
        place = PLACE_DEAD;
        break;
    case MT_REGION_OBJECT:
        place = is_c_library(&region->name) ? PLACE_C_LIBRARY : PLACE_VARIABLES;
        break;
    default:
        return true;
    }
    added = MT_LIST_ADD(scan->places[place].list);
    if (!added)
        return no_memory(scan, error);
    *added = span;
    return true;
}

static int compare_spans(const void *left, const void *right) {
    const struct span *a = left;
    const struct span *b = right;

    return (a->start > b->start) - (a->start < b->start);
}

static void merge_spans(struct spans *spans) {
    size_t kept = 0;

    if (!spans->list.count)
        return;
    qsort(spans->list.items, spans->list.count, sizeof(*spans->list.items), compare_spans);
    for (size_t i = 1; i < spans->list.count; i++) {
        struct span *last = &spans->list.items[kept];
        const struct span *span = &spans->list.items[i];

        if (span->start > last->end)
            spans->list.items[++kept] = *span;
        else if (span->end > last->end)
            last->end = span->end;
    }
    spans->list.count = kept + 1;
}

/* Words come by rising address. */
static bool is_in(struct spans *spans, uint64_t address) {
    while (spans->next < spans->list.count && spans->list.items[spans->next].end <= address)
        spans->next++;
    return spans->next < spans->list.count && spans->list.items[spans->next].start <= address;
}

/* Words */

/* The C library's own lists of what is free refer to a free piece by an address 16 bytes before it,
 * which may lie in the block before. */
static bool is_of_allocator(const struct reach_node *block, uint64_t value) {
    uint64_t room = block->size < 24 ? 24 : (block->size + 7) / 16 * 16 + 8;

    return value == block->address + room - 8;
}

/* A word outside of all blocks, and of what is known of regions. */
static bool is_root(const struct scan *scan, uint64_t address) {
    if (scan->cautious)
        return true;
    for (const struct heap *heap = scan->heap; heap; heap = heap->setup.parent) {
        if (heap->lived && lived_has(heap->lived, address))
            return false;
    }
    return true;
}

static uint32_t source_of(struct scan *scan, uint64_t address) {
    const struct reach_graph *graph = &scan->graph;

    while (scan->source < graph->count &&
           graph->nodes[scan->source].address + graph->nodes[scan->source].size <= address)
        scan->source++;
    return scan->source < graph->count && graph->nodes[scan->source].address <= address
               ? (uint32_t)scan->source
               : REACH_NONE;
}

static bool take_word(void *data, uint64_t address, uint64_t value, struct error *error) {
    struct scan *scan = data;
    struct reach_graph *graph = &scan->graph;
    uint32_t target = reach_graph_find(graph, value), source;

    if (address < scan->last)
        return error_set(error, "words are not in the order of their addresses");
    scan->last = address;
    scan->words++;
    if (target == REACH_NONE)
        return true;
    if (is_in(&scan->places[PLACE_ROOT], address)) {
        reach_graph_mark(graph, target);
        return true;
    }
    if (is_in(&scan->places[PLACE_DEAD], address))
        return true;
    source = source_of(scan, address);
    if (source != REACH_NONE)
        return reach_graph_add_edge(graph, source, target) || no_memory(scan, error);
    if (is_in(&scan->places[PLACE_C_LIBRARY], address)) {
        if (!is_of_allocator(&graph->nodes[target], value))
            reach_graph_mark(graph, target);
    } else if (is_in(&scan->places[PLACE_VARIABLES], address) || is_root(scan, address)) {
        reach_graph_mark(graph, target);
    }
    return true;
}

static bool take_register(void *data, uint64_t value, struct error *error) {
    struct scan *scan = data;
    uint32_t target = reach_graph_find(&scan->graph, value);

    (void)error;
    if (target != REACH_NONE)
        reach_graph_mark(&scan->graph, target);
    return true;
}

/* Results */

static void keep(void *data, const struct reach_node *by, const struct reach_node *node) {
    struct scan *scan = data;
    struct reach_counts *counts = &scan->reach->contexts[by->context];

    if (!(by->flags & REACH_OWN) || !(node->flags & REACH_OWN))
        return;
    counts->kept_bytes += node->size;
    counts->kept_blocks++;
}

static void count_node(struct reach_counts *counts, const struct reach_node *node) {
    if (node->flags & (REACH_REACHED | REACH_EXEMPT)) {
        counts->reachable_bytes += node->size;
        counts->reachable_blocks++;
        return;
    }
    counts->unreachable_bytes += node->size;
    counts->unreachable_blocks++;
    if (node->flags & REACH_INDIRECT) {
        counts->indirect_bytes += node->size;
        counts->indirect_blocks++;
    }
}

static void count_all(struct scan *scan) {
    struct reach *reach = scan->reach;

    for (size_t i = 0; i < scan->graph.count; i++) {
        const struct reach_node *node = &scan->graph.nodes[i];

        if (!(node->flags & REACH_OWN))
            continue;
        count_node(&reach->contexts[node->context], node);
        count_node(&reach->sums, node);
    }
    for (size_t i = 0; i < reach->context_count; i++) {
        reach->sums.kept_bytes += reach->contexts[i].kept_bytes;
        reach->sums.kept_blocks += reach->contexts[i].kept_blocks;
    }
}

static struct reach *create(size_t contexts) {
    struct reach *reach = calloc(1, sizeof(*reach));

    if (!reach)
        return NULL;
    reach->context_count = contexts;
    reach->contexts = calloc(contexts, sizeof(*reach->contexts));
    if (reach->contexts)
        return reach;
    free(reach);
    return NULL;
}

void reach_free(struct reach *reach) {
    if (!reach)
        return;
    free(reach->contexts);
    free(reach);
}

/* False if memory is short, or the scan malformed. */
static bool follow(struct scan *scan, struct error *error) {
    const struct reader *reader = &scan->heap->setup.trace->reader;
    const struct references_visitor regions = {.region = take_region, .data = scan};
    const struct references_visitor words = {
        .word = take_word, .in_register = take_register, .data = scan};
    uint64_t offset;

    if (!add_nodes(scan))
        return no_memory(scan, error);
    if (!references_read(reader, &regions, &offset, error))
        return false;
    for (int i = 0; i < PLACES; i++)
        merge_spans(&scan->places[i]);
    /* What is lost would make unreachable what is not. */
    if (!references_read(reader, &words, &offset, error) ||
        scan->words != scan->heap->setup.trace->defs.scan.words)
        return false;
    reach_graph_flood(&scan->graph);
    return reach_graph_rank(&scan->graph, keep, scan) || no_memory(scan, error);
}

bool reach_find(const struct heap *heap, struct reach **reach, struct error *error) {
    struct scan scan = {.heap = heap, .last = 0};

    *reach = NULL;
    if (!is_known(heap))
        return true;
    scan.cautious = !knows_all(heap) ||
                    heap->setup.trace->defs.scan.flags & (MT_SCAN_HIDDEN | MT_SCAN_ALL_STACKS);
    scan.reach = create(heap->defs->contexts.count);
    if (!scan.reach)
        return error_no_memory(error);
    if (follow(&scan, error)) {
        count_all(&scan);
        *reach = scan.reach;
    } else {
        reach_free(scan.reach);
    }
    reach_graph_free(&scan.graph);
    for (int i = 0; i < PLACES; i++)
        free(scan.places[i].list.items);
    return !scan.out_of_memory;
}
