/* Who held the memory at a moment, of all traces of a report: its rows and the threads that
 * allocated what they held. */
#ifndef MT_MODEL_HELD_H
#define MT_MODEL_HELD_H

#include "model/holders.h"
#include "model/report.h"

/* Of profiles, only rows are known, and what they held. */
struct held_sum {
    double bytes;
    double blocks;
    double age_ns; /* sum over the blocks */
};

struct held_thread {
    const struct trace *trace;
    uint32_t id;
    bool any; /* threads that could not be told apart; then there is no id */
    struct held_sum sum;
};

struct held_share {
    uint32_t row;
    uint32_t thread; /* indices */
    struct held_sum sum;
};

struct held_row {
    struct report_row row; /* peak_bytes and peak_blocks of its counters are what it held */
    struct held_sum sum;
    uint32_t index; /* as shares know it */
    const struct held_share *shares;
    size_t share_count; /* the largest first */
};

struct held_report {
    MT_LIST(struct held_row) rows; /* the largest first; those that held nothing are left out */
    MT_LIST(struct held_thread) threads;
    MT_LIST(struct held_share) shares;
    uint32_t *thread_order; /* of those that held anything, the largest first: indices */
    size_t thread_count;
    struct held_sum total;
};

/* observers[i].items[index] are the holders of the report's trace i. To be freed on success. */
bool held_report_make(struct held_report *held, const struct report *report,
                      const struct observers *observers, size_t index, enum report_by by, bool fold,
                      struct error *error);
void held_report_free(struct held_report *held);

/* The mean age; negative if it is not known. */
static inline double held_age_ns(const struct held_sum *sum) {
    return sum->blocks > 0 ? sum->age_ns / sum->blocks : -1;
}

#endif
