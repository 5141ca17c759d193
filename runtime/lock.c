#define _GNU_SOURCE
#include "lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ThreadSanitizer, where the program runs under it, sees the memory functions and system calls that
 * the runtime uses, and not what orders them. */
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

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

void mt_lock_quiet(struct mt_lock_quiet *before) {
    sigset_t quiet;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before->cancel_state);
    sigfillset(&quiet);
    /* What the thread itself does wrong it shall be told. */
    sigdelset(&quiet, SIGSEGV);
    sigdelset(&quiet, SIGBUS);
    sigdelset(&quiet, SIGILL);
    sigdelset(&quiet, SIGFPE);
    sigdelset(&quiet, SIGTRAP);
    pthread_sigmask(SIG_BLOCK, &quiet, &before->mask);
    sigpending(&before->pending);
}

void mt_lock_loud(const struct mt_lock_quiet *before) {
    static const int ours[] = {SIGXFSZ, SIGPIPE};
    sigset_t pending, swallow;
    bool any = false;

    sigpending(&pending);
    sigemptyset(&swallow);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (sigismember(&pending, ours[i]) && !sigismember(&before->pending, ours[i])) {
            sigaddset(&swallow, ours[i]);
            any = true;
        }
    }
    if (any) {
        const struct timespec at_once = {0, 0};
        int saved = errno;

        while (sigtimedwait(&swallow, NULL, &at_once) > 0)
            ;
        errno = saved;
    }
    pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
    pthread_setcancelstate(before->cancel_state, NULL);
}

/* Its address tells the thread. */
static __thread char self __attribute__((tls_model("initial-exec")));

bool mt_lock_is_own(const struct mt_lock *lock) {
    return atomic_load_explicit(&lock->thread, memory_order_relaxed) == &self;
}

static bool take_again(struct mt_lock *lock) {
    if (!mt_lock_is_own(lock))
        return false;
    lock->again++;
    return true;
}

static bool acquire(struct mt_lock *lock) {
    uint32_t unheld = 0;

    return atomic_compare_exchange_strong_explicit(&lock->word, &unheld, 1, memory_order_acquire,
                                                   memory_order_relaxed);
}

static void own(struct mt_lock *lock, const struct mt_lock_quiet *before) {
    if (__tsan_acquire)
        __tsan_acquire(lock);
    lock->owner = *before;
    atomic_store_explicit(&lock->thread, &self, memory_order_relaxed);
}

bool mt_lock_try(struct mt_lock *lock) {
    struct mt_lock_quiet before;

    if (take_again(lock))
        return true;
    mt_lock_quiet(&before);
    if (!acquire(lock)) {
        mt_lock_loud(&before);
        return false;
    }
    own(lock, &before);
    return true;
}

void mt_lock_take(struct mt_lock *lock) {
    struct mt_lock_quiet before;

    if (take_again(lock))
        return;
    mt_lock_quiet(&before);
    if (!acquire(lock))
        while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire))
            mt_lock_wait(&lock->word, 2, 0);
    own(lock, &before);
}

void mt_lock_release(struct mt_lock *lock) {
    struct mt_lock_quiet before = lock->owner;

    if (lock->again) {
        lock->again--;
        return;
    }
    if (__tsan_release)
        __tsan_release(lock);
    atomic_store_explicit(&lock->thread, NULL, memory_order_relaxed);
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        mt_lock_wake(&lock->word, 1);
    mt_lock_loud(&before);
}
