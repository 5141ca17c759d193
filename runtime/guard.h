/* Allocations inside allocations. A program's call of an allocation function is one event, whatever
 * that function does in turn: strdup calls malloc, a program's own operator new may call anything.
 * Around such a call stands a guard; what comes from inside is told from what has nothing to do
 * with it by address (hidden.h), so that also a block is matched that outlives its guard, or that
 * is older.
 *
 * A guard is an object on the stack of the runtime's function that makes the call, and ends with
 * it, whether by return, exception or jump. */
#ifndef MT_GUARD_H
#define MT_GUARD_H

#include "lock.h"
#include "record.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mt_guard {
    uintptr_t mark; /* the complement of its address: nothing else has been stored there since */
    struct mt_guard *outer;
    const void *releasing;       /* the block whose end the call is, if it is one */
    const void *result;          /* the block that it has returned, as far as that is known */
    _Atomic(const void *) inner; /* allocated last inside: perhaps the same as the result */
};

/* Calls the function, of up to three words, inside a guard. The second is for posix_memalign, whose
 * result is not the block. */
uintptr_t mt_guard_call(const void *function, const void *releasing, uintptr_t a, uintptr_t b,
                        uintptr_t c);
int mt_guard_call_posix_memalign(const void *function, void **memory, size_t alignment,
                                 size_t size);

/* One to three arguments as the three words. */
#define MT_GUARD_WORDS(...)                                                                        \
    MT_GUARD_PICK(__VA_ARGS__, MT_GUARD_3, MT_GUARD_2, MT_GUARD_1)(__VA_ARGS__)
#define MT_GUARD_PICK(a, b, c, name, ...) name
#define MT_GUARD_1(a) (uintptr_t)(a), 0, 0
#define MT_GUARD_2(a, b) (uintptr_t)(a), (uintptr_t)(b), 0
#define MT_GUARD_3(a, b, c) (uintptr_t)(a), (uintptr_t)(b), (uintptr_t)(c)

/* The functions above `target` on this stack have been left by a jump. */
void mt_guard_leave(struct mt_local *local, uintptr_t target);

/* Guards of functions that were left by a jump that nobody saw. */
void mt_guard_drop_dead(struct mt_local *local);

/* The events, 1 or 2 as mt_record_events() takes them, are of a thread that is inside a guard or an
 * allocator of the program's own. */
void mt_guard_record(struct mt_local *local, const struct mt_event *events, unsigned count);

/* Outside of any: whether the event is about a hidden block, which it then ends or moves. */
bool mt_guard_hides(const struct mt_event *events, unsigned count);

/* As if the thread were not in it. */
void mt_guard_record_outside(struct mt_local *local, const struct mt_event *events, unsigned count);

/* Around what the runtime itself asks of the C library: that allocates nothing of the program's.
 * The thread takes no signal meanwhile. */
void mt_guard_quiet(struct mt_lock_quiet *before);
void mt_guard_loud(const struct mt_lock_quiet *before);

#endif
