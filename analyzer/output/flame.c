#define _GNU_SOURCE
#include "output/flame.h"

#include "model/tree.h"
#include "util/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Readers of such files draw every frame, and nothing readable comes of more. */
enum { MAX_DEPTH = 1000 };

static const char inlined_mark[] = "_[i]";

/* As flamegraph.pl knows it: no separator in it, and a mark for what is inlined. */
static char *frame_name(const struct chain_place *place) {
    char *demangled = names_demangle(chain_frame(place)->function);
    char *clean = demangled ? names_utf8(demangled, strlen(demangled)) : NULL;
    char *name = clean ? malloc(strlen(clean) + sizeof(inlined_mark)) : NULL;

    if (name) {
        names_simplify(clean);
        for (char *at = clean; (at = strchr(at, ';'));)
            *at = ':';
        strcpy(name, clean);
        if (chain_inlined(place))
            strcat(name, inlined_mark);
    }
    free(demangled);
    free(clean);
    return name;
}

static uint64_t cost_of(const struct counters *counters, const struct flame_options *options) {
    switch (options->cost) {
    case FLAME_ALLOCATED:
        return options->blocks ? counters->allocations : counters->allocated_bytes;
    case FLAME_PEAK:
        return options->blocks ? counters->peak_blocks : counters->peak_bytes;
    case FLAME_LEAKED:
        return options->blocks ? counters->leaked_blocks : counters->leaked_bytes;
    case FLAME_TEMPORARY:
        return options->blocks ? counters->temporary : counters->temporary_bytes;
    }
    return 0;
}

/* A node's own line, or the lines of all below it. */
struct task {
    uint32_t node;
    bool below;
};

struct flame {
    const struct tree *tree;
    const struct flame_options *options;
    uint64_t *below; /* by node: what the nodes below it cost */
    MT_LIST(struct task) tasks;
    char *path; /* the names above the current node, each with its separator */
    size_t path_capacity;
    size_t path_sizes[MAX_DEPTH + 4]; /* by depth of the node */
};

static const char *task_text(const struct flame *flame, const struct task *task) {
    return tree_name(flame->tree, task->node)->text;
}

/* In the order of the lines' bytes: what follows a name is part of the comparison. Reversed, since
 * the last task is done first. */
static int compare_tasks(const void *left, const void *right, void *context) {
    const struct task *a = right;
    const struct task *b = left;
    const unsigned char *x = (const unsigned char *)task_text(context, a);
    const unsigned char *y = (const unsigned char *)task_text(context, b);
    int ends[2] = {a->below ? ';' : ' ', b->below ? ';' : ' '};

    while (*x && *x == *y) {
        x++;
        y++;
    }
    if (!*x && !*y)
        return ends[0] - ends[1];
    return (*x ? *x : ends[0]) - (*y ? *y : ends[1]);
}

static bool add_task(struct flame *flame, uint32_t node, bool below) {
    struct task *task = MT_LIST_ADD(flame->tasks);

    if (task)
        *task = (struct task){node, below};
    return task != NULL;
}

static bool add_children(struct flame *flame, uint32_t node) {
    const struct tree_node *nodes = flame->tree->nodes.items;
    size_t first = flame->tasks.count;

    for (uint32_t at = nodes[node].first_child; at; at = nodes[at].next_sibling) {
        if (cost_of(&flame->tree->self[at], flame->options) && !add_task(flame, at, false))
            return false;
        if (flame->below[at] && !add_task(flame, at, true))
            return false;
    }
    if (flame->tasks.count > first)
        qsort_r(flame->tasks.items + first, flame->tasks.count - first, sizeof(*flame->tasks.items),
                compare_tasks, flame);
    return true;
}

/* Appends the node's name to what stands above it. */
static bool extend_path(struct flame *flame, uint32_t node) {
    const char *text = tree_name(flame->tree, node)->text;
    uint32_t depth = flame->tree->nodes.items[node].depth;
    size_t above = flame->path_sizes[depth];
    size_t size = strlen(text);

    if (above + size + 1 > flame->path_capacity) {
        size_t capacity = 2 * (above + size + 1);
        char *path = realloc(flame->path, capacity);

        if (!path)
            return false;
        flame->path = path;
        flame->path_capacity = capacity;
    }
    memcpy(flame->path + above, text, size);
    flame->path[above + size] = ';';
    flame->path_sizes[depth + 1] = above + size + 1;
    return true;
}

static void print_line(FILE *out, const struct flame *flame, uint32_t node) {
    size_t above = flame->path_sizes[flame->tree->nodes.items[node].depth];

    if (above)
        fwrite(flame->path, 1, above, out);
    fprintf(out, "%s %" PRIu64 "\n", tree_name(flame->tree, node)->text,
            cost_of(&flame->tree->self[node], flame->options));
}

static bool print_all(FILE *out, struct flame *flame) {
    if (!add_children(flame, 0))
        return false;
    /* Nobody reads on after a write error. */
    while (flame->tasks.count && !ferror(out)) {
        struct task task = flame->tasks.items[--flame->tasks.count];

        if (!task.below)
            print_line(out, flame, task.node);
        else if (!extend_path(flame, task.node) || !add_children(flame, task.node))
            return false;
    }
    return true;
}

/* Children come after their parents. */
static bool add_up(struct flame *flame) {
    const struct tree *tree = flame->tree;

    flame->below = calloc(tree->nodes.count, sizeof(*flame->below));
    if (!flame->below)
        return false;
    for (size_t i = tree->nodes.count; i-- > 1;)
        flame->below[tree->nodes.items[i].parent] +=
            flame->below[i] + cost_of(&tree->self[i], flame->options);
    return true;
}

bool flame_write(FILE *out, const struct report *report, const struct flame_options *options,
                 struct error *error) {
    const struct tree_options tree_options = {
        .namer = frame_name, .fold = !options->no_fold, .depth = MAX_DEPTH};
    struct tree tree;
    struct flame flame = {.tree = &tree, .options = options};
    bool good;

    if (!tree_build(&tree, report, &tree_options, error))
        return false;
    good = add_up(&flame) && print_all(out, &flame);
    free(flame.below);
    free(flame.path);
    free(flame.tasks.items);
    tree_free(&tree);
    return good || error_no_memory(error);
}
