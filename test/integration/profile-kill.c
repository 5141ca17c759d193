// A profile survives its process: totals up to what the writer has seen are in the live file, and what it
// has not seen is there as events. Frees of blocks that the totals know cannot be told from those of
// others: what these held stays in "leaked", and the report says of how many that is so.
// RUN: rm -f %t.*mtrace* && %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: not --crash env MEMTRACK_OPTIONS=mode=profile %run %t.mtrace %t 5000 kill
// RUN: %check %t.mtrace @%s 's.profile'
// EXPECT: own.allocations == 10001 + 5000 and own.frees + s.unassigned_frees == 5000 + 5000
// EXPECT: own.leaked_blocks - s.unassigned_frees == 5001
// EXPECT: by("keep")[0]["leaked_bytes"] == 4321
// RUN: %memtrack report %t.mtrace | FileCheck %s
// CHECK: the program did not end by exit: its totals and last {{.*}} events come from the live file
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=INFO %s
// INFO: live file joined: {{.*}} events
// INFO: profile {{.*}} events counted in the process
//
// A process that is killed while the writer counts an event may have lost that one.
// RUN: not --crash env MEMTRACK_OPTIONS=mode=profile %run %t.busy.mtrace %t 5000 busy
// RUN: %check %t.busy.mtrace '15000 <= own.allocations <= 15001' '9999 <= own.frees + s.unassigned_frees <= 10000'
//
// A profile that nobody has looked at yet is all events.
// RUN: not --crash env MEMTRACK_OPTIONS=mode=profile %run %t.few.mtrace %t 10 kill
// RUN: %check %t.few.mtrace 'own.allocations == 20 + 1 + 10 and own.frees == 20 and own.leaked_blocks == 11' 's.unassigned_frees == 0'
//
// What threads have recorded is looked at after a while, though their buffers are not full.
// RUN: not --crash env MEMTRACK_OPTIONS=mode=profile:profile_seconds=1 %run %t.wait.mtrace %t 5000 wait
// RUN: %check %t.wait.mtrace @%s 's.unassigned_frees == 0 and s.leaked_blocks == 5001'
//
// A snapshot puts the totals into the trace.
// RUN: not --crash env MEMTRACK_OPTIONS=mode=profile %run %t.snap.mtrace %t 5000 snapshot
// RUN: rm %t.snap.mtrace.live && %check %t.snap.mtrace 'own.allocations == 15001 and own.leaked_blocks == 5001'
// RUN: %memtrack report %t.snap.mtrace | FileCheck --check-prefix=SNAPSHOT %s
// SNAPSHOT: ! no END
#include <memtrack/memtrack.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *blocks[20000];

__attribute__((noinline)) static void *keep(size_t size) {
    return malloc(size);
}

int main(int count, char **arguments) {
    long n = atol(arguments[1]);

    (void)count;
    keep(4321);
    for (long i = 0; i < 2 * n; i++)
        blocks[i] = malloc(10);
    for (long i = 0; i < n; i++)
        free(blocks[2 * i]);
    for (long i = 0; i < n; i++) {
        void *volatile block = malloc(20);

        free(block);
    }
    if (strcmp(arguments[2], "kill") == 0)
        usleep(200000);
    if (strcmp(arguments[2], "wait") == 0)
        sleep(3);
    if (strcmp(arguments[2], "snapshot") == 0 && memtrack_snapshot("s") != 0)
        return 1;
    kill(getpid(), SIGKILL);
}
