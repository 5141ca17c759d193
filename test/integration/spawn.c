// Children by vfork, posix_spawn and system leave the parent's trace alone, and have their own if
// they are instrumented.
// RUN: rm -rf %t.d && mkdir %t.d && %cc -g -O1 -fno-builtin %s -o %t
// RUN: env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace %t
// RUN: ls %t.d | grep -v live | count 4
// RUN: sh -c '%memtrack report --format json %t.d/*.mtrace' > %t.json
// RUN: grep '"traces":4' %t.json && grep '"allocations":160030,' %t.json
// RUN: grep '"leaked_blocks":0,' %t.json && grep '"complete":true' %t.json
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void allocate(int count) {
    for (int i = 0; i < count; i++)
        free(malloc(10));
}

static int wait_for(pid_t child) {
    int status;

    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv) {
    char *child[] = {argv[0], "child", NULL};
    char command[4096];
    pid_t pid;

    if (argc > 1) {
        allocate(10010);
        return 7;
    }
    allocate(10000);
    /* It borrows the parent's memory, and its events are the parent's. */
    pid = vfork();
    if (pid == 0) {
        allocate(20000);
        execv(argv[0], child);
        _exit(1);
    }
    if (wait_for(pid) != 7)
        return 1;
    pid = vfork();
    if (pid == 0) {
        execl("/nonexistent/program", "program", (char *)NULL);
        _exit(5);
    }
    if (wait_for(pid) != 5)
        return 2;
    allocate(50000);
    if (posix_spawn(&pid, argv[0], NULL, NULL, child, environ) != 0 || wait_for(pid) != 7)
        return 3;
    snprintf(command, sizeof command, "%s child", argv[0]);
    if (WEXITSTATUS(system(command)) != 7)
        return 4;
    allocate(50000);
    return 0;
}
