#define _GNU_SOURCE
#include "model/family.h"

#include "util/id_map.h"

#include <stdlib.h>

/* Times of different clocks cannot be compared. */
static bool same_clock(const struct trace *trace, const struct trace *parent) {
    return ((trace->reader.header.flags ^ parent->reader.header.flags) & MT_FILE_CLOCK_TSC) == 0;
}

static bool find_parents(struct family_member *members, const struct trace *traces, size_t count) {
    struct id_map of_id = {0};
    bool good = true;

    for (size_t i = 0; good && i < count; i++) {
        uint64_t id = traces[i].reader.header.trace_id;

        if (id_map_get(&of_id, id) == MT_ID_MAP_NONE)
            good = id_map_put(&of_id, id, (uint32_t)i);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t id = traces[i].reader.header.parent_trace_id;
        uint32_t parent = id ? id_map_get(&of_id, id) : MT_ID_MAP_NONE;

        members[i].fork_ticks = trace_fork_ticks(&traces[i]);
        members[i].parent = MT_NO_MEMBER;
        if (parent != MT_ID_MAP_NONE && same_clock(&traces[i], &traces[parent]))
            members[i].parent = parent;
    }
    id_map_free(&of_id);
    return good;
}

/* Ids are the files' word only. */
static void cut_cycle(struct family_member *members, uint32_t start, size_t count) {
    uint32_t at = members[start].parent;

    for (size_t i = 0; i < count && at != MT_NO_MEMBER && at != start; i++)
        at = members[at].parent;
    if (at == start)
        members[start].parent = MT_NO_MEMBER;
}

static int compare_forks(const void *left, const void *right, void *context) {
    const struct family_member *members = context;
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;

    if (members[a].fork_ticks != members[b].fork_ticks)
        return members[a].fork_ticks > members[b].fork_ticks ? -1 : 1;
    return (a < b) - (a > b);
}

/* Latest first, since each goes before its siblings. */
static bool add_children(struct family_member *members, size_t count) {
    uint32_t *order = malloc((count + 1) * sizeof(*order));

    if (!order)
        return false;
    for (size_t i = 0; i < count; i++) {
        order[i] = (uint32_t)i;
        members[i].first_child = MT_NO_MEMBER;
        members[i].next_sibling = MT_NO_MEMBER;
    }
    qsort_r(order, count, sizeof(*order), compare_forks, members);
    for (size_t i = 0; i < count; i++) {
        uint32_t parent = members[order[i]].parent;

        if (parent == MT_NO_MEMBER)
            continue;
        members[order[i]].next_sibling = members[parent].first_child;
        members[parent].first_child = order[i];
    }
    free(order);
    return true;
}

struct family_member *family_find(const struct trace *traces, size_t count) {
    struct family_member *members = calloc(count + 1, sizeof(*members));

    if (members && find_parents(members, traces, count)) {
        for (size_t i = 0; i < count; i++)
            cut_cycle(members, (uint32_t)i, count);
        if (add_children(members, count))
            return members;
    }
    free(members);
    return NULL;
}
