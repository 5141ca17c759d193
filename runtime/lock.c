#define _GNU_SOURCE
#include "lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void mt_lock_wait(_Atomic uint32_t *word, uint32_t value, unsigned milliseconds) {
    struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    int saved = errno;

    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, milliseconds ? &timeout : NULL, NULL, 0);
    errno = saved;
}

void mt_lock_wake(_Atomic uint32_t *word, int count) {
    int saved = errno;

    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    errno = saved;
}

static void own(struct mt_lock *lock, int cancel_state) {
    atomic_store_explicit(&lock->owner, (uint32_t)gettid(), memory_order_relaxed);
    lock->cancel_state = cancel_state;
}

static bool acquire(struct mt_lock *lock) {
    uint32_t unheld = 0;

    return atomic_compare_exchange_strong_explicit(&lock->word, &unheld, 1, memory_order_acquire,
                                                   memory_order_relaxed);
}

bool mt_lock_try(struct mt_lock *lock) {
    int cancel_state;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    if (acquire(lock)) {
        own(lock, cancel_state);
        return true;
    }
    pthread_setcancelstate(cancel_state, NULL);
    return false;
}

bool mt_lock_take(struct mt_lock *lock) {
    int cancel_state;

    if (atomic_load_explicit(&lock->owner, memory_order_relaxed) == (uint32_t)gettid())
        return false;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    if (!acquire(lock))
        while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire))
            mt_lock_wait(&lock->word, 2, 0);
    own(lock, cancel_state);
    return true;
}

void mt_lock_release(struct mt_lock *lock) {
    int cancel_state = lock->cancel_state;

    atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        mt_lock_wake(&lock->word, 1);
    pthread_setcancelstate(cancel_state, NULL);
}

void mt_lock_after_fork(struct mt_lock *lock, bool held, bool child) {
    if (held) {
        mt_lock_release(lock);
    } else if (child) {
        atomic_store(&lock->word, 0);
        atomic_store(&lock->owner, 0);
    }
}
