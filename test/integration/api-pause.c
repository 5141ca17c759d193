// While paused, allocations leave no event and deallocations do; pauses nest, are for all threads, and
// hold in a forked child. One resume too many does nothing.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: rm -f %t.*mtrace && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.complete and s.dropped_events == 0 and s.missed_frees == 0
// EXPECT: total(by("first"), "allocations") == 3 and total(by("first"), "frees") == 3
// EXPECT: by("hidden") == [] and by("in_thread") == []
// EXPECT: total(by("last"), "allocations") == 2 and total(by("last"), "leaked_blocks") == 1
// EXPECT: s.unmatched_frees >= 2
// RUN: %memtrack info %t.mtrace | FileCheck %s
// CHECK: mark at thread kind name
// CHECK-NEXT: 1 pause
// CHECK-NEXT: 1 resume
// CHECK-NEXT: 1 pause
// CHECK-NEXT: 1 resume
// CHECK-EMPTY:
//
// RUN: ls %t.*.mtrace | wc -l | grep -x 1
// RUN: %check %t.*.mtrace 's.complete' 'counts("last") == [1]' 'by("hidden") == []' \
// RUN:   's.frees >= 1'
// RUN: %memtrack info %t.*.mtrace | FileCheck --check-prefix=CHILD %s
// CHILD: mark at thread kind name
// CHILD-NEXT: pause
// CHILD-NEXT: resume
#include <memtrack/memtrack.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOCATE(name)                                                                             \
    __attribute__((noinline)) static void *name(size_t size) {                                     \
        void *volatile memory = malloc(size);                                                      \
        return memory;                                                                             \
    }
ALLOCATE(first)
ALLOCATE(hidden)
ALLOCATE(in_thread)
ALLOCATE(last)

static void *run(void *argument) {
    return in_thread(30) ? argument : NULL;
}

static void child(void *inherited) {
    void *memory = hidden(1);

    free(inherited);
    memtrack_resume();
    last(2);
    (void)memory;
    exit(memtrack_is_recording() ? 0 : 1);
}

int main(void) {
    void *before[3], *meanwhile, *grown;
    pthread_t thread;
    int status = 1;

    for (int i = 0; i < 3; i++)
        before[i] = first(10);
    if (!memtrack_is_recording())
        return 1;
    memtrack_pause();
    memtrack_pause();
    if (memtrack_is_recording())
        return 1;
    free(before[0]);
    meanwhile = hidden(20);
    memtrack_resume();
    grown = realloc(before[1], 5000);
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    memtrack_resume();
    memtrack_resume();
    if (!memtrack_is_recording())
        return 1;
    free(meanwhile);
    free(grown);
    free(last(40));
    last(50);
    memtrack_pause();
    if (fork() == 0)
        child(before[2]);
    wait(&status);
    memtrack_resume();
    free(before[2]);
    return status;
}
