// The runtime's work of a thread's first events, sites that are met for the first time included, fits
// the smallest stack that a thread may have, of which the program uses a third.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t && %run %t.mtrace %t
// RUN: %check %t.mtrace 's.complete' 'total(by("work"), "allocations") == 2'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 16384 };

static char *(*volatile copy)(const char *) = strdup;

static void *work(void *argument) {
    char used[5000];

    memset(used, 1, sizeof used);
    __asm__ volatile("" : : "r"(used) : "memory");
    free(malloc(10));
    free(copy("text"));
    free(strdup("text"));
    __asm__ volatile("" : : "r"(used) : "memory");
    return argument;
}

int main(void) {
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, SMALLEST) != 0 ||
        pthread_create(&thread, &attributes, work, NULL) != 0)
        return 1;
    return pthread_join(thread, NULL);
}
