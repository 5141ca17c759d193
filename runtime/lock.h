/* A lock for the runtime's slow paths, all of which can be entered from any malloc of the program.
 * While a thread holds one it takes no signals and cannot be cancelled: a handler could come back
 * for the same lock, call exit or fork, or leave by siglongjmp; writing the trace would be a
 * cancellation point where the program has none. SIGXFSZ and SIGPIPE that the holder raises are
 * the trace's, and are swallowed.
 *
 * Locks nest: pause, writer, registry of threads, definitions, live, sites, foreign; see process.c.
 * Who has one may take it again: between the
 * handlers of a fork, which has all, there may be some of the program's that allocate.
 */
#ifndef MT_LOCK_H
#define MT_LOCK_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What a thread was open to before it went quiet. */
struct mt_lock_quiet {
    sigset_t mask;
    sigset_t pending;
    int cancel_state;
};

struct mt_lock {
    _Atomic uint32_t word;        /* a futex: 0 free, 1 held, 2 held and waited for */
    struct mt_lock_quiet owner;   /* to go back to */
    _Atomic(const void *) thread; /* who has it; written by that thread */
    unsigned again;               /* how often it has taken it besides */
};

/* All keep errno. */
void mt_lock_take(struct mt_lock *lock);
bool mt_lock_try(struct mt_lock *lock);
void mt_lock_release(struct mt_lock *lock);

/* Whether the calling thread has it. */
bool mt_lock_is_own(const struct mt_lock *lock);

/* The same quiet without a lock. */
void mt_lock_quiet(struct mt_lock_quiet *before);
void mt_lock_loud(const struct mt_lock_quiet *before);

/* Sleeps until *word is not `value`, somebody wakes it, or the time is over (0: never). */
void mt_lock_wait(_Atomic uint32_t *word, uint32_t value, unsigned milliseconds);
void mt_lock_wake(_Atomic uint32_t *word, int count);

#endif
