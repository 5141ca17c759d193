/* storm TOTAL AT_ONCE EACH: TOTAL threads, never more than AT_ONCE of them running, each makes and
 * frees EACH blocks, the last of them in a destructor of the thread. Prints "EVENTS SECONDS EARLY
 * LATE": how much memory was resident, in KiB, when a tenth of the threads had come and gone, and
 * when all had. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_THREADS = 4096, KEPT = 16 };

static pthread_key_t key;
static long each;

static void *run(void *argument) {
    void *volatile blocks[KEPT] = {0};

    pthread_setspecific(key, malloc(48));
    for (long i = 1; i < each; i++) {
        free(blocks[i % KEPT]);
        blocks[i % KEPT] = malloc((size_t)(16 + i % 80));
    }
    for (int i = 0; i < KEPT; i++)
        free(blocks[i]);
    return argument;
}

static long resident_kib(void) {
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = atol(line + 6);
    if (file != NULL)
        fclose(file);
    return kib;
}

int main(int argc, char **argv) {
    long total = argc > 3 ? atol(argv[1]) : 0, at_once = argc > 3 ? atol(argv[2]) : 0, early = 0;
    static pthread_t threads[MAX_THREADS];
    pthread_attr_t small;
    struct timespec start, end;

    each = argc > 3 ? atol(argv[3]) : 0;
    if (at_once < 1 || at_once > MAX_THREADS || total < at_once || each < KEPT)
        return 2;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    pthread_key_create(&key, free);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < total; i++) {
        if (i >= at_once && pthread_join(threads[i % at_once], NULL) != 0)
            return 1;
        if (i >= total / 10 && i >= at_once && early == 0)
            early = resident_kib();
        if (pthread_create(&threads[i % at_once], &small, run, NULL) != 0)
            return 1;
    }
    for (long i = 0; i < at_once; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%ld %.3f %ld %ld\n", 2 * total * each,
           (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec),
           early, resident_kib());
    return 0;
}
