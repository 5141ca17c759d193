// On a stack of the program's own, code that is not instrumented goes back by setcontext to where it was,
// and forth to another stack: the callers there are still known, and are not taken along.
// RUN: clang -g -O1 -DFOREIGN -c %s -o %t.o
// RUN: %cc -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("first =")] == [["inner", "outer", "entry"]]
// EXPECT: [chain(c) for c in at("again =")] == [["second", "entry"]]
// EXPECT: [chain(c) for c in at("after =")] == [["entry"]]
// EXPECT: [chain(c) for c in at("apart =")] == [["other"]]
#include <stdlib.h>
#include <ucontext.h>

void twice(void (*first)(void), void (*second)(void));
void leave_for(ucontext_t *context);

#ifdef FOREIGN
void twice(void (*first)(void), void (*second)(void)) {
    volatile int times = 0;
    ucontext_t context;

    getcontext(&context);
    if (times++ == 0) {
        first();
        setcontext(&context);
    }
    second();
}
void leave_for(ucontext_t *context) {
    setcontext(context);
}
#else
#define NOINLINE __attribute__((noinline))
static void *volatile first, *volatile again, *volatile after, *volatile apart;
static volatile int count;
static ucontext_t home, contexts[3];
static char stacks[3][65536];

NOINLINE static void inner(void) {
    first = malloc(1);
    count++;
}
static void outer(void) {
    inner();
    count++;
}
static void second(void) {
    again = malloc(2);
    count++;
}
/* On the stack in the middle, which it leaves for one below and one above. */
static void entry(void) {
    twice(outer, second);
    after = malloc(3);
    count++;
    leave_for(&contexts[count == 4 ? 0 : 2]);
}
static void other(void) {
    apart = malloc(4);
    count++;
    setcontext(&home);
}
static void prepare(int which, void (*function)(void)) {
    getcontext(&contexts[which]);
    contexts[which].uc_stack.ss_sp = stacks[which];
    contexts[which].uc_stack.ss_size = sizeof stacks[which];
    makecontext(&contexts[which], function, 0);
}

int main(void) {
    for (volatile int i = 0; i < 2; i++) {
        prepare(0, other);
        prepare(1, entry);
        prepare(2, other);
        swapcontext(&home, &contexts[1]);
    }
    return count != 10;
}
#endif
