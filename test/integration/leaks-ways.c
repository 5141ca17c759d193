// When there is a scan, and what it leaves undisturbed.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: %status 3 %run %t.mtrace %t
// RUN: %check %t.mtrace 's.complete' '(s.unreachable_blocks, s.unreachable_bytes) == (1, 30)' 's.indirect_blocks == 0'
//
// RUN: env MEMTRACK_OPTIONS=leaks=off %status 3 %run %t.mtrace %t && %check %t.mtrace 's.unreachable_blocks is None'
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=OFF %s
// RUN: %memtrack report %t.mtrace | FileCheck --check-prefix=NOT-KNOWN %s
// OFF: leak scan off
// NOT-KNOWN: leaked {{.*}} in 1 block
// NOT-KNOWN-NEXT: temporary
//
// RUN: env MEMTRACK_OPTIONS=leaks_max_mb=4 %status 3 %run %t.mtrace %t large
// RUN: %check %t.mtrace 's.complete' 's.unreachable_blocks is None'
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=LARGE %s
// LARGE: leak scan none: there was more memory than leaks_max_mb
// RUN: env MEMTRACK_OPTIONS=leaks_max_mb=64 %status 3 %run %t.mtrace %t large
// RUN: %check %t.mtrace 's.complete' 's.unreachable_blocks == 1'
//
// RUN: env MEMTRACK_OPTIONS=mode=profile %status 3 %run %t.mtrace %t && %check %t.mtrace 's.unreachable_blocks is None'
// RUN: env MEMTRACK_OPTIONS=sample=tiered %status 3 %run %t.mtrace %t && %check %t.mtrace 's.unreachable_blocks is None'
//
// With no thread of the runtime's, and with one.
// RUN: env MEMTRACK_OPTIONS=writer=inline %status 3 %run %t.mtrace %t many && %check %t.mtrace 's.unreachable_blocks == 1'
// RUN: %status 3 %run %t.mtrace %t many && %check %t.mtrace 's.unreachable_blocks == 1' 'own.allocations > 100000'
//
// A child's own blocks may hang on what it has inherited, and what that leaked is the parent's leak.
// RUN: rm -rf %t.d && mkdir %t.d && env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace %status 3 %t fork > %t.pids
// RUN: mv %t.d/$(sed -n 's/parent //p' %t.pids).mtrace %t.parent
// RUN: mv %t.d/$(sed -n 's/child //p' %t.pids).mtrace %t.child
// RUN: %check %t.parent 'sorted(chain(c)[0] for c in contexts if c["unreachable_blocks"]) == ["leak", "leak_of_parent"]'
// RUN: %memtrack report --format json %t.parent %t.child | %python -c \
// RUN:   'import json, sys; print(sorted((c["frames"][0]["function"], c["unreachable_blocks"], c["indirect_blocks"]) for c in json.load(sys.stdin)["contexts"] if c["unreachable_blocks"]))' | FileCheck --check-prefix=FORK %s
// FORK: [('leak', 1, 0), ('leak_of_child', 1, 0), ('leak_of_child', 1, 1), ('leak_of_parent', 1, 0)]
// Without the parent's trace, too, nothing is called unreachable that is not.
// RUN: %check %t.child '[chain(c)[0] for c in contexts if c["unreachable_blocks"]] == ["leak_of_child"] * 2'
//
// Without ptrace and process_vm_readv, as in some containers: all stacks are roots where one is not known.
// RUN: %status 3 %run %t.mtrace %t launch %t threads
// RUN: %check %t.mtrace 's.complete' '[chain(c)[0] for c in contexts if c["unreachable_blocks"]] == ["leak"]'
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=REFUSED %s
// REFUSED: leak scan {{.*}} registers of 0 of 2 other threads{{$}}
// RUN: %status 3 %run %t.mtrace %t threads
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=ALLOWED %s
// ALLOWED: leak scan {{.*}} registers of 2 of 2 other threads{{$}}
// RUN: %status 3 %run %t.mtrace %t launch %t running
// RUN: %check %t.mtrace 's.complete' '[chain(c)[0] for c in contexts if c["unreachable_blocks"]] == ["leak"]'
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=RUNNING %s
// RUNNING: leak scan {{.*}} registers of 0 of 1 other threads; all of all stacks
//
// In a namespace of processes that sees the /proc of another.
// RUN: %status 3 %run %t.mtrace %t inside %t threads
// RUN: %check %t.mtrace 's.complete' '[chain(c)[0] for c in contexts if c["unreachable_blocks"]] == ["leak"]'
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=ALLOWED %s
//
// A program that would die of such calls is left alone.
// RUN: %status 3 %run %t.mtrace %t filter && %check %t.mtrace 's.complete' 's.unreachable_blocks is None'
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=FILTER %s
// FILTER: leak scan none: the program might be killed for it, by a filter of system calls
//
// Nor does one that is started with such a filter: without threads other calls do, with them it is tried out.
// RUN: for call in read wait clone; do %status 3 %run %t.mtrace %t confine $call %t && %check %t.mtrace 's.complete' 's.unreachable_blocks == 1' || exit 1; done
// RUN: for call in read wait; do %status 3 %run %t.mtrace %t confine $call %t threads && %check %t.mtrace 's.complete' 's.unreachable_blocks is None' || exit 1; done
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=FILTER %s
// RUN: %status 3 %run %t.mtrace %t confine nothing %t threads && %check %t.mtrace 's.complete' 's.unreachable_blocks == 1'
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=ALLOWED %s
// RUN: %status 3 %run %t.mtrace %t confine nothing %t filter && %check %t.mtrace 's.complete' 's.unreachable_blocks is None'
//
// No call of another thread's fails for it, not even one that cannot be restarted.
// RUN: %status 3 %run %t.mtrace %t calls && %check %t.mtrace 's.complete' 's.unreachable_blocks == 1'
//
// No child ends, threads that map and unmap do no harm, and the main thread may be gone.
// RUN: %status 3 %run %t.mtrace %t children && %check %t.mtrace 's.complete' 's.unreachable_blocks == 1'
// RUN: for i in 1 2 3 4 5; do %status 3 %run %t.mtrace %t busy || exit 1; %check %t.mtrace 's.complete' 's.unreachable_blocks >= 1' || exit 1; done
// RUN: %status 3 %run %t.mtrace %t gone && %check %t.mtrace 's.complete' 's.reachable_blocks > 0'
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTLINE __attribute__((noinline))

static void *kept, *volatile nowhere;

OUTLINE static void clear(void) {
    char room[8192];

    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory", "rbx", "r12", "r13", "r14", "r15");
}
OUTLINE static void leak(void) {
    nowhere = malloc(30);
    nowhere = NULL;
}
OUTLINE static void leak_of_parent(void) {
    nowhere = malloc(31);
    nowhere = NULL;
}
OUTLINE static void leak_of_child(void) {
    void **first = malloc(32);

    *first = NULL;
    first[1] = malloc(32);
}
OUTLINE static void keep_by_inherited(void) {
    *(void **)kept = malloc(33);
}

static void filter(unsigned action, unsigned first, unsigned second) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, action),
    };
    const struct sock_fprog all = {sizeof program / sizeof *program, program};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all))
        _exit(1);
}

/* What a program that is started so may not call. */
static void confine(const char *what) {
    if (!strcmp(what, "read"))
        filter(SECCOMP_RET_KILL_PROCESS, SYS_ptrace, SYS_process_vm_readv);
    else if (!strcmp(what, "wait"))
        filter(SECCOMP_RET_KILL_PROCESS, SYS_wait4, SYS_mincore);
    else if (!strcmp(what, "clone"))
        filter(SECCOMP_RET_KILL_PROCESS, SYS_clone, SYS_clone3);
    else
        filter(SECCOMP_RET_KILL_PROCESS, SYS_reboot, SYS_swapon);
}

/* Where that is forbidden, only further down. */
static void go_inside(void) {
    int status;
    pid_t child;

    if (unshare(CLONE_NEWPID) && unshare(CLONE_NEWUSER | CLONE_NEWPID))
        return;
    child = fork();
    if (child == 0)
        return;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static void *wait_with_block(void *argument) {
    void *volatile here = malloc(40);

    for (;;)
        pause();
    return here ? argument : NULL;
}
static void *run_with_block(void *argument) {
    void *volatile here = malloc(41);
    volatile int forever = 1;

    while (forever)
        ;
    return here ? argument : NULL;
}
static void *map_and_unmap(void *argument) {
    for (;;) {
        char *memory =
            mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        memset(memory, 1, 1 << 20);
        munmap(memory, 1 << 20);
        free(malloc(200000));
    }
    return argument;
}
static void *wait_for_events(void *argument) {
    struct epoll_event event;
    int set = epoll_create1(0);

    if (epoll_wait(set, &event, 1, -1) < 0)
        _exit(8);
    return argument;
}
static void *wait_for_signal(void *argument) {
    sigset_t none;

    sigemptyset(&none);
    sigaddset(&none, SIGUSR1);
    if (sigwaitinfo(&none, NULL) < 0)
        _exit(7);
    return argument;
}
static void start(void *(*function)(void *), int count) {
    pthread_t thread;

    while (count--)
        pthread_create(&thread, NULL, function, NULL);
    usleep(50000);
}

static pthread_t main_thread;

static void *exit_alone(void *argument) {
    pthread_join(main_thread, NULL);
    usleep(10000);
    clear();
    exit(3);
    return argument;
}
/* After the trace has ended: threads that were disturbed have had time to say so. */
static __attribute__((destructor(101))) void linger(void) {
    usleep(20000);
}
static void on_child(int number) {
    (void)number;
    _exit(9);
}
static void do_fork(void) {
    pid_t child;

    kept = calloc(1, 50);
    leak_of_parent();
    clear();
    fflush(stdout);
    child = fork();
    if (child == 0) {
        keep_by_inherited();
        leak_of_child();
        clear();
        exit(4);
    }
    waitpid(child, NULL, 0);
    printf("parent %d\nchild %d\n", (int)getpid(), (int)child);
}

int main(int count, char **arguments) {
    const char *way = count > 1 ? arguments[1] : "";

    if (!strcmp(way, "launch")) {
        filter(SECCOMP_RET_ERRNO | 1, SYS_ptrace, SYS_process_vm_readv);
        execv(arguments[2], arguments + 2);
    }
    if (!strcmp(way, "confine")) {
        confine(arguments[2]);
        execv(arguments[3], arguments + 3);
    }
    if (!strcmp(way, "inside")) {
        go_inside();
        execv(arguments[2], arguments + 2);
    }
    leak();
    clear();
    if (!strcmp(way, "large"))
        memset(kept = malloc(8 << 20), 1, 8 << 20);
    for (int i = 0; !strcmp(way, "many") && i < 100000; i++)
        free(malloc(20));
    if (!strcmp(way, "fork"))
        do_fork();
    if (!strcmp(way, "threads"))
        start(wait_with_block, 2);
    if (!strcmp(way, "running"))
        start(run_with_block, 1);
    if (!strcmp(way, "busy"))
        start(map_and_unmap, 3);
    if (!strcmp(way, "children")) {
        signal(SIGCHLD, on_child);
        start(wait_with_block, 3);
    }
    if (!strcmp(way, "calls")) {
        start(wait_for_events, 2);
        start(wait_for_signal, 2);
    }
    if (!strcmp(way, "filter"))
        filter(SECCOMP_RET_KILL_PROCESS, SYS_ptrace, SYS_process_vm_readv);
    if (!strcmp(way, "gone")) {
        main_thread = pthread_self();
        start(exit_alone, 1);
        pthread_exit(NULL);
    }
    clear();
    return 3;
}
