/* Two reports side by side, row by row. Rows of equal hashes are the same place: the hash of a
 * context is equal in every build of the same source. Where the source has moved, what is left is
 * joined by functions, inlined ones too, and modules alone; of several that are then alike, those
 * that cost most belong together.
 */
#ifndef MT_MODEL_DIFF_H
#define MT_MODEL_DIFF_H

#include "model/frame_list.h"

struct diff_item {
    uint64_t key;
    uint64_t similar; /* equal for places that differ in lines and directories only */
    struct counters counters;
    struct report_row row; /* its chains are NULL in a saved report */
};

struct diff_side {
    MT_LIST(struct diff_item) items;
    struct counters totals;
    uint64_t events;
    double duration_ns; /* 0 unknown */
    bool complete;
    bool saved; /* from a report, not from a trace */
};

struct diff_pair {
    const struct diff_item *base; /* NULL: it is new */
    const struct diff_item *new;  /* NULL: it is gone */
    bool moved;                   /* not joined by the hash */
};

struct diff {
    MT_LIST(struct diff_pair) pairs;
    /* What figures of the new side are multiplied with, so that both did as much; not the peak's,
     * which is a level. */
    double factor;
};

enum diff_unit {
    DIFF_AS_IT_IS,
    DIFF_PER_SECOND,
    DIFF_PER_EVENT,
    DIFF_PER_ALLOCATION,
};

/* The rows of a report, which outlives the side, told apart by anything but thread. */
bool diff_side_make(struct diff_side *side, const struct report *report, enum report_by by,
                    bool fold, struct error *error);
void diff_side_free(struct diff_side *side);

/* The sides outlive the diff. Fails for lack of memory, or if a side has none of the unit. */
bool diff_make(struct diff *diff, const struct diff_side *base, const struct diff_side *new,
               enum diff_unit unit, struct error *error);
void diff_free(struct diff *diff);

/* How much more the new side has, by the order's figure. NULL stands for nothing. */
double diff_change(const struct diff *diff, const struct counters *base, const struct counters *new,
                   enum report_order order);
double diff_pair_change(const struct diff *diff, const struct diff_pair *pair,
                        enum report_order order);

/* The largest changes first, whichever way. */
void diff_sort(struct diff *diff, enum report_order order);

/* Whether all figures of the pair are equal. */
bool diff_same(const struct diff_pair *pair);

#endif
