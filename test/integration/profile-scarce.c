// Where there is no memory to follow more blocks, they are counted all the same, the profile says that it
// is incomplete, and the program does not notice.
// RUN: %cc -g -O1 -fno-builtin %s -o %t
// RUN: env MEMTRACK_OPTIONS=mode=profile:writer=inline %run %t.mtrace %t 2> %t.err && FileCheck --check-prefix=ERR %s < %t.err
// ERR: memtrack: the profile is incomplete: no memory to follow further blocks
// ERR-NOT: memtrack: the profile
// RUN: %check %t.mtrace 'not s.complete and s.untracked_blocks > 0' 's.untracked_bytes == 24 * s.untracked_blocks' \
// RUN:   'own.allocations + s.dropped_events >= 100000 + 50000 + 70' \
// RUN:   's.dropped_events or (by("many")[0]["allocations"], by("many")[0]["leaked_blocks"] + s.untracked_blocks) == (100000, 100000)'
// RUN: %memtrack report %t.mtrace | FileCheck %s
// CHECK: ! it is incomplete: for want of memory {{.*}} allocations of {{.*}} were counted but not
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=INFO %s
// INFO: points; incomplete
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { COUNT = 100000 };

__attribute__((noinline)) static void *many(void) {
    return malloc(24);
}

static void allow_no_more(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    struct rlimit limit;
    long pages = 0;

    getrlimit(RLIMIT_AS, &limit);
    if (!file || fscanf(file, "%ld", &pages) != 1)
        exit(2);
    fclose(file);
    limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    setrlimit(RLIMIT_AS, &limit);
}

int main(void) {
    static void *volatile room[70];

    /* The heap keeps what it has, and the runtime has buffers going round. */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (int i = 0; i < 70; i++)
        room[i] = malloc(100000);
    for (int i = 0; i < 70; i++)
        free(room[i]);
    for (int i = 0; i < 50000; i++)
        free(room[0] = malloc(50));
    allow_no_more();
    for (int i = 0; i < COUNT; i++)
        if (!many())
            return 1;
    return 0;
}
