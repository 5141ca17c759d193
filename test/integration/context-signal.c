// A signal handler, on a stack of its own or not, continues the chain of what it interrupted, which
// goes on undisturbed.
// RUN: %cc -g -O0 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("handled =")] == [["allocate", "handler", "interrupted", "main"]]
// EXPECT: [chain(c) for c in at("after =")] == [["interrupted", "main"]]
// EXPECT: at("handled =")[0]["allocations"] == at("after =")[0]["allocations"] == 4
#include <signal.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))
static void *volatile handled, *volatile after;
static volatile int count;

NOINLINE static void allocate(void) {
    handled = malloc(1);
    count++;
}
static void handler(int number) {
    allocate();
    count += number > 0;
}
NOINLINE static void interrupted(void) {
    raise(SIGUSR1);
    after = malloc(2);
    count++;
}

int main(void) {
    static char memory[65536];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    struct sigaction action = {.sa_handler = handler};

    sigaltstack(&stack, NULL);
    for (int round = 0; round < 4; round++) {
        action.sa_flags = round % 2 ? SA_ONSTACK : 0;
        sigaction(SIGUSR1, &action, NULL);
        interrupted();
    }
    return count != 12;
}
