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

const char *leaks_scan_obstacle(const struct scan_def *scan) {
    if (!scan->present)
        return "the trace has none: killed, not ended by exit, or of an older version";
    switch (scan->result) {
    case MT_SCAN_DONE:
        return NULL;
    case MT_SCAN_OFF:
        return "off";
    case MT_SCAN_MODE:
        return "blocks are not known in this mode";
    case MT_SCAN_TOO_LARGE:
        return "there was more memory than leaks_max_mb";
    case MT_SCAN_NO_MAPS:
        return "/proc/self/maps could not be read";
    case MT_SCAN_REFUSED:
        return "the program might be killed for it, by a filter of system calls";
    case MT_SCAN_NO_MEMORY:
        return "no memory for it";
    case MT_SCAN_NO_SPACE:
        return "the trace could not grow any more";
    default:
        return "unknown reason";
    }
}

const char *leaks_obstacle(const struct report *report) {
    const struct counters *sums = &report->totals.counters;

    if (leak_blocks(sums, LEAK_UNKNOWN) == 0)
        return NULL;
    for (size_t i = 0; i < report->traces.count; i++) {
        const char *obstacle = leaks_scan_obstacle(&report->traces.items[i]->trace->defs.scan);

        if (obstacle)
            return obstacle;
    }
    return "what it recorded is damaged, or does not fit the trace";
}
