// A coroutine has a stack, and a chain, of its own, that ends where it was started, whoever resumes it;
// its caller's goes on undisturbed.
// RUN: %cc -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("made =")] == [["produce", "generator"]]
// EXPECT: at("made =")[0]["allocations"] == 10
// EXPECT: [chain(c) for c in at("got =")] == [["take", "main"]]
// EXPECT: [chain(c) for c in at("other =")] == [["take", "elsewhere", "main"], ["take", "main"]] or [chain(c) for c in at("other =")] == [["take", "main"], ["take", "elsewhere", "main"]]
#include <stdlib.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline))
static ucontext_t here, there;
static void *volatile made, *volatile got, *volatile other;
static volatile int count;

NOINLINE static void produce(void) {
    made = malloc(1);
    swapcontext(&there, &here);
    count++;
}
static void generator(void) {
    for (;;)
        produce();
}
NOINLINE static void take(int first) {
    if (first)
        got = malloc(2);
    swapcontext(&here, &there);
    other = malloc(3);
    count++;
}
NOINLINE static void elsewhere(void) {
    take(0);
    count++;
}

int main(void) {
    static char stack[65536];

    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    makecontext(&there, generator, 0);
    for (int i = 0; i < 5; i++) {
        take(1);
        elsewhere();
    }
    return count != 24;
}
