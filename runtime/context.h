/* Calling contexts: from what identifies one in the program to a 32-bit id in the trace.
 *
 * A context is a call site. Ids are handed out once per process, by a global lock-free table, and
 * remembered in a direct-mapped cache per thread, so that the event path costs one load and one
 * comparison.
 */
#ifndef MT_CONTEXT_H
#define MT_CONTEXT_H

#include "compiler.h"
#include "memtrack/abi.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MT_CONTEXT_CACHE_SLOTS 512
#define MT_CONTEXT_ID_BITS 24 /* what an event record has room for */

/* 0: unknown, which is what events get when the ids or the memory for them are used up. */
struct mt_context_id {
    uint32_t value;
};

/* Read and filled by its thread; the site is cleared by mt_context_forget() from any other. */
struct mt_context_slot {
    _Atomic(const struct memtrack_site *) site;
    struct mt_context_id id;
};

/* The id of the context `site`, entering it into `slot`. Any thread; no lock, no system call but
 * the rare one for memory. */
MT_COLD struct mt_context_id mt_context_intern(struct mt_context_slot *slot,
                                               const struct memtrack_site *site);

/* Interned contexts have ids 1 to this; some may be unused. */
uint32_t mt_context_count(void);

/* The site of an interned context; NULL if it has been forgotten or the id is unused. */
const struct memtrack_site *mt_context_site(struct mt_context_id id);

/* Whether the trace holds the definition of the context. The writer's lock guards this state. */
bool mt_context_is_defined(struct mt_context_id id);
void mt_context_set_defined(struct mt_context_id id, bool defined);

/* Sites in [start, stop) are about to be unmapped: the same address will mean another site. No
 * thread may be executing code that uses them. */
void mt_context_forget(const struct memtrack_site *start, const struct memtrack_site *stop);
void mt_context_forget_cached(struct mt_context_slot *cache, const struct memtrack_site *start,
                              const struct memtrack_site *stop);

static inline struct mt_context_slot *mt_context_slot_of(struct mt_context_slot *cache,
                                                         const struct memtrack_site *site) {
    return &cache[(uintptr_t)site / sizeof *site % MT_CONTEXT_CACHE_SLOTS];
}

static inline struct mt_context_id mt_context_of(struct mt_context_slot *cache,
                                                 const struct memtrack_site *site) {
    struct mt_context_slot *slot = mt_context_slot_of(cache, site);

    if (MT_LIKELY(atomic_load_explicit(&slot->site, memory_order_relaxed) == site))
        return slot->id;
    return mt_context_intern(slot, site);
}

#endif
