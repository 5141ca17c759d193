// Whatever way a process ends, every event it has completed can be read; one that ends in good order
// leaves one file.
// RUN: rm -rf %t.d && mkdir %t.d && %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: %run %t.d/return.mtrace %t return && ls %t.d | grep -x return.mtrace && ls %t.d | count 1
// RUN: not --crash %run %t.d/kill.mtrace %t kill && ls %t.d/kill.mtrace.live
// RUN: not --crash %run %t.d/abort.mtrace %t abort && not --crash %run %t.d/fault.mtrace %t fault
// RUN: %status 3 %run %t.d/_exit.mtrace %t _exit && %run %t.d/exec.mtrace %t exec
// RUN: %check %t.d/kill.mtrace @%s && %check %t.d/abort.mtrace @%s && %check %t.d/fault.mtrace @%s
// RUN: %check %t.d/_exit.mtrace @%s && %check %t.d/exec.mtrace @%s
// EXPECT: s.complete
// EXPECT: own.allocations == 80000 + 1 and own.frees == 80000 and own.leaked_blocks == 1
// EXPECT: by("keep")[0]["leaked_bytes"] == 4321
// EXPECT: len(threads) == 5
//
// RUN: %memtrack report %t.d/kill.mtrace | FileCheck --check-prefix=REPORT %s
// RUN: %memtrack info --verify %t.d/kill.mtrace | FileCheck --check-prefix=INFO %s
// REPORT: the program did not end by exit: its last {{.*}} events come from the live file
// INFO: none: the process was killed, or still runs
// INFO-NEXT: live file joined: {{.*}} events
//
// The trace and its live file are of one process. What another left is not joined; a new process
// replaces both; a file that is no live file is left alone.
// RUN: cp %t.d/kill.mtrace.live %t.d/abort.mtrace.live
// RUN: %check %t.d/abort.mtrace 'not s.complete' 2>&1 | grep 'another trace'
// RUN: %run %t.d/abort.mtrace %t return && ls %t.d | not grep abort.mtrace.live
// RUN: echo precious > %t.d/return.mtrace.live
// RUN: %run %t.d/return.mtrace %t return 2> %t.err && FileCheck --check-prefix=TAKEN %s < %t.err
// RUN: grep -x precious %t.d/return.mtrace.live && %check %t.d/return.mtrace @%s
// TAKEN: a crash would lose the last events: cannot make {{.*}}return.mtrace.live
// TAKEN-NEXT: File exists
//
// While the process runs, its trace tells what has happened until then.
// RUN: %run %t.d/runs.mtrace %t %memtrack
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile kept;

static void *work(void *argument) {
    for (int i = 0; i < 20000; i++)
        free(malloc(10));
    return argument;
}

static __attribute__((noinline)) void keep(void) {
    kept = malloc(4321);
}

static int ask(const char *memtrack) {
    char command[4096];

    snprintf(command, sizeof command,
             "%s report --limit 0 ${MEMTRACK_OPTIONS#output=} > ${MEMTRACK_OPTIONS#output=}.txt && "
             "grep ' 80,000 ' ${MEMTRACK_OPTIONS#output=}.txt && "
             "grep ' keep ' ${MEMTRACK_OPTIONS#output=}.txt && grep 'runs still' "
             "${MEMTRACK_OPTIONS#output=}.txt",
             memtrack);
    return system(command);
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    keep();
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "fault") == 0)
        *(volatile int *)8 = 0;
    if (strcmp(how, "_exit") == 0)
        _exit(3);
    if (strcmp(how, "exec") == 0)
        execl("/bin/true", "true", (char *)NULL);
    return strcmp(how, "return") == 0 ? 0 : ask(how);
}
