// Phases, names of threads and snapshots. What a snapshot has written can be read while the program
// runs, and after its threads have gone on and it was killed; later events follow without a gap.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: %status 0 %run %t.mtrace %t && %memtrack info --verify %t.mtrace | FileCheck %s
// RUN: %check %t.mtrace 's.complete' 'total(by("run"), "allocations") == 4 * 30007' 's.lost_events == 0' \
// RUN:   'total(by("run"), "leaked_blocks") == 28' 'total(by("main"), "allocations") == 30001' \
// RUN:   'sorted(t["name"] for t in threads) == ["chosen name"] + ["worker"] * 4'
// RUN: env MEMTRACK_OPTIONS=writer=inline %run %t.mtrace %t
// RUN: %check %t.mtrace 's.complete' 'total(by("run"), "allocations") == 4 * 30007' 's.lost_events == 0'
// RUN: %memtrack info --verify %t.mtrace | FileCheck %s
// CHECK: mark at thread kind name
// CHECK-NEXT: 0 phase begun
// CHECK-NEXT: 1 snapshot half time
// CHECK-NEXT: 1 phase done{{x+$}}
// CHECK: every block is sound
//
// RUN: rm -f %t.copy && %status 137 %run %t.mtrace %t %t.copy
// RUN: %memtrack info --verify %t.copy | FileCheck --check-prefix=COPY %s
// RUN: %memtrack dump %t.copy | grep -c ' alloc .* 77  ' | grep -x 28
// RUN: %check %t.mtrace 'total(by("run"), "allocations") == 4 * 30007' 's.lost_events == 0' \
// RUN:   's.damaged_bytes == 0'
// COPY: snapshot half time
// COPY: every block is sound
//
// RUN: env MEMTRACK_OPTIONS=mode=off %status 3 %run %t.mtrace %t
// RUN: sh -c 'MEMTRACK_OPTIONS=output=/dev/full exec %status 3 %t' 2>&1 | grep "cannot write"
#define _GNU_SOURCE
#include <memtrack/memtrack.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sem_t reached, go_on;
static void *volatile sink[4];

static void *run(void *argument) {
    void *volatile *block = argument;

    pthread_setname_np(pthread_self(), "worker");
    for (int i = 0; i < 15000; i++)
        free(malloc(10));
    /* In a buffer that is not full. */
    for (int i = 0; i < 7; i++)
        *block = malloc(77);
    sem_post(&reached);
    sem_wait(&go_on);
    for (int i = 0; i < 15000; i++)
        free(malloc(10));
    return NULL;
}

static int copy_trace(const char *to) {
    char command[1000];
    const char *options = getenv("MEMTRACK_OPTIONS");

    snprintf(command, sizeof command, "exec cp '%s' '%s'", strstr(options, "output=") + 7, to);
    return system(command);
}

int main(int argc, char **argv) {
    pthread_t threads[4];
    char name[1100] = "done";

    memtrack_phase("begun");
    memtrack_name_thread("chosen name");
    pthread_setname_np(pthread_self(), "kernel's name");
    sem_init(&reached, 0, 0);
    sem_init(&go_on, 0, 0);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, run, (void *)&sink[i]);
    for (int i = 0; i < 4; i++)
        sem_wait(&reached);
    if (memtrack_snapshot("half time") != 0)
        return 3;
    if (argc > 1 && copy_trace(argv[1]) != 0)
        return 4;
    for (int i = 0; i < 4; i++)
        sem_post(&go_on);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    if (argc > 1)
        kill(getpid(), SIGKILL);
    for (int i = 0; i < 30000; i++)
        free(malloc(10));
    sink[0] = malloc(1);
    memset(name + 4, 'x', sizeof name - 5);
    memtrack_phase(name);
    return 0;
}
