// Folded stacks of a real run, outermost first; their sum is the report's.
// RUN: %cc -g -O1 %s -o %t && %run %t.mtrace %t
// RUN: %memtrack flame --cost allocated %t.mtrace | sort | FileCheck %s --match-full-lines --implicit-check-not={{.}}
// RUN: %memtrack flame --cost leaked %t.mtrace | sort | FileCheck %s --check-prefix=LEAKED --match-full-lines --implicit-check-not={{.}}
// RUN: %check %t.mtrace 's.allocated_bytes == 6000' 's.leaked_bytes == 1000'
//      CHECK: main;first;allocate 1000
// CHECK-NEXT: main;second;allocate 2000
// CHECK-NEXT: main;second;first;allocate 3000
// LEAKED: main;first;allocate 1000
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))
static void *volatile memory;
static volatile int count;

NOINLINE static void allocate(int size) {
    memory = malloc((size_t)size);
    count++;
}
NOINLINE static void first(int size) {
    allocate(size);
    count++;
}
NOINLINE static void second(void) {
    allocate(2000);
    free(memory);
    first(3000);
    free(memory);
    count++;
}

int main(void) {
    first(1000);
    second();
    return count != 6;
}
