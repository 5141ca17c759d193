// Code that is not instrumented switches stacks by setcontext alone, behind a name that does not say
// so. The caller's context is found again, whatever was left in its place.
// RUN: clang -g -O1 -DFOREIGN -c %s -o %t.o
// RUN: %cc -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("inside =")] == [["called"]]
// EXPECT: [chain(c) for c in at("after =")] == [["run", "main"]]
// A jump to a caller on the stack that was switched to loses only those that it leaves.
// EXPECT: [chain(c) for c in at("left =")] == [["leaves", "called"]]
// EXPECT: [chain(c) for c in at("back =")] == [["stays", "called"]]
#include <stdlib.h>
#include <ucontext.h>

void visit(void (*callback)(void));
void jump_back(void (*leaves)(ucontext_t *), void (*stays)(void));

#ifdef FOREIGN
void jump_back(void (*leaves)(ucontext_t *), void (*stays)(void)) {
    volatile int times = 0;
    ucontext_t context;

    getcontext(&context);
    if (times++ == 0)
        leaves(&context);
    stays();
}

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
static void *volatile inside, *volatile after, *volatile left, *volatile back;
static volatile int count;

__attribute__((noinline)) static void leaves(ucontext_t *context) {
    left = malloc(3);
    setcontext(context);
    count++;
}
__attribute__((noinline)) static void stays(void) {
    back = malloc(4);
    count++;
}
static void called(void) {
    inside = malloc(1);
    jump_back(leaves, stays);
    count++;
}
__attribute__((noinline)) static void run(void) {
    visit(called);
    after = malloc(2);
    free(after);
}

int main(void) {
    for (int i = 0; i < 3; i++)
        run();
    return count != 6;
}
#endif
