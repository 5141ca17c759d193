// Ways to end, and forks of which nobody tells the runtime.
// RUN: %cc -g -O1 -fno-builtin %s -o %t
// RUN: %status 3 %run %t.mtrace %t quick && %check %t.mtrace 's.complete' 'own.allocations == 10000'
// RUN: %status 3 %run %t.mtrace %t handler && %check %t.mtrace 's.complete' 'own.allocations > 1000'
// RUN: %status 3 %run %t.mtrace %t fork
// RUN: %check %t.mtrace 's.complete' 'own.allocations == 20 * 10000' 'own.leaked_blocks == 0'
//
// A limit on the size of files ends the trace, not the program.
// RUN: sh -c 'ulimit -f 0; %status 3 %run %t.mtrace %t plain' 2>&1 | FileCheck %s
// CHECK: memtrack: the trace ends early: {{.*}}: File too large
//
// The writer leaves nothing to be called single-threaded for where that is asked for.
// RUN: env MEMTRACK_OPTIONS=writer=inline %status 3 %run %t.mtrace %t alone
// RUN: %check %t.mtrace 's.complete' 'own.allocations == 100000'
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void allocate(int count) {
    for (int i = 0; i < count; i++)
        free(malloc(10));
}

static void on_alarm(int number) {
    exit(number == SIGALRM ? 3 : 1);
}

static int forks(void) {
    for (int i = 0; i < 20; i++) {
        pid_t child;
        int status;

        allocate(10000);
        child = (pid_t)syscall(SYS_fork);
        if (child == 0) {
            allocate(10000);
            exit(4);
        }
        alarm(20);
        if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 4)
            return 1;
    }
    return 3;
}

static int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;

    while (readdir(tasks))
        count++;
    closedir(tasks);
    return count - 2;
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";

    if (strcmp(how, "quick") == 0) {
        allocate(10000);
        quick_exit(3);
    }
    if (strcmp(how, "handler") == 0) {
        const struct itimerval soon = {{0, 0}, {0, 200000}};

        signal(SIGALRM, on_alarm);
        setitimer(ITIMER_REAL, &soon, NULL);
        for (;;)
            allocate(1000);
    }
    if (strcmp(how, "fork") == 0)
        return forks();
    if (strcmp(how, "alone") == 0) {
        allocate(100000);
        return threads() == 1 ? 3 : 1;
    }
    allocate(10000);
    return 3;
}
