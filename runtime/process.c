#define _GNU_SOURCE
#include "process.h"

#include "compiler.h"
#include "lock.h"
#include "options.h"
#include "record.h"
#include "sites.h"
#include "thread.h"
#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/auxv.h>

enum state { STATE_NEW, STATE_STARTING, STATE_STARTED };

/* True before the start: the first event comes upon it. */
_Atomic bool mt_recording = true;
bool mt_clock_is_counter;

static _Atomic int state;
static _Atomic bool finishing;
static bool forked; /* from a recorded process: options are read and handlers stand */
static uint64_t parent_trace_id;

bool mt_process_is_finishing(void) {
    return atomic_load_explicit(&finishing, memory_order_relaxed);
}

/* The locks in the order in which they nest. */
static void before_fork(void) {
    mt_writer_before_fork();
    mt_thread_lock_registry();
    mt_sites_before_fork();
}

static void after_fork_in_parent(void) {
    mt_sites_after_fork(false);
    mt_thread_unlock_registry();
    mt_writer_after_fork(false);
}

static void after_fork_in_child(void) {
    mt_sites_after_fork(true);
    mt_thread_after_fork_in_child();
    if (atomic_load(&state) == STATE_STARTED && mt_record_enabled()) {
        parent_trace_id = mt_writer_trace_id();
        forked = true;
        atomic_store(&state, STATE_NEW);
    }
    mt_writer_after_fork(true);
    atomic_store(&finishing, false);
}

static bool start(void) {
    if (!forked) {
        mt_clock_is_counter = mt_clock_counter_is_constant();
        /* A privileged program writes no file that its caller names. */
        if (getauxval(AT_SECURE))
            return false;
        mt_options_parse(getenv("MEMTRACK_OPTIONS"));
        if (mt_options.mode == MT_MODE_OFF)
            return false;
        mt_thread_start();
        pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    }
    return mt_writer_start(forked ? parent_trace_id : 0);
}

bool mt_process_start(void) {
    int expected = STATE_NEW;

    if (atomic_compare_exchange_strong(&state, &expected, STATE_STARTING)) {
        if (!start())
            atomic_store_explicit(&mt_recording, false, memory_order_relaxed);
        atomic_store(&state, STATE_STARTED);
    }
    while (atomic_load(&state) != STATE_STARTED)
        sched_yield();
    return mt_record_enabled() && !mt_process_is_finishing();
}

/* Earlier than the program's constructors where the order is ours to choose. */
static __attribute__((constructor(101))) void on_load(void) {
    int saved = errno;

    mt_local.busy = 1;
    MT_SIGNAL_FENCE();
    mt_process_start();
    MT_SIGNAL_FENCE();
    mt_local.busy = 0;
    errno = saved;
}

/* Later than atexit handlers and the program's destructors. */
static __attribute__((destructor(101))) void on_exit_of_process(void) {
    if (atomic_load(&state) != STATE_STARTED)
        return;
    mt_local.busy = 1;
    MT_SIGNAL_FENCE();
    atomic_store(&finishing, true);
    mt_writer_finish();
    atomic_store_explicit(&mt_recording, false, memory_order_relaxed);
    MT_SIGNAL_FENCE();
    mt_local.busy = 0;
}
