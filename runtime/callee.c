#include "callee.h"

const void *mt_callee_resolve(uintptr_t call) {
    struct memtrack_cell *cell = mt_callee_cell(call);
    const void *direct = mt_callee_direct(call);

    if (!direct) {
        direct = mt_callee_find(cell->target);
        if (!direct)
            direct = MT_CALLEE_GUARDED;
        __atomic_store_n(&cell->direct, direct, __ATOMIC_RELAXED);
    }
    return direct == MT_CALLEE_GUARDED ? NULL : direct;
}
