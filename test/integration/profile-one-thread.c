// Of one thread, a profile has all figures of a trace, the peak and what held it included. Marks stay; what
// custom allocators hand out is counted apart.
// RUN: %cc -I%include -g -O1 -fno-builtin %s -o %t
// RUN: %run %t.trace %t && env MEMTRACK_OPTIONS=mode=profile %run %t.profile %t
// RUN: %same %t.trace %t.profile peak_bytes peak_blocks temporary temporary_bytes allocations frees leaked_bytes unmatched_frees missed_frees
// RUN: %check %t.profile @%s 's.complete' && %check %t.trace @%s
// EXPECT: s.pool_events == 3
// EXPECT: by("grow")[0]["lifetime_ns"] > 0
// RUN: %memtrack report --by thread %t.profile | FileCheck %s
// CHECK: it does not
// CHECK-NEXT: tell errors and custom allocators
// CHECK-NOT: memtrack report --pools
// RUN: %memtrack report --format json %t.profile | FileCheck --check-prefix=JSON %s
// JSON: "phases": [
// JSON-NEXT: "name":"shrink"
// JSON: "timeline": [
// JSON-NEXT: "live_bytes":
//
// It is of every event, whatever else is asked for.
// RUN: env MEMTRACK_OPTIONS=mode=profile:sample=poisson %run %t.all %t 2> %t.err && %same %t.trace %t.all
// RUN: FileCheck --check-prefix=SAMPLE %s < %t.err
// SAMPLE: memtrack: MEMTRACK_OPTIONS: sample is ignored: mode=profile counts all
//
// RUN: not %memtrack report --pools %t.profile 2>&1 | FileCheck --check-prefix=POOLS %s
// POOLS: a profile does not tell what custom allocators handed out
//
// Where there is room for neither the totals nor a live file, all that is said is how much is lost.
// RUN: env MEMTRACK_OPTIONS=mode=profile %run %t.lost %python -c 'import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); os.execv(sys.argv[1], sys.argv[1:])' %t 2> %t.err
// RUN: FileCheck --check-prefix=LOST %s < %t.err
// LOST: memtrack: the totals are lost: cannot write {{.*}}.lost
// RUN: %check %t.lost 's.dropped_events > 100000 and s.allocations == 0 and not s.complete'
//
// RUN: %memtrack report %t.trace %t.profile | FileCheck --check-prefix=BOTH %s
// BOTH: - some are a profile
#include <memtrack/allocators.h>
#include <memtrack/memtrack.h>
#include <stdlib.h>

enum { COUNT = 30000 };
static void *blocks[COUNT];

__attribute__((noinline)) static void grow(int i) {
    blocks[i] = malloc(1 + (size_t)i % 700);
}

/* A pool in which nothing is looked after. */
MEMTRACK_ALLOCATES("pool", 2, 1)
__attribute__((noinline)) static void *take(char *pool, size_t size) {
    return pool + size;
}
MEMTRACK_FREES("pool", 2, 1) __attribute__((noinline)) static void give(char *pool, void *block) {
    *(char *)block = *pool;
}

int main(void) {
    char *pool = malloc(1000);

    for (int i = 0; i < COUNT; i++) {
        void *volatile short_lived = calloc(3, 7);

        free(short_lived);
        grow(i);
        if (i % 5 == 0)
            blocks[i] = realloc(blocks[i], (size_t)1 << i % 26);
    }
    memtrack_phase("shrink");
    for (int i = 0; i < COUNT; i += 2)
        free(blocks[i]);
    take(pool, 10);
    give(pool, take(pool, 20));
    return 0;
}
