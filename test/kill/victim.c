/* Allocates in eight threads until it is killed, with new calling contexts all the time, threads
 * that come and go beside, and a log of what it has done. */
#define _GNU_SOURCE
#include "log.h"
#include "memtrack/trace_format.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCKS = 256, DEPTHS = 200 };

static struct log *shared;

static void note(struct log_thread *log, struct log_event event) {
    uint64_t at = log->count;

    if (at == LOG_EVENTS)
        for (;;)
            pause();
    log->events[at] = event;
    __atomic_store_n(&log->count, at + 1, __ATOMIC_RELEASE);
}

#define ALLOCATOR(n)                                                                               \
    __attribute__((noinline)) static void *alloc_##n(size_t size) {                                \
        void *block = malloc(size);                                                                \
                                                                                                   \
        __asm__ volatile("" : "+r"(block));                                                        \
        return block;                                                                              \
    }
ALLOCATOR(0)
ALLOCATOR(1)
ALLOCATOR(2)
ALLOCATOR(3)
ALLOCATOR(4)
ALLOCATOR(5)
ALLOCATOR(6)
ALLOCATOR(7)

static void *(*const allocators[LOG_FUNCTIONS])(size_t) = {
    alloc_0, alloc_1, alloc_2, alloc_3, alloc_4, alloc_5, alloc_6, alloc_7,
};

__attribute__((noinline)) static void *descend(unsigned depth, unsigned function, size_t size) {
    void *block = depth > 1 ? descend(depth - 1, function, size) : allocators[function](size);

    __asm__ volatile("" : "+r"(block));
    return block;
}

static void *work(void *argument) {
    struct log_thread *log = argument;
    struct {
        void *memory;
    } blocks[BLOCKS] = {{NULL}};
    uint64_t random = 88172645463325252u + (uint64_t)(log - shared->threads);
    uint16_t depths = 1;

    log->tid = (uint32_t)gettid();
    for (;;) {
        void **block;
        unsigned function;
        uint16_t depth;
        uint32_t size;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        block = &blocks[random % BLOCKS].memory;
        function = random >> 20 & 7;
        size = (uint32_t)(random >> 30 & 1023) + 1;
        if (random >> 60 == 0)
            size <<= 16; /* some take three records */
        /* Deeper and deeper, so that contexts are new till the end. */
        if ((random >> 40 & 255) == 0 && depths < DEPTHS)
            depths++;
        depth = (uint16_t)((random >> 48) % depths + 1);
        if (!*block) {
            *block = descend(depth, function, size);
            note(log, (struct log_event){(uintptr_t)*block, size, MT_OP_ALLOC, (uint8_t)function,
                                         depth});
        } else if (random >> 57 & 1) {
            uintptr_t old = (uintptr_t)*block;

            *block = realloc(*block, size);
            note(log, (struct log_event){old, 0, MT_OP_REALLOC_FREE, 0, 0});
            note(log, (struct log_event){(uintptr_t)*block, size, MT_OP_REALLOC_ALLOC, 0, 0});
        } else {
            uintptr_t old = (uintptr_t)*block;

            free(*block);
            *block = NULL;
            note(log, (struct log_event){old, 0, MT_OP_FREE, 0, 0});
        }
    }
    return NULL;
}

static void *visit(void *argument) {
    free(malloc((size_t)argument));
    return NULL;
}

int main(int argc, char **argv) {
    int file = argc == 2 ? open(argv[1], O_RDWR) : -1;
    pthread_t thread;

    shared = file < 0 ? MAP_FAILED
                      : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) {
        perror("victim");
        return 1;
    }
    for (int i = 0; i < LOG_THREADS; i++)
        if (pthread_create(&thread, NULL, work, &shared->threads[i]) != 0)
            return 1;
    for (size_t i = 1;; i++) {
        if (pthread_create(&thread, NULL, visit, (void *)i) == 0)
            pthread_join(thread, NULL);
        usleep(500);
    }
}
