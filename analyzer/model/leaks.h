/* What was live at the end, by how it could still be reached. */
#ifndef MT_MODEL_LEAKS_H
#define MT_MODEL_LEAKS_H

#include "model/report.h"

enum leak_kind {
    LEAK_DIRECT,    /* unreachable, and no unreachable block holds it */
    LEAK_INDIRECT,  /* unreachable, held by such blocks */
    LEAK_REACHABLE, /* live at the end, still reachable */
    LEAK_UNKNOWN,   /* live at the end of a trace that does not tell which of these */
    LEAK_KINDS,
};

/* Of a row or the totals. */
uint64_t leak_bytes(const struct counters *counters, enum leak_kind kind);
uint64_t leak_blocks(const struct counters *counters, enum leak_kind kind);

/* The bytes that would go with it: of direct leaks, those that they hold, too. */
uint64_t leak_weight(const struct counters *counters, enum leak_kind kind);

/* Largest weight first; ties in an order that does not depend on the run. */
void leaks_sort(struct report_rows *rows, enum leak_kind kind);

/* Why it is not known of everything that was live at the end whether it is reachable; NULL if it
 * is. Of several traces the first one's reason. */
const char *leaks_obstacle(const struct report *report);

/* The same of a trace's scan alone: why there is none; NULL if there is one. */
const char *leaks_scan_obstacle(const struct scan_def *scan);

#endif
