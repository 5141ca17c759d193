#define _GNU_SOURCE
#include "seccomp.h"

#include "text.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROBE_NAPS 2500 /* of 200 µs */
#define STATUS_BYTES 4096

enum step { STEP_NONE, STEP_WAIT, STEP_ALL };

/* As far as the process that tries has come. */
struct probe {
    _Atomic uint32_t step; /* enum step; by the child, for its parent */
};

static int filter_before; /* of system calls: its mode; -1: not to be told */
static long filters_before;

/* A number of /proc/thread-self/status; -1 if it is not there. */
static long number_of(const char *status, const char *key) {
    const char *found = strstr(status, key);
    long number = 0;

    if (!found)
        return -1;
    for (found += strlen(key); *found >= '0' && *found <= '9'; found++)
        number = 10 * number + *found - '0';
    return number;
}

void mt_seccomp_prepare(void) {
    char status[STATUS_BYTES];

    filter_before = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
    if (filter_before == 0)
        return;
    mt_text_read_file("/proc/thread-self/status", status, sizeof status);
    filters_before = number_of(status, "\nSeccomp_filters:\t");
}

/* What the scan calls and the rest of the runtime does not, so that nothing happens. */
static void try_calls(struct probe *probe) {
    static const int requests[] = {PTRACE_SEIZE,     PTRACE_INTERRUPT, PTRACE_GETREGSET,
                                   PTRACE_SETREGSET, PTRACE_DETACH,    PTRACE_PEEKSIGINFO};
    struct timespec time = {0, 0};
    long from = 0, to = 0, child;
    struct iovec local = {&to, sizeof to}, remote = {&from, sizeof from};

    syscall(SYS_wait4, -1L, NULL, (long)(__WALL | WNOHANG), NULL);
    atomic_store(&probe->step, STEP_WAIT);
    for (unsigned i = 0; i < sizeof requests / sizeof *requests; i++)
        syscall(SYS_ptrace, (long)requests[i], 0L, 0L, 0L);
    syscall(SYS_process_vm_readv, syscall(SYS_gettid), &local, 1L, &remote, 1L, 0L);
    syscall(SYS_mincore, 0L, 0L, NULL);
    syscall(SYS_sysinfo, NULL);
    syscall(SYS_lseek, -1L, 0L, (long)SEEK_SET);
    syscall(SYS_openat, -1L, "", (long)O_RDONLY, 0L);
    syscall(SYS_getdents64, -1L, NULL, 0L);
    syscall(SYS_pread64, -1L, NULL, 0L, 0L);
    syscall(SYS_clock_gettime, (long)CLOCK_MONOTONIC, &time);
    time = (struct timespec){0, 0};
    syscall(SYS_nanosleep, &time, NULL);
    syscall(SYS_futex, &probe->step, (long)FUTEX_WAKE_PRIVATE, 1L, NULL, NULL, 0L);
    syscall(SYS_kill, syscall(SYS_getpid), 0L);
    syscall(SYS_prctl, (long)PR_SET_PTRACER, 0L, 0L, 0L, 0L);
    child = syscall(SYS_clone, (long)(CLONE_FS | CLONE_FILES | CLONE_UNTRACED), 0L, 0L, 0L, 0L);
    /* Not left to the program, which may be who gets the children of those that end. */
    if (child > 0)
        syscall(SYS_wait4, child, NULL, (long)__WALL, NULL);
    if (child != 0)
        atomic_store(&probe->step, STEP_ALL);
    syscall(SYS_exit, 0L);
}

/* As the C library makes threads: that call the filter has let through before. */
static long make_child(void) {
    uint64_t arguments[8] = {0}; /* a struct clone_args */
    long child = syscall(SYS_clone3, arguments, sizeof arguments);

    return child < 0 ? syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L) : child;
}

/* A filter kills this process for what it would kill the program for. */
static void run_child(struct probe *probe) {
    syscall(SYS_prctl, (long)PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
    syscall(SYS_prctl, (long)PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    try_calls(probe);
}

static bool await_child(struct probe *probe, pid_t child) {
    const struct timespec pause = {0, 200000};
    bool ended = false;

    for (int i = 0; i < PROBE_NAPS && !ended; i++) {
        uint32_t step = atomic_load(&probe->step);

        /* That it may wait has been seen by then. A wait of the program's may have got it. */
        if (step != STEP_NONE)
            ended = syscall(SYS_wait4, (long)child, NULL, (long)(__WALL | WNOHANG), NULL) != 0;
        /* A timed wait that all locks of the runtime's make. */
        if (!ended)
            syscall(SYS_futex, &probe->step, (long)FUTEX_WAIT, (long)step, &pause, NULL, 0L);
    }
    return atomic_load(&probe->step) == STEP_ALL;
}

static bool try_in_child(void) {
    struct probe *probe =
        mmap(NULL, sizeof *probe, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigset_t all, before;
    bool passed = false;
    long child;

    if (probe == MAP_FAILED)
        return false;
    /* No handler of the program's runs in the child, not even that for what a filter forbids. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    child = make_child();
    if (child == 0)
        run_child(probe);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child > 0)
        passed = await_child(probe, (pid_t)child);
    munmap(probe, sizeof *probe);
    return passed;
}

enum mt_seccomp mt_seccomp_ask(void) {
    char status[STATUS_BYTES];
    size_t length;
    long mode;

    /* By files, which need no other calls than the runtime needs anyway. */
    length = mt_text_read_file("/proc/thread-self/status", status, sizeof status);
    mode = number_of(status, "\nSeccomp:\t");
    if (filter_before == 0)
        return mode > 0 || (mode < 0 && length == sizeof status - 1) ? MT_SECCOMP_REFUSES
                                                                     : MT_SECCOMP_NONE;
    /* One that the program has installed itself may forbid what it did before. */
    if (filters_before < 0 || number_of(status, "\nSeccomp_filters:\t") != filters_before)
        return MT_SECCOMP_REFUSES;
    /* That another process may be made is not known where there has never been a thread. */
    if (number_of(status, "\nThreads:\t") == 1)
        return MT_SECCOMP_FEW;
    return try_in_child() ? MT_SECCOMP_NONE : MT_SECCOMP_REFUSES;
}
