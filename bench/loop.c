/* loop THREADS EACH: the allocator and nothing else; every thread replaces blocks of 16 to 79 bytes
 * at random places of a small table, EACH times. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static long each;

static void *run(void *argument) {
    void *volatile blocks[64] = {0};
    uint32_t random = (uint32_t)(uintptr_t)argument * 2654435761u + 1;

    for (long i = 0; i < each; i++) {
        unsigned at;

        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        at = random % 64;
        free(blocks[at]);
        blocks[at] = malloc(16 + (random >> 8) % 64);
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    return NULL;
}

int main(int argc, char **argv) {
    int count = argc > 2 ? atoi(argv[1]) : 1;
    static pthread_t threads[1024];

    each = argc > 2 ? atol(argv[2]) : 10000000;
    if (count < 1 || count > 1024)
        return 2;
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)(i + 1));
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
