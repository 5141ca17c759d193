#include "stamp.h"

#include <string.h>

_Atomic uint64_t mt_stamp_owners[MT_STAMP_OWNERS];
_Atomic bool mt_stamp_several;

void mt_stamp_all_anew(void) {
    if (mt_stamp_kind_now() != MT_STAMP_COARSE ||
        !atomic_load_explicit(&mt_stamp_several, memory_order_relaxed))
        return;
    for (size_t i = 0; i < MT_STAMP_OWNERS; i++)
        atomic_store_explicit(&mt_stamp_owners[i], 0, memory_order_relaxed);
}

void mt_stamp_be_precise(void) {
    if (mt_stamp_kind_now() == MT_STAMP_COARSE)
        atomic_store_explicit(&mt_stamp_kind,
                              mt_clock_is_counter ? MT_STAMP_COUNTER : MT_STAMP_CLOCK,
                              memory_order_relaxed);
}

void mt_stamp_after_fork_in_child(void) {
    /* Numbers of threads begin anew. */
    if (atomic_exchange_explicit(&mt_stamp_several, false, memory_order_relaxed))
        memset((void *)mt_stamp_owners, 0, sizeof mt_stamp_owners);
}
