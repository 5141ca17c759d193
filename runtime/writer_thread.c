#define _GNU_SOURCE
#include "writer_thread.h"

#include "assist.h"
#include "guard.h"
#include "lock.h"
#include "options.h"
#include "process.h"
#include "writer.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <unistd.h>

enum state { STATE_NONE, STATE_RUNS, STATE_UNWANTED };
enum request { REQUEST_NONE, REQUEST_END, REQUEST_FINISH };

static _Atomic uint32_t state;    /* enum state */
static _Atomic uint32_t sleeps;   /* a futex: 1 while it waits */
static _Atomic uint32_t request;  /* enum request */
static _Atomic uint32_t finished; /* a futex */
static _Atomic pid_t id;          /* the kernel's; 0 until it runs */

/* The runtime's own threads. */
#define OWN (1 + MT_ASSIST_MAX)
static struct {
    _Atomic pid_t id; /* 0: none */
    _Atomic uintptr_t control_block;
} own[OWN];

void mt_writer_thread_enter(void) {
    for (unsigned i = 0; i < OWN; i++) {
        pid_t none = 0;

        if (atomic_compare_exchange_strong(&own[i].id, &none, gettid())) {
            atomic_store(&own[i].control_block, (uintptr_t)__builtin_thread_pointer());
            return;
        }
    }
}

void mt_writer_thread_leave(void) {
    for (unsigned i = 0; i < OWN; i++) {
        if (atomic_load(&own[i].id) == gettid()) {
            atomic_store(&own[i].control_block, 0);
            atomic_store(&own[i].id, 0);
        }
    }
}

bool mt_writer_thread_is_own(pid_t thread) {
    for (unsigned i = 0; i < OWN; i++) {
        if (atomic_load(&own[i].id) == thread)
            return true;
    }
    return false;
}

void mt_writer_thread_each(void (*visit)(uintptr_t control_block, void *data), void *data) {
    for (unsigned i = 0; i < OWN; i++) {
        uintptr_t block = atomic_load(&own[i].control_block);

        if (block)
            visit(block, data);
    }
}

static void *run(void *argument) {
    (void)argument;
    /* For good: nothing that this thread does is the program's. */
    mt_local.busy = 1 | MT_LOCAL_QUIET;
    prctl(PR_SET_NAME, "memtrack");
    mt_writer_thread_enter();
    atomic_store(&id, gettid());
    mt_writer_detach();
    mt_assist_begin();
    while (!atomic_load(&request)) {
        if (mt_writer_work())
            continue;
        /* Pairs with wake(): either it finds this 1, or its buffer or request is found here. */
        atomic_store(&sleeps, 1);
        if (!mt_writer_has_work() && !atomic_load(&request))
            mt_lock_wait(&sleeps, 1, mt_writer_pause());
        atomic_store(&sleeps, 0);
    }
    if (atomic_load(&request) == REQUEST_FINISH) {
        mt_writer_finish_here();
        atomic_store(&finished, 1);
        mt_lock_wake(&finished, INT32_MAX);
    }
    mt_assist_end();
    mt_writer_thread_leave();
    return NULL;
}

bool mt_writer_thread_create(void *(*function)(void *), void *argument) {
    sigset_t all, before;
    struct mt_lock_quiet quiet;
    pthread_attr_t attributes;
    pthread_t thread;
    int error;

    /* The program's signals are for its own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    mt_guard_quiet(&quiet);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, MT_WRITER_THREAD_STACK);
    error = pthread_create(&thread, &attributes, function, argument);
    pthread_attr_destroy(&attributes);
    mt_guard_loud(&quiet);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

static bool start(void) {
    return mt_options.writer != MT_WRITER_INLINE && mt_writer_thread_create(run, NULL);
}

static void wake(void) {
    if (atomic_exchange(&sleeps, 0))
        mt_lock_wake(&sleeps, 1);
}

bool mt_writer_thread_wake_running(void) {
    if (atomic_load_explicit(&state, memory_order_relaxed) != STATE_RUNS)
        return false;
    wake();
    return true;
}

bool mt_writer_thread_wake(void) {
    uint32_t none = STATE_NONE;

    if (atomic_load_explicit(&state, memory_order_relaxed) == STATE_NONE &&
        !mt_process_is_guest() && atomic_compare_exchange_strong(&state, &none, STATE_RUNS) &&
        !start())
        atomic_store(&state, STATE_UNWANTED);
    return mt_writer_thread_wake_running();
}

bool mt_writer_thread_runs(void) {
    return atomic_load_explicit(&state, memory_order_relaxed) == STATE_RUNS;
}

/* They are not joined: ThreadSanitizer takes a thread that is neither detached nor joined at exit
 * for a leak. */
bool mt_writer_thread_is_alive(pid_t thread) {
    return !thread || tgkill(getpid(), thread, 0) == 0;
}

static bool is_alive(void) {
    return mt_writer_thread_is_alive(atomic_load(&id));
}

void mt_writer_thread_end(void) {
    if (atomic_exchange(&state, STATE_UNWANTED) != STATE_RUNS)
        return;
    atomic_store(&request, REQUEST_END);
    do {
        wake();
        sched_yield();
    } while (is_alive());
}

bool mt_writer_thread_finish(void) {
    if (atomic_exchange(&state, STATE_UNWANTED) != STATE_RUNS)
        return false;
    atomic_store(&request, REQUEST_FINISH);
    wake();
    while (!atomic_load(&finished) && is_alive())
        mt_lock_wait(&finished, 0, 100);
    return atomic_load(&finished);
}

void mt_writer_thread_after_fork_in_child(void) {
    atomic_store(&state, STATE_NONE);
    atomic_store(&sleeps, 0);
    atomic_store(&request, REQUEST_NONE);
    atomic_store(&finished, 0);
    atomic_store(&id, 0);
    for (unsigned i = 0; i < OWN; i++) {
        atomic_store(&own[i].control_block, 0);
        atomic_store(&own[i].id, 0);
    }
    mt_assist_after_fork_in_child();
}
