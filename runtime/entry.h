/* What entry points and interposed functions tell the event path. */
#ifndef MT_ENTRY_H
#define MT_ENTRY_H

#include "compiler.h"
#include "record.h"
#include "sample.h"
#include "stamp.h"

#include <stddef.h>
#include <stdint.h>

#define MT_INLINE static inline __attribute__((always_inline))

/* The state is asked for anew where it is not the usual one, so that this needs no register. */
MT_INLINE void *mt_entry_allocated(void *memory, size_t size, uintptr_t call) {
    if (MT_UNLIKELY(!memory))
        return memory;
    if (MT_LIKELY(mt_record_state() == MT_RECORDING_ALL))
        return mt_record_alloc(memory, size, call);
    if (mt_record_state() <= MT_RECORDING_SAMPLED)
        return mt_sample_alloc(memory, size, call);
    return memory;
}

MT_INLINE void mt_entry_freeing(void *memory, uintptr_t call) {
    if (MT_UNLIKELY(!memory))
        return;
    if (MT_LIKELY(mt_record_state() > MT_RECORDING_OFF))
        mt_record_free(memory, call);
    else if (mt_record_state() < MT_RECORDING_OFF && MT_UNLIKELY(mt_sample_may_have(memory)))
        mt_sample_free(memory, call);
}

/* The time before a realloc of `old`, if that is to be told of; else 0. */
MT_INLINE uint64_t mt_entry_reallocating(const void *old) {
    if (!old)
        return 0;
    if (MT_LIKELY(mt_record_state() > MT_RECORDING_OFF))
        return mt_stamp(&mt_local, old);
    return mt_record_enabled() ? mt_sample_before(old) : 0;
}

/* `before`: that time. Returns `memory`. */
void *mt_entry_reallocated(void *old, uint64_t before, void *memory, size_t size, uintptr_t call);

#endif
