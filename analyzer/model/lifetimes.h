/* Lifetimes and sizes of blocks by the rows of a report, of all its traces. */
#ifndef MT_MODEL_LIFETIMES_H
#define MT_MODEL_LIFETIMES_H

#include "model/histograms.h"
#include "model/report.h"
#include "util/list.h"

struct lifetime_row {
    struct report_row row;
    struct context_histograms histograms;
};

struct lifetime_report {
    MT_LIST(struct lifetime_row) rows;
    struct histogram_total lifetimes[HISTOGRAM_BUCKETS];
    struct histogram_total sizes[HISTOGRAM_BUCKETS];
    struct histogram_total unknown;
    struct histogram_total left;
    double lifetime_ns; /* sum */
    unsigned coarse; /* bucket: by the clock's resolution, shorter lifetimes are not told apart */
    struct histograms_options options; /* of the first trace */
};

/* The shortest lifetime of a bucket, ns. */
static inline uint64_t lifetime_from(const struct lifetime_report *lifetimes, unsigned bucket) {
    return bucket <= lifetimes->coarse ? 0 : histogram_from(bucket);
}

/* Orders of rows, the first of them by those of the report. */
enum lifetime_order {
    LIFETIME_BY_ORDER,
    LIFETIME_BY_SHORT_LARGE, /* bytes of large blocks that died soon */
    LIFETIME_BY_LONG_SMALL,  /* small blocks that stayed */
};

/* observers[i].items[index] are the histograms of the report's trace i. To be freed on success. */
bool lifetime_report_make(struct lifetime_report *lifetimes, const struct report *report,
                          const struct observers *observers, size_t index, enum report_by by,
                          bool fold, struct error *error);
void lifetime_report_free(struct lifetime_report *lifetimes);

void lifetime_report_sort(struct lifetime_report *lifetimes, enum lifetime_order by,
                          enum report_order order);

/* Those whose lifetime is known. */
struct histogram_total lifetime_freed(const struct lifetime_report *lifetimes);

#endif
