/* A lock for the runtime's slow paths. It knows its owner, so that a thread which comes back while
 * it holds the lock (from a signal handler that calls exit or fork) is refused instead of hanging.
 */
#ifndef MT_LOCK_H
#define MT_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mt_lock {
    _Atomic uint32_t word;  /* 0 free, 1 held, 2 held and waited for */
    _Atomic uint32_t owner; /* kernel thread id */
};

/* False if the calling thread holds it already. Keeps errno. */
bool mt_lock_take(struct mt_lock *lock);

/* False if anybody holds it. */
bool mt_lock_try(struct mt_lock *lock);

void mt_lock_release(struct mt_lock *lock);

/* Sleeps until *word is not `value` or somebody wakes it; may return early. */
void mt_lock_wait(_Atomic uint32_t *word, uint32_t value, unsigned milliseconds);
void mt_lock_wake(_Atomic uint32_t *word, int count);

#endif
