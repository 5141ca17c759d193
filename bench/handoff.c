/* handoff PAIRS BATCHES: threads that allocate and threads that free what those have allocated.
 * Each producer hands blocks of 16 to 271 bytes, 64 at a time, to its consumer through a ring of a
 * few batches; BATCHES each. The blocks are written to and read. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64, RING = 16, PAIRS_MAX = 64 };

struct batch {
    uint32_t *blocks[BATCH];
};

struct pair {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct batch *ring[RING];
    unsigned written;
    unsigned read;
    uint32_t seed;
    uint64_t sum;
};

static unsigned batches;

static void put(struct pair *pair, struct batch *batch) {
    pthread_mutex_lock(&pair->mutex);
    while (pair->written - pair->read == RING)
        pthread_cond_wait(&pair->changed, &pair->mutex);
    pair->ring[pair->written++ % RING] = batch;
    pthread_cond_signal(&pair->changed);
    pthread_mutex_unlock(&pair->mutex);
}

static struct batch *take(struct pair *pair) {
    struct batch *batch;

    pthread_mutex_lock(&pair->mutex);
    while (pair->written == pair->read)
        pthread_cond_wait(&pair->changed, &pair->mutex);
    batch = pair->ring[pair->read++ % RING];
    pthread_cond_signal(&pair->changed);
    pthread_mutex_unlock(&pair->mutex);
    return batch;
}

static void *allocate(size_t size) {
    void *memory = malloc(size);

    if (!memory)
        abort();
    return memory;
}

static void *produce(void *argument) {
    struct pair *pair = argument;
    uint32_t random = pair->seed;

    for (unsigned i = 0; i < batches; i++) {
        struct batch *batch = allocate(sizeof *batch);

        for (int j = 0; j < BATCH; j++) {
            random = random * 1664525u + 1013904223u;
            batch->blocks[j] = allocate(16 + (random >> 24));
            *batch->blocks[j] = random;
        }
        put(pair, batch);
    }
    return NULL;
}

static void *consume(void *argument) {
    struct pair *pair = argument;

    for (unsigned i = 0; i < batches; i++) {
        struct batch *batch = take(pair);

        for (int j = 0; j < BATCH; j++) {
            pair->sum += *batch->blocks[j];
            free(batch->blocks[j]);
        }
        free(batch);
    }
    return NULL;
}

int main(int argc, char **argv) {
    static struct pair pairs[PAIRS_MAX];
    static pthread_t threads[2 * PAIRS_MAX];
    int count = argc > 2 ? atoi(argv[1]) : 2;
    uint64_t sum = 0;

    batches = argc > 2 ? (unsigned)atoi(argv[2]) : 10000;
    if (count < 1 || count > PAIRS_MAX)
        return 2;
    for (int i = 0; i < count; i++) {
        pthread_mutex_init(&pairs[i].mutex, NULL);
        pthread_cond_init(&pairs[i].changed, NULL);
        pairs[i].seed = (uint32_t)i + 1;
        pthread_create(&threads[2 * i], NULL, produce, &pairs[i]);
        pthread_create(&threads[2 * i + 1], NULL, consume, &pairs[i]);
    }
    for (int i = 0; i < 2 * count; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < count; i++)
        sum += pairs[i].sum;
    printf("%llu\n", (unsigned long long)sum);
    return 0;
}
