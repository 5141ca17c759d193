/* Who holds the memory at the peak, or at another moment: an observer. By context and the thread
 * that allocated, with how old the blocks are then. Of samples, all figures are estimates.
 *
 * Where places are left out, the peak is still that of everything, as in a report: so it is told of
 * all, and those who ask leave out what does not matter.
 */
#ifndef MT_MODEL_HOLDERS_H
#define MT_MODEL_HOLDERS_H

#include "model/moment.h"
#include "model/observe.h"
#include "model/weight.h"
#include "util/id_map.h"
#include "util/list.h"

/* Beyond so many pairs of context and thread, threads are no longer told apart. */
enum { MT_HOLDERS = 1 << 20 };

#define MT_NO_STREAM UINT32_MAX

struct held {
    double bytes;
    double blocks;
    double begun; /* sum of the times of their allocations: ticks since the start */
};

struct holder {
    uint32_t context;
    uint32_t stream; /* MT_NO_STREAM: of any */
    uint64_t epoch;  /* see facts.h */
    struct held live;
    struct held then;
};

struct holders_options {
    struct moment at;
};

struct holders {
    struct observer base;
    const struct trace *trace;
    struct weights weights;
    MT_LIST(struct holder) items; /* several of a context if there are several threads */
    struct id_map index_of;
    double live;
    double peak;
    uint64_t then_ticks; /* when that was, or what was asked for */
    uint64_t at_ticks;   /* UINT64_MAX: there is nothing to wait for */
    uint64_t epoch;
    enum moment_kind kind;
    bool frozen;
};

/* Options: struct holders_options; NULL for the peak. */
extern const struct observer_ops holders_ops;

static inline const struct holders *holders_of(const struct observer *observer) {
    return (const struct holders *)observer;
}

/* How old a holder's blocks were in the mean, ns. */
double holders_age_ns(const struct holders *holders, const struct held *then);

#endif
