// On a signal stack, code that is not instrumented calls setjmp or getcontext, calls back, is jumped to
// from the callback, and calls another: what the signal interrupted is a caller still.
// RUN: clang -g -O2 -DFOREIGN -c %s -o %t.o
// RUN: %cc -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("jumped =")] == [["inner", "jumps", "interrupted", "main"]] * 2
// EXPECT: [chain(c) for c in at("second =")] == [["called", "interrupted", "main"]] * 2
// EXPECT: [chain(c) for c in at("after =")] == [["interrupted", "main"]]
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

void jumps(void);
void called(void);
void by_setjmp(int number);
void by_getcontext(int number);
void escape(void);

#ifdef FOREIGN
#include <ucontext.h>

static jmp_buf buffer;
static ucontext_t context;
static volatile int times;

void by_setjmp(int number) {
    if (setjmp(buffer) == 0)
        jumps();
    times = number;
    called();
}
void by_getcontext(int number) {
    times = 0;
    getcontext(&context);
    if (times++ == 0)
        jumps();
    times = number;
    called();
}
void escape(void) {
    if (times == 1)
        setcontext(&context);
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
void jumps(void) {
    inner();
    count++;
}
void called(void) {
    second = malloc(2);
    count++;
}
NOINLINE static void interrupted(void) {
    raise(SIGUSR1);
    raise(SIGUSR2);
    after = malloc(3);
    count++;
}

int main(void) {
    const stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    struct sigaction action = {.sa_handler = by_setjmp, .sa_flags = SA_ONSTACK};

    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = by_getcontext;
    sigaction(SIGUSR2, &action, NULL);
    for (int i = 0; i < 3; i++)
        interrupted();
    return count != 9;
}
#endif
