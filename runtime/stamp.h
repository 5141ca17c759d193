/* The time that an event gets.
 *
 * clock=precise: every event is stamped. clock=coarse: the stamp costs more than all the rest of
 * the event path, and few events need one, since those of one thread are in order by their place in
 * its buffer. What has none gets its thread's last one. Stamped are
 *
 * - every 16th event of a thread, for what reports say of times;
 * - an event at an address where the one before was another thread's, as far as a table of owners
 *   knows; it forgets addresses, never their owners.
 *
 * That is all it takes to match blocks across threads. A recorded time is never later than the
 * true one, and exact where an address passes to another thread; so, in the order of an address's
 * events, one of thread A that is followed by one of thread B has a recorded time of at most its
 * true one, which is before B's, which is B's recorded one; and what follows in B's run is not
 * recorded earlier than that, since a thread's stamps never decrease. That the table shows the last
 * event at an address follows from the program's and the allocator's own synchronisation: they
 * order a block's allocation, its free and its next allocation.
 *
 * As long as there is one thread nothing is in doubt, and the table is left alone: who comes second
 * finds none of its addresses there. */
#ifndef MT_STAMP_H
#define MT_STAMP_H

#include "clock.h"
#include "record.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum mt_stamp_kind {
    MT_STAMP_COUNTER, /* precise, by the CPU's counter */
    MT_STAMP_CLOCK,   /* precise, by the kernel's clock */
    MT_STAMP_COARSE,
};

/* Set before any event but those before the start; see process.c. Coarse becomes precise with the
 * first event of a pool: a block of a pool ends with the heap's block that it lies in, at another
 * address. */
MT_EXTERN _Atomic uint8_t mt_stamp_kind;

static inline unsigned mt_stamp_kind_now(void) {
    return atomic_load_explicit(&mt_stamp_kind, memory_order_relaxed);
}

/* Entries are an address, shifted by 16 bits, and its owner. glibc's blocks begin 32 bytes apart,
 * or more; neighbours in memory are neighbours in the table, so that threads with heaps of their
 * own have cache lines of their own. */
#define MT_STAMP_OWNERS (1u << 16)
#define MT_STAMP_OWNER_MAX 0xffffu
MT_EXTERN _Atomic uint64_t mt_stamp_owners[MT_STAMP_OWNERS];

/* There has been a second thread. Set before it has an event. */
MT_EXTERN _Atomic bool mt_stamp_several;

/* Of 16 bytes: records per stamp. */
#define MT_STAMP_PERIOD_MASK (15 * MT_RECORD_WORDS * sizeof(uint64_t))

/* The next event of every thread is stamped: for a moment that tells what comes before it from what
 * comes after it. */
void mt_stamp_all_anew(void);

void mt_stamp_be_precise(void);

/* A child begins with one thread, and with owners that are its own. */
void mt_stamp_after_fork_in_child(void);

/* For what is no event of the heap: what the thread records after it has no earlier time. */
static inline uint64_t mt_stamp_now(struct mt_local *local) {
    local->stamp = mt_clock_ticks();
    return local->stamp;
}

/* Whether the thread is not known to have made the event before at the address. It has, now. */
static inline bool mt_stamp_changes_owner(const struct mt_local *local, const void *address) {
    _Atomic uint64_t *entry = &mt_stamp_owners[(uintptr_t)address >> 5 & (MT_STAMP_OWNERS - 1)];
    uint64_t own = (uint64_t)(uintptr_t)address << 16 | local->owner;

    if (MT_LIKELY(atomic_load_explicit(entry, memory_order_relaxed) == own))
        return !local->owner;
    atomic_store_explicit(entry, own, memory_order_relaxed);
    return true;
}

/* clock=coarse: whether the event at the address gets a stamp. Once an event, since the next one is
 * not in doubt. */
static inline __attribute__((always_inline)) bool mt_stamp_is_due(const struct mt_local *local,
                                                                  const void *address) {
    if (atomic_load_explicit(&mt_stamp_several, memory_order_relaxed) &&
        mt_stamp_changes_owner(local, address))
        return true;
    return ((uintptr_t)local->cursor & MT_STAMP_PERIOD_MASK) == 0;
}

/* Of an event at the address: before a deallocation is begun, after an allocation has returned.
 * Once an event, too. */
static inline __attribute__((always_inline)) uint64_t mt_stamp(struct mt_local *local,
                                                               const void *address) {
    if (mt_stamp_kind_now() != MT_STAMP_COARSE)
        return mt_stamp_now(local);
    /* A realloc by the second thread, before it is known, may release what the first one gets. */
    if (MT_UNLIKELY(!local->thread))
        atomic_store_explicit(&mt_stamp_several, true, memory_order_relaxed);
    /* Two records may follow, which would step over the one place that is looked at. */
    return mt_stamp_is_due(local, address) ||
                   (((uintptr_t)local->cursor + MT_RECORD_WORDS * sizeof(uint64_t)) &
                    MT_STAMP_PERIOD_MASK) == 0
               ? mt_stamp_now(local)
               : local->stamp;
}

#endif
