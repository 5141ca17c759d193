// Exactly one event for each call of the allocator, whoever makes it: a library behind the runtime's
// counts them. What the runtime itself makes libc allocate does not get that far.
// RUN: clang -g -O1 -fno-builtin -DCOUNT -shared -fPIC %s -o %t.count.so
// RUN: %cc -g -O1 -fno-builtin -pthread %s %t.count.so -o %t
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace %t > %t.out
// RUN: %check %t.mtrace "(s.allocations, s.frees) == ($(cat %t.out))" \
// RUN:   's.unmatched_frees == 0 and s.missed_frees == 0' 's.allocations > 5 * 10000'
// RUN: env MEMTRACK_OPTIONS=mode=off %t | diff %t.out -
//
// Preloaded, it comes first: what is redirected is all but what the dynamic linker calls.
// RUN: env LD_PRELOAD=%t.count.so MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace %t > %t.out
// RUN: %check %t.mtrace "s.allocations - ($(cat %t.out))[0] in range(-30, 1)" \
// RUN:   's.unmatched_frees == 0 and s.missed_frees == 0' 'process["capture"] == "redirected"'
#define _GNU_SOURCE
#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void print_counts(void);

#ifdef COUNT
static _Atomic long allocations, frees;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static void *count(void *memory) {
    allocations += memory != NULL;
    return memory;
}
void *malloc(size_t size) {
    return count(__libc_malloc(size));
}
void *calloc(size_t number, size_t size) {
    return count(__libc_calloc(number, size));
}
void *realloc(void *old, size_t size) {
    void *memory = count(__libc_realloc(old, size));

    frees += memory && old;
    return memory;
}
void *memalign(size_t alignment, size_t size) {
    return count(__libc_memalign(alignment, size));
}
void free(void *memory) {
    frees += memory != NULL;
    __libc_free(memory);
}
void print_counts(void) {
    char text[64];
    int length = snprintf(text, sizeof text, "%ld, %ld", (long)allocations, (long)frees);

    if (write(1, text, (size_t)length) != length)
        abort();
}
#else
static void *run(void *argument) {
    void *volatile memory;

    for (int i = 0; i < 10000; i++) {
        memory = malloc(20);
        memory = realloc(memory, 40);
        free(memory);
        memory = strdup("a string");
        free(memory);
    }
    return argument;
}

static void *leave(void *argument) {
    run(argument);
    pthread_exit(NULL);
}

int main(void) {
    pthread_key_t keys[100];
    pthread_t threads[4];
    char *text;

    /* libc then allocates room for the runtime's key in each thread. */
    for (int i = 0; i < 100; i++)
        pthread_key_create(&keys[i], NULL);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, i % 2 ? leave : run, NULL);
    run(NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    setlocale(LC_ALL, "C.UTF-8");
    tzset();
    if (asprintf(&text, "%100d", 1) > 0)
        free(text);
    atexit(print_counts);
    return 0;
}
#endif
