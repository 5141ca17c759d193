// Blocks freed by other threads, threads that end, and threads that still run at exit.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.threads == 12
// EXPECT: own.allocations == 20000 + 5000 + 1
// EXPECT: own.frees == 20000 + 4999
// EXPECT: own.leaked_bytes == 100 + 77
// EXPECT: s.complete and s.unmatched_frees == 0 and s.missed_frees == 0
// EXPECT: sum(t["freed_by_others"] for t in threads) == 20000
// EXPECT: [t["name"] for t in threads].count("producer") == 5
// EXPECT: [t["allocations"] for t in threads if t["name"] == "runs on"] == [1]
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAIRS = 5, EACH = 4000 };

static struct channel {
    sem_t filled, empty;
    void *volatile block;
} channels[PAIRS];
static sem_t started;
static void *volatile leak;

static void *produce(void *argument) {
    struct channel *channel = argument;

    pthread_setname_np(pthread_self(), "producer");
    for (int i = 0; i < EACH; i++) {
        sem_wait(&channel->empty);
        channel->block = malloc(100);
        sem_post(&channel->filled);
    }
    return NULL;
}

static void *consume(void *argument) {
    struct channel *channel = argument;

    for (int i = 0; i < EACH; i++) {
        sem_wait(&channel->filled);
        free(channel->block);
        sem_post(&channel->empty);
    }
    for (int i = 0; i < 1000; i++) {
        void *p = malloc(100);

        if (channel != channels || i)
            free(p);
    }
    return NULL;
}

static void *run_on(void *argument) {
    pthread_setname_np(pthread_self(), "runs on");
    leak = malloc(77);
    sem_post(&started);
    pause();
    return argument;
}

int main(void) {
    pthread_t threads[2 * PAIRS], other;

    sem_init(&started, 0, 0);
    for (int i = 0; i < PAIRS; i++) {
        sem_init(&channels[i].filled, 0, 0);
        sem_init(&channels[i].empty, 0, 1);
        pthread_create(&threads[2 * i], NULL, produce, &channels[i]);
        pthread_create(&threads[2 * i + 1], NULL, consume, &channels[i]);
    }
    for (int i = 0; i < 2 * PAIRS; i++)
        pthread_join(threads[i], NULL);
    pthread_create(&other, NULL, run_on, NULL);
    sem_wait(&started);
    free(leak ? NULL : &other);
    return 0;
}
