/* The thread's context where functions are left by another way than their return. */
#ifndef MT_NONLOCAL_H
#define MT_NONLOCAL_H

#include "memtrack/abi.h"
#include "record.h"

#include <stdint.h>

/* Makes the innermost link, from `context` on, of a function that lies above `target` the context:
 * an address on the stack that execution goes on with. Such functions are alive still, unless a
 * foreign one has left something else: then none is known. */
void mt_nonlocal_leave(struct mt_local *local, memtrack_context context, uintptr_t target);

#endif
