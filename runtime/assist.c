#define _GNU_SOURCE
#include "assist.h"

#include "compiler.h"
#include "guard.h"
#include "lock.h"
#include "writer_thread.h"

#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Spins before an assistant sleeps: the writer's rounds follow each other closely while there is
 * too much to do. */
#define SPINS 2000

static _Atomic(const struct mt_local *) owner; /* the writer's thread */
static _Atomic unsigned hands;                 /* threads that were started */
static _Atomic unsigned limit;                 /* by CPUs */
static _Atomic bool growing;
static _Atomic bool ending;
static _Atomic pid_t ids[MT_ASSIST_MAX];

/* What is to be done. `next` has the round in its upper half: who comes late takes nothing of the
 * next one by mistake. */
static _Atomic uint32_t bell; /* a futex */
static _Atomic uint64_t next;
static _Atomic uint32_t round_number;
static _Atomic(void (*)(unsigned)) job;
static _Atomic uint32_t count;
static _Atomic uint32_t done; /* a futex */

/* Takes what is left to do. */
static void take_part(void) {
    for (;;) {
        uint64_t taken = atomic_fetch_add(&next, 1);
        uint32_t all = atomic_load(&count);
        void (*function)(unsigned) = atomic_load(&job);

        /* In this order: the round changes before the others do. */
        if ((uint32_t)taken >= all || taken >> 32 != atomic_load(&round_number))
            return;
        function((uint32_t)taken);
        if (atomic_fetch_add(&done, 1) + 1 == all)
            mt_lock_wake(&done, 1);
    }
}

static void *run(void *argument) {
    _Atomic pid_t *id = argument;
    uint32_t seen = 0;

    mt_local.busy = 1 | MT_LOCAL_QUIET;
    prctl(PR_SET_NAME, "memtrack");
    mt_writer_thread_enter();
    atomic_store(id, gettid());
    while (!atomic_load(&ending)) {
        uint32_t now = atomic_load(&bell);

        for (unsigned i = 0; now == seen && i < SPINS; i++)
            now = atomic_load_explicit(&bell, memory_order_relaxed);
        if (now == seen) {
            mt_lock_wait(&bell, now, 0);
            continue;
        }
        seen = now;
        take_part();
    }
    mt_writer_thread_leave();
    return NULL;
}

static void ring(void) {
    atomic_fetch_add(&bell, 1);
    mt_lock_wake(&bell, INT32_MAX);
}

void mt_assist_begin(void) {
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    atomic_store(&owner, &mt_local);
    atomic_store(&limit, cpus > (int)MT_ASSIST_MAX ? MT_ASSIST_MAX : (unsigned)cpus - 1);
}

void mt_assist_grow(void) {
    unsigned number;

    if (atomic_load_explicit(&hands, memory_order_relaxed) >=
            atomic_load_explicit(&limit, memory_order_relaxed) ||
        atomic_exchange(&growing, true))
        return;
    number = atomic_load(&hands);
    if (number < atomic_load(&limit) && !atomic_load(&ending)) {
        atomic_store(&ids[number], 0);
        if (mt_writer_thread_create(run, (void *)&ids[number]))
            atomic_store(&hands, number + 1);
        else
            atomic_store(&limit, number);
    }
    atomic_store(&growing, false);
}

unsigned mt_assist_hands(void) {
    return atomic_load(&owner) == &mt_local ? atomic_load(&hands) : 0;
}

void mt_assist_run(void (*function)(unsigned), unsigned items) {
    uint32_t number = atomic_fetch_add(&round_number, 1) + 1, finished;

    atomic_store(&job, function);
    atomic_store(&count, items);
    atomic_store(&done, 0);
    atomic_store(&next, (uint64_t)number << 32);
    ring();
    take_part();
    while ((finished = atomic_load(&done)) < items)
        mt_lock_wait(&done, finished, 0);
}

void mt_assist_end(void) {
    atomic_store(&ending, true);
    while (atomic_load(&growing))
        sched_yield();
    ring();
    for (unsigned i = 0; i < atomic_load(&hands); i++)
        while (mt_writer_thread_is_alive(atomic_load(&ids[i])))
            sched_yield();
    atomic_store(&hands, 0);
}

void mt_assist_after_fork_in_child(void) {
    atomic_store(&owner, NULL);
    atomic_store(&hands, 0);
    atomic_store(&limit, 0);
    atomic_store(&growing, false);
    atomic_store(&ending, false);
}
