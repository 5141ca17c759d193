// Allocators between the program and libc's: its own, in its objects, in an archive, or by --wrap;
// or preloaded. Each keeps a header in front of its blocks. A call is one event, of the block that it
// returned.
// RUN: %cc -g -O1 -fno-builtin -DOWN -c %s -o %t.own.o
// RUN: clang -g -O1 -fno-builtin -DOWN -c %s -o %t.plain.o
// RUN: %cc -g -O1 -fno-builtin -DOWN -DWRAP -c %s -o %t.wrap.o
// RUN: clang -g -O1 -fno-builtin -DOWN -DWRAP -c %s -o %t.plainwrap.o
// RUN: clang -g -O1 -fno-builtin -DOWN -DNEXT -shared -fPIC %s -o %t.preload.so
// RUN: rm -f %t.a && llvm-ar rc %t.a %t.plain.o
//
// RUN: %cc -g -O1 -fno-builtin %s %t.own.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 -fno-builtin %s %t.plain.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 -fno-builtin %s %t.a -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 -fno-builtin -DWRAPPED -Wl,--wrap=malloc,--wrap=free %s %t.wrap.o -o %t
// RUN: %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 -fno-builtin -DWRAPPED -Wl,--wrap=malloc,--wrap=free %s %t.plainwrap.o -o %t
// RUN: %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O1 -fno-builtin %s -o %t && %run %t.mtrace env LD_PRELOAD=%t.preload.so %t
// RUN: %check %t.mtrace @%s
//
// EXPECT: [(c["allocations"], c["frees"], c["allocated_bytes"]) for c in at("sink = malloc(")] == [(100, 99, 100 * 50)]
// EXPECT: s.leaked_bytes == 50 and s.leaked_blocks == 1
// EXPECT: s.allocations == 100 and s.frees == 99
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef OWN
struct header {
    long mark;
    void *cache;
};

#if defined WRAP
void *__real_malloc(size_t size);
void __real_free(void *memory);
#define malloc __wrap_malloc
#define free __wrap_free
#define obtain __real_malloc
#define release __real_free
#elif defined NEXT
static void *(*next_malloc)(size_t);
static void (*next_free)(void *);

static void *obtain(size_t size) {
    if (!next_malloc) {
        next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
        next_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    }
    return next_malloc(size);
}
static void release(void *memory) {
    next_free(memory);
}
#else
void *__libc_malloc(size_t size);
void __libc_free(void *memory);
#define release __libc_free
#define obtain __libc_malloc
#endif

void *malloc(size_t size) {
    struct header *header = obtain(size + sizeof *header);

    if (!header)
        return NULL;
    /* Something that is of no use to the program. */
    header->cache = obtain(3);
    header->mark = 0x12345678;
    return header + 1;
}

void free(void *memory) {
    struct header *header = (struct header *)memory - 1;

    if (!memory)
        return;
    if (header->mark != 0x12345678)
        abort();
    header->mark = 0;
    release(header->cache);
    release(header);
}
#else
static void *volatile sink;

int main(void) {
    for (int i = 0; i < 100; i++) {
        if (sink)
            free(sink);
        sink = malloc(50);
    }
    return 0;
}
#endif
