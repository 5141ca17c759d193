/* The function that a rewritten call leads to: what the program named, or what the runtime calls in
 * its place where that is one of its own interposed functions. */
#ifndef MT_CALLEE_H
#define MT_CALLEE_H

#include "compiler.h"
#include "guard.h"
#include "memtrack/abi.h"

#include <stdbool.h>
#include <stdint.h>

/* In a cell's `direct`: the program's function, inside a guard. */
#define MT_CALLEE_GUARDED ((const void *)1)

static inline struct memtrack_cell *mt_callee_cell(uintptr_t call) {
    const struct memtrack_site *site = (const void *)(call & ~(uintptr_t)MT_SITE_LINKED);

    return (struct memtrack_cell *)((char *)&site->callee + site->callee);
}

/* NULL, MT_CALLEE_GUARDED, or a function that tells of nothing it does. */
static inline const void *mt_callee_direct(uintptr_t call) {
    return __atomic_load_n(&mt_callee_cell(call)->direct, __ATOMIC_RELAXED);
}

/* Finds out which it is; NULL for the program's function inside a guard. */
const void *mt_callee_resolve(uintptr_t call);

/* What to call in the place of `target`, telling nobody; NULL if that has to be called itself, and
 * may lead to interposed functions. A static program has none: there it is `target`. */
const void *mt_callee_find(const void *target);

#endif
