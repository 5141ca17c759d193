/* Calling contexts: from the program's chain of links (memtrack/abi.h) to a 32-bit id in the trace.
 *
 * A context is a node of a tree: a call site, and the context that the call was made in. Ids are
 * handed out once per process, by a global lock-free table, and remembered in a direct-mapped cache
 * per thread. Who enters a context into the table has written its definition before.
 *
 * A chain is walked only as far as it is new. What was found is written back into the links, in
 * place of the site: as long as a function is in the same call, nothing above it can change. The
 * store of the next site wipes the note out without knowing of it. The idea of looking a context up
 * lazily, at the allocation, and keeping the answer in the frame is that of incremental stack
 * scanning (Cheng, Harper and Lee 1998, "Generational stack collection"); the tree is the calling
 * context tree of Ammons, Ball and Larus (1997).
 *
 * Links lie on the program's stacks, and the innermost ones can be of functions that are gone: code
 * that is not instrumented may have caught an exception or called longjmp, and called back. stack.h
 * says which may be read; and no new context is made of what is no site.
 */
#ifndef MT_CONTEXT_H
#define MT_CONTEXT_H

#include "compiler.h"
#include "memtrack/abi.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_CONTEXT_CACHE_SLOTS 4096
#define MT_CONTEXT_ID_BITS 24 /* what an event record has room for */

/* Of the main function: no caller is known. Events get it when ids or memory are used up and no
 * part of their context is known. */
#define MT_CONTEXT_ROOT ((struct mt_context_id){0})

struct mt_context_id {
    uint32_t value;
};

/* Read and filled by its thread; the site is cleared by mt_context_forget_cached() from any. */
struct mt_context_slot {
    _Atomic(const struct memtrack_site *) site;
    struct mt_context_id parent;
    struct mt_context_id id;
};

/* Where a few links in a row, told by a hash of 64 bits, lead from a context. One look here is
 * quicker than one in the cache for each link, since each of those must wait for the one before. */
struct mt_context_path {
    uint64_t hash;
    struct mt_context_id from;
    struct mt_context_id to;
};
#define MT_CONTEXT_PATHS 1024

struct mt_local;

/* Written by instrumented code, read here; a variable of its own since its name is part of the ABI.
 */
MT_THREAD_LOCAL_EXTERN memtrack_context __memtrack_context;

/* context=site: callers do not count. */
MT_EXTERN bool mt_context_sites_only;

/* The context of `site` called in `parent`, entering it into the cache. Where ids or memory are
 * used up, `parent`: the longest part of the context that is known. A site not `trusted` may be
 * anything; what is none is taken for what is left of a function that is gone, and the answer is
 * the root. Any thread; no lock but for a context's first time, no system call
 * but the rare one for memory. The cache may be NULL. */
struct mt_context_id mt_context_intern(struct mt_context_slot *cache, struct mt_context_id parent,
                                       const struct memtrack_site *site, bool trusted);

/* The context that a chain of links stands for, noting it in the links. `cached`: the thread's
 * cache may be used, which a signal handler must not that interrupted the event path. */
struct mt_context_id mt_context_walk(struct mt_local *local, memtrack_context context, bool cached);

/* The context of `site` called from such a chain, for mt_context_hash() to find the next time. */
struct mt_context_id mt_context_find(struct mt_local *local, memtrack_context context,
                                     const struct memtrack_site *site);

/* The caller of the link at `context`, wherever that is; 0 if there is none to be read. */
memtrack_context mt_context_caller(struct mt_local *local, memtrack_context context);

/* Interned contexts have ids 1 to this; some may be unused. */
uint32_t mt_context_count(void);

/* The site of an interned context; NULL if it has been forgotten or the id is unused. */
const struct memtrack_site *mt_context_site(struct mt_context_id id);

/* The root for a context without a caller, and for what is no context but a site. */
struct mt_context_id mt_context_parent(struct mt_context_id id);

/* Sites have ids in the trace, too: from the same numbers, so that one table holds both. */
struct mt_context_id mt_context_of_site(const struct memtrack_site *site);

/* Definitions that the parent has written are not the child's: it writes them again as it comes
 * upon them. */
void mt_context_after_fork_in_child(void);

/* Changes when what caches hold is void. */
MT_EXTERN _Atomic uint32_t mt_context_forgettings;

/* Sites in [start, stop) are about to be unmapped: the same address will mean another site. No
 * thread may be executing code that uses them. */
void mt_context_forget(const struct memtrack_site *start, const struct memtrack_site *stop);
void mt_context_forget_cached(struct mt_context_slot *cache, const struct memtrack_site *start,
                              const struct memtrack_site *stop);

/* A word that is an id and no address of a site. */
static inline bool mt_context_is_id(uintptr_t word) {
    return word >> 32 == UINT32_MAX;
}

static inline struct mt_context_id mt_context_id_in(uintptr_t word) {
    return (struct mt_context_id){(uint32_t)word};
}

static inline uintptr_t mt_context_word(struct mt_context_id id) {
    return UINT64_C(0xffffffff00000000) | id.value;
}

/* Parts of a link's call, each read by itself: a load of more than the program has just stored
 * would have to wait for the store. */
#define MT_CONTEXT_PART(link, type, byte)                                                          \
    (*(const volatile type *)((const volatile char *)&(link)->call + (byte)))

/* The upper half of a known call: this and the context's id. */
#define MT_CONTEXT_LINK_ID 0xc7000000u
#define MT_CONTEXT_LINK_ID_MASK 0xff000000u

/* Whether the link's call has been looked up. */
static inline bool mt_context_is_known(const struct memtrack_link *link) {
    return MT_CONTEXT_PART(link, uint8_t, 0) == MT_LINK_KNOWN &&
           MT_CONTEXT_PART(link, uint16_t, 2) == MT_LINK_MARK &&
           (MT_CONTEXT_PART(link, uint32_t, 4) & MT_CONTEXT_LINK_ID_MASK) == MT_CONTEXT_LINK_ID;
}

/* Whether it is a link at all, with a call that has not been looked up. Its upper half then begins
 * with a byte that is all ones, or with that of MT_CONTEXT_LINK_ID. */
static inline bool mt_context_is_new(const struct memtrack_link *link) {
    return MT_CONTEXT_PART(link, uint16_t, 2) == MT_LINK_MARK &&
           (MT_CONTEXT_PART(link, uint32_t, 4) | ~MT_CONTEXT_LINK_ID) == ~UINT32_C(0);
}

static inline struct mt_context_id mt_context_known_id(const struct memtrack_link *link) {
    return (struct mt_context_id){MT_CONTEXT_PART(link, uint32_t, 4) & ~MT_CONTEXT_LINK_ID_MASK};
}

/* Of one that is new. */
static inline void mt_context_set_known(struct memtrack_link *link, struct mt_context_id id) {
    volatile uint32_t *half = (volatile uint32_t *)&link->call;

    half[1] = MT_CONTEXT_LINK_ID | id.value;
    *(volatile uint8_t *)half = MT_LINK_KNOWN;
}

/* Of one that is new. */
static inline const struct memtrack_site *mt_context_link_site(const struct memtrack_link *link) {
    uint32_t number;

    if (MT_LIKELY(link->sites & MT_LINK_NARROW))
        return (const struct memtrack_site *)(link->sites - MT_LINK_NARROW) +
               MT_CONTEXT_PART(link, uint8_t, 0);
    number = MT_CONTEXT_PART(link, uint16_t, 0);
    return (const struct memtrack_site *)link->sites + (number - (number >> 8));
}

/* A link as it is found: perhaps none, perhaps not aligned. Volatile, so that no two parts are read
 * at once, see MT_CONTEXT_PART. */
struct mt_context_raw_link {
    volatile uintptr_t caller;
    volatile uintptr_t sites;
    volatile uint8_t number;
    volatile uint8_t number_high;
    volatile uint16_t mark;
    volatile uint32_t upper;
} __attribute__((packed, may_alias));

/* New links that are looked up at once. */
#define MT_CONTEXT_NEAR 24

/* Hashes the call of `site` and the links from `context` on, up to the first that has been looked
 * up, or to the root: *from. False if that is too far, or not all on the thread's own stack, below
 * `high`. Here is where most of the time is spent that contexts cost, so no new link is verified:
 * the hash of what is none is that of nothing in the table.
 *
 * A polynomial modulo 2^64: two rows of links have the same hash as seldom as two numbers of 64
 * bits, unless it is made for that. A link's word is the first of its function's sites, 32 bytes
 * each, and the number of one of them: no other function's. */
static inline __attribute__((always_inline)) bool
mt_context_hash(memtrack_context context, uintptr_t high, const struct memtrack_site *site,
                uint64_t *hash, struct mt_context_id *from) {
    const struct mt_context_raw_link *link = (const void *)context;
    const uint64_t factor = UINT64_C(0x9fb21c651e98df25);
    uint64_t forgettings = atomic_load_explicit(&mt_context_forgettings, memory_order_relaxed);
    uint64_t sum = ((uintptr_t)site ^ forgettings << 48) * factor;
    unsigned left = MT_CONTEXT_NEAR;

    *from = MT_CONTEXT_ROOT;
    for (;;) {
        uintptr_t caller = link->caller, sites = link->sites;
        uint8_t number = link->number;

        if (number == MT_LINK_KNOWN) {
            uint32_t upper = link->upper;

            if (MT_UNLIKELY((upper & MT_CONTEXT_LINK_ID_MASK) != MT_CONTEXT_LINK_ID ||
                            link->mark != MT_LINK_MARK))
                return false;
            from->value = upper & ~MT_CONTEXT_LINK_ID_MASK;
            break;
        }
        if (MT_UNLIKELY(left-- == 0))
            return false;
        if (MT_UNLIKELY(!(sites & MT_LINK_NARROW)))
            sites += (uintptr_t)link->number_high << 8;
        sum = (sum + sites + number) * factor;
        /* Higher than this link, and on the same stack; or none. */
        if (MT_UNLIKELY(caller <= (uintptr_t)link)) {
            if (MT_UNLIKELY(caller))
                return false;
            break;
        }
        if (MT_UNLIKELY(caller > high - sizeof *link))
            return false;
        link = (const void *)caller;
    }
    *hash = sum ^ sum >> 32;
    return true;
}

static inline struct mt_context_path *mt_context_path_of(struct mt_context_path *paths,
                                                         uint64_t hash) {
    return &paths[hash % MT_CONTEXT_PATHS];
}

static inline struct mt_context_slot *mt_context_slot_of(struct mt_context_slot *cache,
                                                         struct mt_context_id parent,
                                                         const struct memtrack_site *site) {
    /* Both are nearly consecutive numbers. */
    return &cache[((uintptr_t)site / sizeof *site + parent.value * (size_t)0x9e3779b1u) %
                  MT_CONTEXT_CACHE_SLOTS];
}

static inline struct mt_context_id mt_context_child(struct mt_context_slot *cache,
                                                    struct mt_context_id parent,
                                                    const struct memtrack_site *site,
                                                    bool trusted) {
    struct mt_context_slot *slot = mt_context_slot_of(cache, parent, site);

    if (MT_LIKELY(atomic_load_explicit(&slot->site, memory_order_relaxed) == site &&
                  slot->parent.value == parent.value))
        return slot->id;
    return mt_context_intern(cache, parent, site, trusted);
}

#endif
