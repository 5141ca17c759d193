// With everything kept, a sample is exact, whatever way memory comes and goes: calls of instrumented
// code and of other code, realloc, what allocates in turn, threads that free for others, a thread's
// last destructors, forked children. What is recorded besides, by poisson, is a part of that.
// RUN: %cxx -x c++ -g -O1 -fno-builtin -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=sample=tiered:demo %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: rm -f %t.child.* && env MEMTRACK_OPTIONS=sample=tiered:demo %run %t.child.mtrace %t fork
// RUN: %check %t.child.mtrace 'counts("first") == [100] and total(by("first"), "frees") == 50'
// RUN: %check %t.child.*.mtrace 's.estimated and not errors' 'counts("in_child") == [7]' \
// RUN:   's.frees == 7 and s.unmatched_frees == 50'
// RUN: %memtrack report --format json %t.child.mtrace %t.child.*.mtrace | grep '"inherited_frees":50,'
// RUN: %memtrack report --format json %t.child.mtrace %t.child.*.mtrace | grep '"frees":107,'
// Each child draws for itself, in an order that the seed gives.
// RUN: rm -f %t.many.* && env MEMTRACK_OPTIONS=sample=poisson:1K:sample_seed=5 %run %t.many.mtrace %t 3 children
// RUN: for f in %t.many.*.mtrace; do %memtrack dump $f | awk '{print $3, $5}' | cksum; done > %t.sums
// RUN: sort -u %t.sums | wc -l | grep -x 3
// RUN: rm -f %t.many.* && env MEMTRACK_OPTIONS=sample=poisson:1K:sample_seed=5 %run %t.many.mtrace %t 3 children
// RUN: for f in %t.many.*.mtrace; do %memtrack dump $f | awk '{print $3, $5}' | cksum; done > %t.again
// RUN: sort %t.sums > %t.sums.sorted && sort %t.again | cmp - %t.sums.sorted
// EXPECT: s.estimated and s.complete and s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
// EXPECT: s.recorded_allocations == s.allocations and s.allocations_error == 0
// EXPECT: s.temporary is None and s.leaked_bytes_error == 0 and s.peak_bytes_error == 0
// EXPECT: counts("grow") == [1000] and total(by("grow"), "frees") == 1000
// EXPECT: counts("fail") == [1] and total(by("fail"), "frees") == 1
// EXPECT: counts("copy") == [100] and total(by("copy"), "allocated_bytes") == 600
// EXPECT: total(by("copy"), "leaked_blocks") == 50
// EXPECT: counts("make") == [100, 100] or counts("make") == [200]
// EXPECT: total(by("make"), "leaked_blocks") == 0
// EXPECT: counts("none") == [10] and total(by("none"), "allocated_bytes") == 0
// EXPECT: total(by("run"), "allocations") == 100 and total(by("run"), "leaked_blocks") == 0
// EXPECT: total(by("run"), "peak_bytes") > 0
// EXPECT: sum(t["freed_by_others"] for t in threads) == 100
// EXPECT: counts("at_end") == [1] and total(by("at_end"), "leaked_blocks") == 0
// EXPECT: total([c for c in library("libc.so") if "crossing" in chain(c)], "allocations") >= 100
// EXPECT: total([c for c in library("libc.so") if "crossing" in chain(c)], "leaked_blocks") == 0
//
// RUN: env MEMTRACK_OPTIONS=sample=tiered:demo:writer=inline %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: env MEMTRACK_OPTIONS=sample=tiered:demo:context=site %run %t.mtrace %t
// RUN: %check %t.mtrace 's.complete and s.unmatched_frees == 0' 'counts("grow") == [1000]'
//
// RUN: env MEMTRACK_OPTIONS=sample=poisson:200 %run %t.mtrace %t
// RUN: %check %t.mtrace 's.estimated and s.complete and s.unmatched_frees == 0 and not errors' \
// RUN:   's.missed_frees == 0 and s.recorded_allocations > 1000 and s.allocations_error > 0' \
// RUN:   'process["sample"] == "poisson:200"'
#include <errno.h>
#include <new>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile sink;
static void *blocks[100];

__attribute__((noinline)) static void grow() {
    void *memory = nullptr;

    for (int i = 1; i <= 1000; i++)
        memory = realloc(memory, i * 10);
    free(memory);
}

// What a realloc that fails leaves is still known.
__attribute__((noinline)) static void fail() {
    volatile size_t huge = PTRDIFF_MAX;

    sink = malloc(77);
    for (int i = 0; i < 3; i++) {
        if (realloc(sink, huge) || reallocarray(sink, huge, huge))
            abort();
    }
    free(sink);
}

__attribute__((noinline)) static void copy() {
    for (int i = 0; i < 100; i++) {
        sink = strdup("eight"); // in a guard
        if (i % 2)
            free(sink);
    }
}

__attribute__((noinline)) static void make() {
    for (int i = 0; i < 100; i++) {
        sink = operator new[](i);
        operator delete[](sink);
        sink = aligned_alloc(64, 128);
        sink = realloc(sink, 0);
    }
}

__attribute__((noinline)) static void none() {
    for (int i = 0; i < 10; i++) {
        sink = malloc(0);
        free(sink);
    }
}

__attribute__((noinline)) static void crossing() {
    for (int i = 0; i < 50; i++) {
        char *text;

        if (asprintf(&text, "%300d", i) < 0)
            abort();
        free(text);
    }
}

__attribute__((noinline)) static void *at_end() {
    return malloc(33);
}

static pthread_key_t key;

static void *run(void *) {
    pthread_setspecific(key, at_end());
    for (int i = 0; i < 100; i++)
        blocks[i] = malloc(1000 + i);
    return nullptr;
}

__attribute__((noinline)) static void *first() {
    return malloc(50);
}

__attribute__((noinline)) static void *in_child() {
    return malloc(60);
}

static int fork_child() {
    int status = 1;

    for (int i = 0; i < 100; i++)
        blocks[i] = first();
    for (int i = 0; i < 50; i++)
        free(blocks[i]);
    if (fork() == 0) {
        for (int i = 50; i < 100; i++)
            free(blocks[i]);
        for (int i = 0; i < 7; i++)
            free(in_child());
        exit(0);
    }
    wait(&status);
    return status;
}

static int fork_children(int count) {
    for (int i = 0; i < count; i++) {
        if (fork() == 0) {
            for (int k = 0; k < 1000; k++)
                free(in_child());
            exit(0);
        }
        wait(nullptr);
    }
    return 0;
}

int main(int count, char **words) {
    pthread_t thread;

    if (count > 2)
        return fork_children(atoi(words[1]));
    if (count > 1)
        return fork_child();
    grow();
    fail();
    copy();
    make();
    none();
    crossing();
    pthread_key_create(&key, free);
    pthread_create(&thread, nullptr, run, nullptr);
    pthread_join(thread, nullptr);
    for (void *block : blocks)
        free(block);
    return 0;
}
