#include "stamp.h"

#include <string.h>

_Atomic uint64_t mt_stamp_owners[MT_STAMP_OWNERS];
_Atomic bool mt_stamp_several;

void mt_stamp_after_fork_in_child(void) {
    /* Numbers of threads begin anew. */
    if (atomic_exchange_explicit(&mt_stamp_several, false, memory_order_relaxed))
        memset((void *)mt_stamp_owners, 0, sizeof mt_stamp_owners);
}
