// JUnit's XML and SARIF hold what violates a rule, whatever the program calls it, and are what their
// formats say.
// RUN: rm -rf %t.d && mkdir -p "%t.d/a b" && cp %s "%t.d/a b/prog.c"
// RUN: cd %t.d && %cc -g -O1 -I%include "%t.d/a b/prog.c" -o prog
// RUN: %run %t.mtrace %t.d/prog
// RUN: %status 1 %memtrack check --max-leaked 99 --max-peak 1G --max-unreachable 0 --junit %t.xml --sarif %t.sarif --source-root %t.d %t.mtrace
// RUN: %python %S/Inputs/ci_files.py %t.xml %t.sarif | FileCheck %s
// RUN: %status 1 %memtrack check --max-leaked 99 --junit %t.xml --sarif %t.sarif --source-root / %t.mtrace
// RUN: %python %S/Inputs/ci_files.py %t.xml %t.sarif | FileCheck %s --check-prefix=ROOT
// RUN: echo "max-leaked 0 in phase after" >%t.rules && echo "max-leaked 99 phase before" >>%t.rules
// RUN: %status 1 %memtrack check --rules %t.rules %t.mtrace | FileCheck %s --check-prefix=PHASE
// PHASE: ok max-leaked 0 in phase after
// PHASE: FAILED max-leaked 99 phase before

// CHECK: junit failure: 'max-leaked 99'
// CHECK: leaky
// CHECK-SAME: <&">\ufffd\ufffd]
// CHECK: sarif leaked {{.*}}a%20b/prog.c:[[#@LINE+9]]
// ROOT: sarif leaked {{.*}}a%20b/prog.c:[[#@LINE+8]]
#include <memtrack/memtrack.h>
#include <stdlib.h>

static void *volatile kept;

__attribute__((noinline)) static void leaky(void) {
    /* Control characters, and what XML has a meaning for. */
    kept = malloc(100);
}

int main(void) {
    memtrack_phase("before");
    memtrack_push_tag("<&\">\x01\xff");
    leaky();
    memtrack_phase("after");
    memtrack_pop_tag();
    return 0;
}
