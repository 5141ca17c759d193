/* A lock for the runtime's slow paths. It knows its owner, so that a thread which comes back while
 * it holds the lock (from a signal handler that calls exit or fork) is refused instead of hanging.
 * Its holder cannot be cancelled: writing the trace would be a cancellation point where the program
 * has none, and the lock would never be released.
 */
#ifndef MT_LOCK_H
#define MT_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mt_lock {
    _Atomic uint32_t word;  /* 0 free, 1 held, 2 held and waited for */
    _Atomic uint32_t owner; /* kernel thread id */
    int cancel_state;       /* the owner's before it took the lock */
};

/* False if the calling thread holds it already. Keeps errno. */
bool mt_lock_take(struct mt_lock *lock);

/* False if anybody holds it. */
bool mt_lock_try(struct mt_lock *lock);

void mt_lock_release(struct mt_lock *lock);

/* After fork(), in either process, for a lock whose taking before it returned `held`. Where that
 * was false the caller held it further out; in the child, which goes on without recording, it is
 * free.
 */
void mt_lock_after_fork(struct mt_lock *lock, bool held, bool child);

/* Sleeps until *word is not `value` or somebody wakes it; may return early. */
void mt_lock_wait(_Atomic uint32_t *word, uint32_t value, unsigned milliseconds);
void mt_lock_wake(_Atomic uint32_t *word, int count);

#endif
