#define _GNU_SOURCE
#include "model/walk.h"

#include <stdlib.h>
#include <string.h>

static uint64_t value_of(const struct walk *walk, const struct counters *counters) {
    return report_value(counters, walk->options.order);
}

static int compare_groups(const void *left, const void *right, void *context) {
    const struct walk *walk = context;
    const struct walk_group *a = left;
    const struct walk_group *b = right;
    uint64_t values[2] = {value_of(walk, &a->counters), value_of(walk, &b->counters)};

    if (values[0] != values[1])
        return values[0] > values[1] ? -1 : 1;
    return strcmp(walk->tree->names.items[a->name].text, walk->tree->names.items[b->name].text);
}

static int compare_entries(const void *left, const void *right) {
    const struct walk_entry *a = left;
    const struct walk_entry *b = right;

    return a->name != b->name ? (a->name > b->name) - (a->name < b->name)
                              : (a->end > b->end) - (a->end < b->end);
}

/* The level takes the groups. */
static void add_level(struct walk *walk, struct walk_group *groups, size_t count) {
    struct walk_level *level = &walk->levels[walk->depth++];

    *level = (struct walk_level){.groups = groups, .count = count};
    if (count)
        qsort_r(groups, count, sizeof(*groups), compare_groups, walk);
    while (level->shown < count && (!walk->options.limit || level->shown < walk->options.limit) &&
           (double)value_of(walk, &groups[level->shown].counters) >= walk->threshold)
        level->shown++;
}

static bool add_children(struct walk *walk, uint32_t node) {
    const struct tree_node *nodes = walk->tree->nodes.items;
    struct walk_group *groups;
    size_t count = 0;

    for (uint32_t at = nodes[node].first_child; at; at = nodes[at].next_sibling)
        count += walk->inclusive[at].allocations != 0;
    groups = calloc(count + 1, sizeof(*groups));
    if (!groups)
        return false;
    count = 0;
    for (uint32_t at = nodes[node].first_child; at; at = nodes[at].next_sibling) {
        if (walk->inclusive[at].allocations)
            groups[count++] = (struct walk_group){
                .name = nodes[at].name, .node = at, .counters = walk->inclusive[at]};
    }
    add_level(walk, groups, count);
    return true;
}

/* Groups entries by their names; they are sorted for that. */
static bool add_callers(struct walk *walk, size_t begin, size_t end) {
    struct walk_entry *entries = walk->entries;
    struct walk_group *groups;
    size_t count = 0;

    if (end > begin)
        qsort(entries + begin, end - begin, sizeof(*entries), compare_entries);
    for (size_t i = begin; i < end; i++)
        count += i == begin || entries[i].name != entries[i - 1].name;
    groups = calloc(count + 1, sizeof(*groups));
    if (!groups)
        return false;
    count = 0;
    for (size_t i = begin; i < end; i++) {
        if (i == begin || entries[i].name != entries[i - 1].name)
            groups[count++] = (struct walk_group){.name = entries[i].name, .begin = i};
        groups[count - 1].end = i + 1;
        counters_add(&groups[count - 1].counters, &walk->tree->self[entries[i].end]);
    }
    add_level(walk, groups, count);
    return true;
}

/* Moves the group's entries to their callers; those without one come first and are its own. */
static bool expand_callers(struct walk *walk, struct walk_group *group) {
    const struct tree_node *nodes = walk->tree->nodes.items;
    size_t begin = group->begin;

    for (size_t i = group->begin; i < group->end; i++) {
        struct walk_entry *entry = &walk->entries[i];
        struct walk_entry swapped;

        entry->at = nodes[entry->at].parent;
        entry->name = nodes[entry->at].name;
        if (entry->at != 0)
            continue;
        counters_add(&group->self, &walk->tree->self[entry->end]);
        swapped = walk->entries[begin];
        walk->entries[begin++] = *entry;
        *entry = swapped;
    }
    return add_callers(walk, begin, group->end);
}

static bool begin_callers(struct walk *walk) {
    const struct tree *tree = walk->tree;
    size_t count = 0;

    walk->entries = calloc(tree->nodes.count, sizeof(*walk->entries));
    if (!walk->entries)
        return false;
    for (uint32_t i = 1; i < tree->nodes.count; i++) {
        if (tree->self[i].allocations)
            walk->entries[count++] = (struct walk_entry){tree->nodes.items[i].name, i, i};
    }
    return add_callers(walk, 0, count);
}

/* Children come after their parents. */
static bool add_up(struct walk *walk) {
    const struct tree *tree = walk->tree;

    walk->inclusive = malloc(tree->nodes.count * sizeof(*walk->inclusive));
    if (!walk->inclusive)
        return false;
    memcpy(walk->inclusive, tree->self, tree->nodes.count * sizeof(*walk->inclusive));
    for (size_t i = tree->nodes.count; i-- > 1;)
        counters_add(&walk->inclusive[tree->nodes.items[i].parent], &walk->inclusive[i]);
    return true;
}

bool walk_begin(struct walk *walk, const struct tree *tree, const struct walk_options *options) {
    *walk = (struct walk){.tree = tree, .options = *options};
    for (size_t i = 0; i < tree->nodes.count; i++)
        counters_add(&walk->total, &tree->self[i]);
    walk->threshold = (double)value_of(walk, &walk->total) * options->min_share / 100;
    /* The deepest node, its children and the root. */
    walk->levels = calloc(tree->options.depth + 4, sizeof(*walk->levels));
    if (!walk->levels)
        return false;
    return options->bottom_up ? begin_callers(walk) : add_up(walk) && add_children(walk, 0);
}

void walk_end(struct walk *walk) {
    while (walk->depth)
        free(walk->levels[--walk->depth].groups);
    free(walk->levels);
    free(walk->inclusive);
    free(walk->entries);
    *walk = (struct walk){0};
}

static uint64_t value_of_parent(const struct walk *walk, size_t depth) {
    const struct walk_level *above = depth ? &walk->levels[depth - 1] : NULL;

    return value_of(walk, above ? &above->groups[above->next - 1].counters : &walk->total);
}

static void enter(struct walk *walk, struct walk_item *item) {
    struct walk_level *level = &walk->levels[walk->depth - 1];
    struct walk_group *group = &level->groups[level->next++];
    bool expanded;

    item->depth = (uint32_t)(walk->depth - 1);
    item->only = value_of(walk, &group->counters) == value_of_parent(walk, item->depth);
    if (walk->options.bottom_up) {
        expanded = expand_callers(walk, group);
    } else {
        group->self = walk->tree->self[group->node];
        expanded = add_children(walk, group->node);
    }
    item->kind = expanded ? WALK_NODE : WALK_NO_MEMORY;
    item->name = &walk->tree->names.items[group->name];
    item->counters = group->counters;
    item->self = group->self;
}

static void tell_hidden(struct walk_level *level, struct walk_item *item) {
    level->told = true;
    item->kind = WALK_HIDDEN;
    item->hidden = level->count - level->shown;
    for (size_t i = level->shown; i < level->count; i++)
        counters_add(&item->counters, &level->groups[i].counters);
}

void walk_next(struct walk *walk, struct walk_item *item) {
    struct walk_level *level = walk->depth ? &walk->levels[walk->depth - 1] : NULL;

    *item = (struct walk_item){.kind = WALK_END};
    if (!level)
        return;
    if (level->next < level->shown) {
        enter(walk, item);
        return;
    }
    item->depth = (uint32_t)(walk->depth - 1);
    if (level->shown < level->count && !level->told) {
        tell_hidden(level, item);
        return;
    }
    free(level->groups);
    walk->depth--;
    if (walk->depth) {
        item->kind = WALK_LEAVE;
        item->depth = (uint32_t)(walk->depth - 1);
    }
}
