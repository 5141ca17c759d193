// Code that is not instrumented calls setjmp, calls back, is jumped to from the callback, and calls
// another: the functions that were left are no part of the second chain.
// RUN: clang -g -O2 -DFOREIGN -c %s -o %t.o
// RUN: %cc -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("jumped =")] == [["inner", "jumps", "run", "main"]]
// EXPECT: [chain(c) for c in at("second =")] == [["called", "run", "main"]]
// EXPECT: [chain(c) for c in at("after =")] == [["run", "main"]]
#include <setjmp.h>
#include <stdlib.h>

void protect(void (*first)(void), void (*second)(void));
_Noreturn void escape(void);

#ifdef FOREIGN
static jmp_buf buffer;

void protect(void (*first)(void), void (*second)(void)) {
    if (setjmp(buffer) == 0)
        first();
    second();
}
_Noreturn void escape(void) {
    longjmp(buffer, 1);
}
#else
#define NOINLINE __attribute__((noinline))
static void *volatile jumped, *volatile second, *volatile after;
static volatile int count;

NOINLINE static void inner(void) {
    jumped = malloc(1);
    escape();
}
static void jumps(void) {
    inner();
    count++;
}
static void called(void) {
    second = malloc(2);
    count++;
}
NOINLINE static void run(void) {
    protect(jumps, called);
    after = malloc(3);
    count++;
}

int main(void) {
    for (int i = 0; i < 3; i++)
        run();
    return count != 6;
}
#endif
