// A library's constructor calls the program before main, and before the program's own constructors have
// registered its sites: the chain is known from where the library comes in.
// RUN: %cc -g -O0 -fPIC -shared -DLIBRARY %s -o %t.so
// RUN: %cc -g -O0 -rdynamic %s %t.so -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 -fPIC -shared -DLIBRARY %s -o %t.so
// RUN: %cc -g -O2 -rdynamic %s %t.so -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: sorted(chain(c) for c in at("sink =")) == [["inner", "program", "call", "at_load"], ["inner", "program", "call", "main"]]
#include <stdlib.h>

void program(void);
void call(void);

#ifdef LIBRARY
static volatile int calls;

__attribute__((noinline)) void call(void) {
    program();
    calls++;
}
__attribute__((constructor)) static void at_load(void) {
    call();
    calls++;
}
#else
static void *volatile sink;
static volatile int count;

__attribute__((noinline)) static void inner(void) {
    sink = malloc(1);
    count++;
}
__attribute__((noinline)) void program(void) {
    inner();
    count++;
}
int main(void) {
    call();
    return count != 4;
}
#endif
