// Allocations by ELF constructors that run before the runtime's, and by destructors of thread-local
// objects and of a library's that come late.
// RUN: clang -O1 -fno-builtin -shared -fPIC -DLIBRARY %s -o %t.so
// RUN: %cc -g -O1 -fno-builtin -pthread %s %t.so -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: env LD_PRELOAD=%t.so %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: total(library("foreign-early-late.c.tmp.so"), "leaked_bytes") == 1001
// EXPECT: total(library("foreign-early-late.c.tmp.so"), "allocated_bytes") == 1001 + 1002 + 2 * 1003
// EXPECT: total(at("[0] = malloc"), "allocations") == 1
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and s.dropped_events == 0
#include <pthread.h>
#include <stdlib.h>

void in_thread(void);

#ifdef LIBRARY
void *early;
static void *volatile sink;
static void *volatile kept;

/* The C library's, by which C++ registers destructors of thread_local objects. */
int __cxa_thread_atexit_impl(void (*function)(void *), void *argument, void *dso);
extern void *__dso_handle;

__attribute__((constructor(101))) static void construct(void) {
    kept = malloc(1001);
    early = malloc(1002);
}

static void destroy(void *argument) {
    free(argument);
    sink = malloc(1003);
    free(sink);
}

void in_thread(void) {
    __cxa_thread_atexit_impl(destroy, malloc(1003), &__dso_handle);
}
#else
extern void *early;
static void *volatile before[1];

static void allocate(void) {
    before[0] = malloc(10);
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = allocate;

static void *run(void *argument) {
    in_thread();
    return argument;
}

int main(void) {
    pthread_t thread;

    free(early);
    free(before[0]);
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    return 0;
}
#endif
