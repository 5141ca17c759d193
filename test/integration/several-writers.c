// Where the writer's thread cannot keep up and there is a second CPU, another one helps it; events of
// all threads come out whole and in order, and the process ends with its last thread all the same.
// RUN: %cc -g -O2 -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
// RUN: %memtrack info --verify %t.mtrace
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace %t leave
// RUN: %check %t.mtrace 's.lost_events == 0' 'total(by("run"), "leaked_blocks") == 6 * 64'
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 6, BLOCKS = 64, ROUNDS_MAX = 20000 };

static atomic_bool enough;

static void *run(void *leave) {
    void *volatile blocks[BLOCKS] = {0};

    for (int round = 0; round < ROUNDS_MAX && !(round && atomic_load(&enough)); round++) {
        for (int i = 0; i < BLOCKS; i++) {
            free(blocks[i]);
            blocks[i] = malloc(16 + (size_t)(i * round) % 100);
        }
    }
    for (int i = 0; i < BLOCKS && !leave; i++)
        free(blocks[i]);
    return NULL;
}

/* Threads of the runtime. */
static int helpers(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    while ((entry = readdir(tasks))) {
        char path[320], name[32] = "";
        FILE *file;

        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        file = fopen(path, "r");
        if (file) {
            count += fgets(name, sizeof name, file) && !strcmp(name, "memtrack\n");
            fclose(file);
        }
    }
    closedir(tasks);
    return count;
}

int main(int argc, char **argv) {
    int wanted = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
    pthread_t threads[THREADS];
    void *leave = argc > 1 ? argv[1] : NULL;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, leave);
    for (int i = 0; i < 2000 && helpers() < wanted; i++)
        usleep(1000);
    if (helpers() < wanted) {
        fprintf(stderr, "%d of %d\n", helpers(), wanted);
        return 1;
    }
    atomic_store(&enough, true);
    if (leave)
        pthread_exit(NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
// EXPECT: s.lost_events == 0 and s.unmatched_frees == 0
// EXPECT: total(by('run'), 'leaked_blocks') == 0
// EXPECT: total(by('run'), 'allocations') == total(by('run'), 'frees')
