// Code that is not instrumented catches what its callbacks throw, cleans up on the way with another
// callback, and calls back again: what was left is no part of the later chains.
// RUN: clang++ -g -O2 -DFOREIGN -c %s -o %t.o
// RUN: %cxx -g -O0 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// As a library that its program, which is not instrumented either, loads for itself alone: the
// unwinder comes with it.
// RUN: %cxx -g -O1 -fPIC -shared -DENTRY=entry %s %t.o -o %t.so
// RUN: clang -x c -DHOST %s -o %t.host
// RUN: %run %t.mtrace %t.host %t.so
// RUN: sed s/main/entry/ %s >%t.expect && %check %t.mtrace @%t.expect
// EXPECT: [chain(c) for c in at("thrown =")] == [["throws", "passes", "run", "main"]]
// EXPECT: [c["allocations"] for c in at("thrown =")] == [300]
// EXPECT: [chain(c) for c in at("cleaned =")] == [["cleans", "run", "main"]]
// EXPECT: [chain(c) for c in at("called =")] == [["callee", "deeper", "run", "main"]]
// EXPECT: [c["allocations"] for c in at("called =")] == [300]
#ifdef HOST
#include <dlfcn.h>

int main(int argc, char **argv) {
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : 0;

    return library ? ((int (*)(void))dlsym(library, "entry"))() : 1;
}
#else
#include <cstdlib>

typedef void callback();
void catch_all(callback *throws, callback *cleans, callback *calls);

#ifdef FOREIGN
struct cleaner {
    callback *function;
    ~cleaner() {
        function();
    }
};
__attribute__((noinline)) static void middle(callback *throws, callback *cleans) {
    cleaner c = {cleans};

    throws();
}
void catch_all(callback *throws, callback *cleans, callback *calls) {
    for (int i = 0; i < 3; i++) {
        try {
            middle(throws, cleans);
        } catch (int) {
            calls();
        }
    }
}
#else
#ifndef ENTRY
#define ENTRY main
#endif
#define NOINLINE __attribute__((noinline))
static void *volatile thrown, *volatile cleaned, *volatile called;
static volatile int count;

NOINLINE static void throws() {
    thrown = malloc(1);
    throw 1;
}
static void passes() {
    volatile char room[200];

    room[0] = 1;
    throws();
    count = count + room[0];
}
static void cleans() {
    cleaned = malloc(2);
    count = count + 1;
}
NOINLINE static void callee() {
    called = malloc(3);
    count = count + 1;
}
static void deeper() {
    callee();
    count = count + 1;
}
NOINLINE static void run() {
    catch_all(passes, cleans, deeper);
    count = count + 1;
}

extern "C" int ENTRY() {
    for (int i = 0; i < 100; i++)
        run();
    return count != 1000;
}
#endif
#endif
