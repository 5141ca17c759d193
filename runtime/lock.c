#define _GNU_SOURCE
#include "lock.h"

#include <errno.h>
#include <linux/futex.h>
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

bool mt_lock_try(struct mt_lock *lock) {
    uint32_t free = 0;

    if (!atomic_compare_exchange_strong_explicit(&lock->word, &free, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    atomic_store_explicit(&lock->owner, (uint32_t)gettid(), memory_order_relaxed);
    return true;
}

bool mt_lock_take(struct mt_lock *lock) {
    uint32_t self = (uint32_t)gettid();

    if (atomic_load_explicit(&lock->owner, memory_order_relaxed) == self)
        return false;
    if (!mt_lock_try(lock)) {
        while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire))
            mt_lock_wait(&lock->word, 2, 0);
        atomic_store_explicit(&lock->owner, self, memory_order_relaxed);
    }
    return true;
}

void mt_lock_release(struct mt_lock *lock) {
    atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        mt_lock_wake(&lock->word, 1);
}
