/* What the PROFILE blocks of a trace say: the figures that a process kept instead of its events. */
#ifndef MT_TRACE_PROFILE_H
#define MT_TRACE_PROFILE_H

#include "trace/bytes.h"
#include "util/error.h"
#include "util/list.h"

#include <stdbool.h>
#include <stdint.h>

struct defs;

struct profile_totals {
    uint64_t flags; /* enum mt_profile_flags */
    uint64_t events;
    uint64_t pool_events;
    uint64_t live;
    uint64_t live_blocks;
    uint64_t peak;
    uint64_t peak_ticks;
    uint64_t unmatched_frees;
    uint64_t missed_frees;
    uint64_t untracked_blocks;
    uint64_t untracked_bytes;
    uint64_t last_ticks;
};

struct profile_context {
    uint64_t id; /* as in the trace */
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees;
    uint64_t live;
    uint64_t live_blocks;
    uint64_t at_peak;
    uint64_t blocks_at_peak;
    uint64_t temporary;
    uint64_t temporary_bytes;
    double lifetime_ticks;
};

struct profile_thread {
    uint64_t id;
    uint64_t events;
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees;
    uint64_t live;
    uint64_t live_blocks;
    uint64_t peak;
    uint64_t freed_by_others;
    uint64_t temporary;
};

struct profile_point {
    uint64_t ticks;
    uint64_t live;
    uint64_t live_blocks;
    uint64_t allocations;
};

struct profile {
    bool present;
    uint64_t serial; /* of what follows: a later one replaces an earlier */
    struct profile_totals totals;
    MT_LIST(struct profile_context) contexts;
    MT_LIST(struct profile_thread) threads;
    MT_LIST(struct profile_point) points;
};

/* As the functions of parse.h. */
bool parse_profile(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);

void profile_free(struct profile *profile);

#endif
