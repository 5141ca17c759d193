#define _GNU_SOURCE
#include "process.h"

#include "api.h"
#include "compiler.h"
#include "definitions.h"
#include "foreign.h"
#include "guard.h"
#include "live.h"
#include "log.h"
#include "options.h"
#include "os_memory.h"
#include "record.h"
#include "redirect.h"
#include "references.h"
#include "sample.h"
#include "sink.h"
#include "sites.h"
#include "stack.h"
#include "stamp.h"
#include "thread.h"
#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

enum state {
    STATE_NEW,
    STATE_PREPARED, /* all that has to be known at start-up is known */
    STATE_BUSY,
    STATE_STARTED, /* the trace is open, or there will be none */
};

/* What a fork wipes, so that the child of one that nobody told of is known. Static where the kernel
 * has no such pages; and before the start, which the first event comes upon. */
struct own_page {
    _Atomic int8_t recording; /* enum mt_recording */
    _Atomic bool is_own;
};

static struct own_page unwiped = {MT_RECORDING_UNKNOWN, true};
static struct own_page *own_page = &unwiped;
/* What the page says, or a forked child's is to say. */
static _Atomic int8_t wanted = MT_RECORDING_ALL;
_Atomic int8_t *mt_recording = &unwiped.recording;
bool mt_clock_is_counter;
_Atomic uint8_t mt_stamp_kind = MT_STAMP_CLOCK;

static _Atomic int state;
static pid_t own_process;
static _Atomic bool finishing;

bool mt_process_is_finishing(void) {
    return atomic_load_explicit(&finishing, memory_order_relaxed);
}

bool mt_process_is_stray(void) {
    return !atomic_load_explicit(&own_page->is_own, memory_order_relaxed);
}

bool mt_process_is_guest(void) {
    return getpid() != own_process;
}

void mt_process_stop_recording(void) {
    atomic_store(&wanted, MT_RECORDING_OFF);
    atomic_store(mt_recording, MT_RECORDING_OFF);
}

void mt_process_pause_recording(bool pause) {
    bool samples = mt_record_samples();
    int8_t all = samples ? MT_RECORDING_SAMPLED : MT_RECORDING_ALL;
    int8_t frees = samples ? MT_RECORDING_SAMPLED_FREES : MT_RECORDING_FREES;
    int8_t from = pause ? all : frees, to = pause ? frees : all, expected = from;

    /* Off stays off: in this order, since the other is turned off last. */
    if (!atomic_compare_exchange_strong(&wanted, &expected, to))
        return;
    expected = from;
    atomic_compare_exchange_strong(mt_recording, &expected, to);
}

static void mark_own_process(void) {
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    struct own_page *page = mt_os_memory_map(size);

    if (page && madvise(page, size, MADV_WIPEONFORK) == 0) {
        atomic_store(&page->is_own, true);
        atomic_store(&page->recording, wanted);
        own_page = page;
        mt_recording = &page->recording;
    }
    atomic_store(&unwiped.recording, wanted);
}

/* The locks in the order in which they nest. */
static void before_fork(void) {
    mt_api_before_fork();
    mt_writer_before_fork();
    mt_thread_lock_registry();
    mt_definitions_before_fork();
    mt_live_before_fork();
    mt_sites_before_fork();
    mt_foreign_before_fork();
}

static void after_fork(bool child) {
    mt_foreign_after_fork();
    mt_sites_after_fork();
    mt_live_after_fork(child, mt_local.busy);
    mt_definitions_after_fork(child);
    mt_thread_after_fork(child);
    mt_sample_after_fork(child);
    mt_writer_after_fork(child);
    mt_api_after_fork();
}

static void after_fork_in_parent(void) {
    after_fork(false);
}

static void after_fork_in_child(void) {
    own_process = getpid();
    atomic_store(&own_page->is_own, true);
    mt_context_after_fork_in_child();
    mt_stamp_after_fork_in_child();
    atomic_store(&finishing, false);
    /* A thread that was opening the trace is not in this process. */
    if (wanted)
        atomic_store(&state, STATE_PREPARED);
    after_fork(true);
    atomic_store_explicit(mt_recording, wanted, memory_order_relaxed);
}

/* The trace ends after all that the program does, destructors of other libraries included. What is
 * registered before the C library registers their run comes after it: that is so if the runtime was
 * loaded with the program, and shared. Else the handler comes early, and it is this library's
 * destructor that ends the trace. */
extern int __cxa_atexit(void (*function)(void *), void *argument, void *library);
static _Atomic bool destructor_ran, handler_ran, has_handler;

static void end_recording(void);

static void on_exit_handlers(void *unused) {
    (void)unused;
    atomic_store(&handler_ran, true);
    if (atomic_load(&destructor_ran))
        end_recording();
}

static __attribute__((destructor(101))) void on_destructors(void) {
    atomic_store(&destructor_ran, true);
    if (!atomic_load(&has_handler) || atomic_load(&handler_ran))
        end_recording();
}

/* What the C library may allocate memory for. */
static bool register_handlers(void) {
    struct mt_lock_quiet before;
    bool done;

    mt_guard_quiet(&before);
    mt_thread_start();
    at_quick_exit(end_recording);
    /* Of no library, which would take it with it. */
    atomic_store(&has_handler, __cxa_atexit(on_exit_handlers, NULL, NULL) == 0);
    done = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
    mt_guard_loud(&before);
    return done;
}

/* Options that do not go together. */
static void settle_options(void) {
    /* Totals have no room for how likely each of their events was. */
    if (mt_options.mode == MT_MODE_PROFILE && mt_options.sample != MT_SAMPLE_ALL) {
        mt_log("MEMTRACK_OPTIONS: sample is ignored: ", "mode=profile counts all", NULL, NULL);
        mt_options.sample = MT_SAMPLE_ALL;
    }
    /* A sample is rare: its time is worth having. */
    if (mt_options.sample != MT_SAMPLE_ALL)
        mt_options.clock = MT_CLOCK_PRECISE;
}

static bool prepare(void) {
    own_process = getpid();
    mt_clock_is_counter = mt_clock_counter_is_usable();
    mt_stamp_kind = mt_clock_is_counter ? MT_STAMP_COUNTER : MT_STAMP_CLOCK;
    mt_stack_prepare();
    /* A privileged program writes no file that its caller names. */
    if (getauxval(AT_SECURE))
        return false;
    mt_log_prepare();
    mt_options_parse(mt_options_given());
    if (mt_options.mode == MT_MODE_OFF)
        return false;
    mt_context_sites_only = mt_options.context == MT_CONTEXT_SITE;
    settle_options();
    if (mt_options.clock == MT_CLOCK_COARSE)
        mt_stamp_kind = MT_STAMP_COARSE;
    mt_sink_prepare();
    mt_references_prepare();
    if (mt_sample_start())
        atomic_store(&wanted, MT_RECORDING_SAMPLED);
    mark_own_process();
    return register_handlers();
}

/* Takes the state from `from` to `to` by `step`, unless another thread does or did. */
static void advance(enum state from, enum state to, bool (*step)(void)) {
    int expected = from;

    if (atomic_compare_exchange_strong(&state, &expected, STATE_BUSY)) {
        if (mt_record_enabled() && !step())
            mt_process_stop_recording();
        atomic_store(&state, to);
    }
    while (atomic_load(&state) == STATE_BUSY)
        sched_yield();
}

static bool open_trace(void) {
    if (!mt_writer_start())
        return false;
    mt_api_trace_opened();
    return true;
}

void mt_process_prepare(void) {
    advance(STATE_NEW, STATE_PREPARED, prepare);
}

bool mt_process_start(void) {
    mt_process_prepare();
    advance(STATE_PREPARED, STATE_STARTED, open_trace);
    return mt_record_enabled() && !mt_process_is_finishing();
}

/* What the program may change before its first event is read here. The trace waits for that event:
 * many a program that a build runs has none. */
static __attribute__((constructor(101))) void on_load(void) {
    int saved = errno;

    mt_local.busy = 1;
    MT_SIGNAL_FENCE();
    mt_process_prepare();
    if (mt_record_enabled())
        mt_redirect_objects();
    MT_SIGNAL_FENCE();
    mt_local.busy = 0;
    errno = saved;
}

static void end_recording(void) {
    /* What registers hold is on the stack from here on. */
    __builtin_unwind_init();
    if (mt_process_is_stray() || mt_process_is_guest())
        return;
    mt_local.busy = 1;
    MT_SIGNAL_FENCE();
    atomic_store(&finishing, true);
    /* For all threads at once: what comes after this is no loss, it is past the end. */
    atomic_store(mt_recording, MT_RECORDING_OFF);
    mt_references_exit(mt_stack_pointer());
    mt_writer_finish();
    mt_process_stop_recording();
    MT_SIGNAL_FENCE();
    mt_local.busy = 0;
}
