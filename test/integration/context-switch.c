// Code that is not instrumented switches stacks by setcontext alone, behind a name that does not say
// so. The caller's context is found again, whatever was left in its place.
// RUN: clang -g -O1 -DFOREIGN -c %s -o %t.o
// RUN: %cc -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("inside =")] == [["called"]]
// EXPECT: [chain(c) for c in at("after =")] == [["run", "main"]]
#include <stdlib.h>

void visit(void (*callback)(void));

#ifdef FOREIGN
#include <ucontext.h>

static ucontext_t here, there;
static void (*to_call)(void);
static volatile int done;

static void entry(void) {
    to_call();
    done = 1;
    setcontext(&here);
}
void visit(void (*callback)(void)) {
    static char stack[65536];

    to_call = callback;
    done = 0;
    getcontext(&here);
    if (done)
        return;
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    makecontext(&there, entry, 0);
    setcontext(&there);
}
#else
static void *volatile inside, *volatile after;

static void called(void) {
    inside = malloc(1);
}
__attribute__((noinline)) static void run(void) {
    visit(called);
    after = malloc(2);
    free(after);
}

int main(void) {
    for (int i = 0; i < 3; i++)
        run();
    return 0;
}
#endif
