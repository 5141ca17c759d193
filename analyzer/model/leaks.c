#define _GNU_SOURCE
#include "model/leaks.h"

#include <stdlib.h>

/* Estimates may not add up. */
static uint64_t rest(uint64_t whole, uint64_t part) {
    return part < whole ? whole - part : 0;
}

uint64_t leak_bytes(const struct counters *counters, enum leak_kind kind) {
    switch (kind) {
    case LEAK_DIRECT:
        return rest(counters->unreachable_bytes, counters->indirect_bytes);
    case LEAK_INDIRECT:
        return counters->indirect_bytes;
    case LEAK_REACHABLE:
        return counters->reachable_bytes;
    default:
        return rest(counters->leaked_bytes,
                    counters->reachable_bytes + counters->unreachable_bytes);
    }
}

uint64_t leak_blocks(const struct counters *counters, enum leak_kind kind) {
    switch (kind) {
    case LEAK_DIRECT:
        return rest(counters->unreachable_blocks, counters->indirect_blocks);
    case LEAK_INDIRECT:
        return counters->indirect_blocks;
    case LEAK_REACHABLE:
        return counters->reachable_blocks;
    default:
        return rest(counters->leaked_blocks,
                    counters->reachable_blocks + counters->unreachable_blocks);
    }
}

uint64_t leak_weight(const struct counters *counters, enum leak_kind kind) {
    return leak_bytes(counters, kind) + (kind == LEAK_DIRECT ? counters->kept_bytes : 0);
}

static int compare(const void *left, const void *right, void *kind) {
    const struct report_row *a = left;
    const struct report_row *b = right;
    enum leak_kind by = *(enum leak_kind *)kind;
    uint64_t ours[] = {leak_weight(&a->counters, by), leak_blocks(&a->counters, by), b->key};
    uint64_t theirs[] = {leak_weight(&b->counters, by), leak_blocks(&b->counters, by), a->key};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (ours[i] != theirs[i])
            return ours[i] > theirs[i] ? -1 : 1;
    }
    return 0;
}

void leaks_sort(struct report_rows *rows, enum leak_kind kind) {
    if (rows->count)
        qsort_r(rows->items, rows->count, sizeof(*rows->items), compare, &kind);
    /* The positions changed. */
    id_map_free(&rows->of_key);
}
