/* What entry points and interposed functions tell the event path. */
#ifndef MT_ENTRY_H
#define MT_ENTRY_H

#include "compiler.h"
#include "record.h"
#include "stamp.h"

#include <stddef.h>
#include <stdint.h>

#define MT_INLINE static inline __attribute__((always_inline))

MT_INLINE void *mt_entry_allocated(void *memory, size_t size, uintptr_t call) {
    if (MT_LIKELY(memory && mt_record_allocations()))
        return mt_record_alloc(memory, size, call);
    return memory;
}

MT_INLINE void mt_entry_freeing(void *memory, uintptr_t call) {
    if (MT_LIKELY(memory && mt_record_enabled()))
        mt_record_free(memory, call);
}

/* The time before the call, where there is an old block. */
MT_INLINE uint64_t mt_entry_reallocating(const void *old) {
    return old ? mt_stamp(&mt_local, old) : 0;
}

/* `before`: that time. Returns `memory`. */
void *mt_entry_reallocated(void *old, uint64_t before, void *memory, size_t size, uintptr_t call);

#endif
