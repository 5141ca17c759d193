// A handler on a stack of its own catches, or is jumped to within itself, and calls again: the
// functions that it interrupted are still its callers.
// RUN: clang++ -g -O2 -DFOREIGN -c %s -o %t.o
// RUN: %cxx -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("thrown =")] == [["throws", "run", "main"]]
// EXPECT: [chain(c) for c in at("jumped =")] == [["jumps", "run", "main"]]
// EXPECT: [chain(c) for c in at("called =")] == [["callee", "calls", "run", "main"]]
// EXPECT: [c["allocations"] for c in at("called =")] == [6]
#include <csetjmp>
#include <csignal>
#include <cstdlib>

extern void throws();
extern void jumps();
extern void calls();
extern sigjmp_buf environment;
void raise_on_other_stack();

#ifdef FOREIGN
static void handle(int) {
    try {
        throws();
    } catch (int) {
        calls();
    }
    if (sigsetjmp(environment, 0) == 0)
        jumps();
    calls();
}
void raise_on_other_stack() {
    static char memory[65536];
    struct sigaction action = {};
    stack_t stack = {};

    stack.ss_sp = memory;
    stack.ss_size = sizeof memory;
    sigaltstack(&stack, nullptr);
    action.sa_handler = handle;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, nullptr);
    raise(SIGUSR1);
}
#else
static void *volatile thrown, *volatile jumped, *volatile called;
static volatile int count;
sigjmp_buf environment;

void throws() {
    thrown = malloc(1);
    throw 1;
}
void jumps() {
    jumped = malloc(2);
    siglongjmp(environment, 1);
}
__attribute__((noinline)) static void callee() {
    called = malloc(3);
    count = count + 1;
}
void calls() {
    callee();
    count = count + 1;
}
__attribute__((noinline)) static void run() {
    raise_on_other_stack();
    count = count + 1;
}

int main() {
    for (int i = 0; i < 3; i++)
        run();
    return count != 15;
}
#endif
