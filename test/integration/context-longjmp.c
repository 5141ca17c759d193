// longjmp leaves functions behind: what the target calls, and allocates, has the target's chain; with
// the builtins, too.
// RUN: %cc -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 -DBUILTIN %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("deep =")] == [["third", "second", "first", "target", "main"]]
// EXPECT: [chain(c) for c in at("here =")] == [["target", "main"]]
// EXPECT: [chain(c) for c in at("below =")] == [["fourth", "target", "main"]]
// EXPECT: [chain(c) for c in at("end =")] == [["main"]]
#include <setjmp.h>
#include <stdlib.h>

#ifdef BUILTIN
static void *buffer[5];
#define SET() __builtin_setjmp(buffer)
#define JUMP() __builtin_longjmp(buffer, 1)
#else
static jmp_buf buffer;
#define SET() setjmp(buffer)
#define JUMP() longjmp(buffer, 1)
#endif
#define NOINLINE __attribute__((noinline))

static void *volatile deep, *volatile here, *volatile below, *volatile end;
static volatile int count;

NOINLINE static void third(void) {
    deep = malloc(1);
    count++;
    JUMP();
}
NOINLINE static void second(void) {
    third();
    count++;
}
NOINLINE static void first(void) {
    second();
    count++;
}
NOINLINE static void fourth(void) {
    below = malloc(2);
    count++;
}
NOINLINE static void target(void) {
    if (SET() == 0)
        first();
    here = malloc(3);
    fourth();
    count++;
}

int main(void) {
    for (int i = 0; i < 3; i++)
        target();
    end = malloc(4);
    return count != 9;
}
