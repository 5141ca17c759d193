// What the system refuses the runtime costs events at the most, and each of them is counted: memory,
// threads, files. The program does not notice.
// RUN: %cc -g -O1 -fno-builtin %s -o %t
// RUN: %run %t.mtrace %t threads && %check %t.mtrace 's.allocations == 400000' 's.complete'
// RUN: %run %t.mtrace %t memory
// RUN: %check %t.mtrace 's.allocations + s.frees + s.dropped_events == 800000'
// RUN: %run %t.mtrace %t early 2> %t.err && FileCheck --check-prefix=EARLY %s < %t.err
// EARLY: memtrack: no trace: no memory for the writer
// RUN: %run %t.mtrace %t files 2> %t.err && FileCheck --check-prefix=FILES %s < %t.err
// FILES: memtrack: no trace: cannot create {{.*}}: Too many open files
//
// A trace is its owner's alone, and goes through no link.
// RUN: rm -rf %t.d && mkdir %t.d && sh -c 'umask 0; %run %t.d/x.mtrace %t plain' && ls -l %t.d | grep '^-rw------- .*x.mtrace'
// RUN: ln -s %t.d/target %t.d/link.mtrace
// RUN: env MEMTRACK_OPTIONS=output=%t.d/link.mtrace %t plain 2> %t.err && FileCheck --check-prefix=LINK %s < %t.err
// RUN: not ls %t.d/target
// RUN: ln -s %t.d/target %t.d/y.mtrace.live && %run %t.d/y.mtrace %t plain 2> %t.err
// RUN: FileCheck --check-prefix=LIVE %s < %t.err && not ls %t.d/target
// LINK: memtrack: no trace: {{.*}}link.mtrace exists and is not a trace
// LIVE: memtrack: a crash would lose the last events: cannot make {{.*}}y.mtrace.live
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *work(void *argument) {
    for (int i = 0; i < 100000; i++)
        free(malloc(10));
    return argument;
}

/* No new threads: clone and clone3 fail. */
static int forbid_threads(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int limit(int resource, rlim_t value) {
    struct rlimit limit = {value, value};

    return setrlimit(resource, &limit);
}

static rlim_t address_space(void) {
    char line[64] = "";
    int file = open("/proc/self/statm", O_RDONLY);

    if (file < 0 || read(file, line, sizeof line - 1) <= 0)
        return RLIM_INFINITY;
    close(file);
    return (rlim_t)strtoul(line, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int refused = 0;

    if (!strcmp(what, "threads"))
        refused = forbid_threads();
    if (!strcmp(what, "files"))
        refused = limit(RLIMIT_NOFILE, 3);
    if (!strcmp(what, "early"))
        refused = limit(RLIMIT_AS, address_space() + (1 << 20));
    work(NULL);
    if (!strcmp(what, "memory"))
        refused = limit(RLIMIT_AS, address_space());
    for (int i = 0; i < 3; i++)
        work(NULL);
    return refused;
}
