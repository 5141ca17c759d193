/* Buffers passed between threads: none lost, none in two hands, the order of each thread kept. */
#include "os_memory.h"
#include "queue.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PRODUCERS = 4, BUFFERS = 32, EACH = 100000 };

static struct mt_queue full;
static struct mt_pool pool;
static _Atomic uint64_t consumed;

static void *produce(void *argument) {
    uint32_t self = (uint32_t)(uintptr_t)argument;

    for (uint64_t i = 0; i < EACH; i++) {
        struct mt_buffer *buffer;

        while (!(buffer = mt_pool_take(&pool)))
            sched_yield();
        /* In two hands, another thread would be found here. */
        if (buffer->thread_id != 0)
            return (void *)1;
        buffer->thread_id = self;
        buffer->first_event = i;
        mt_queue_push(&full, buffer);
    }
    return NULL;
}

static void *consume(void *argument) {
    uint64_t *next = argument;

    while (atomic_load(&consumed) < (uint64_t)PRODUCERS * EACH) {
        struct mt_buffer *buffer = mt_queue_take_all(&full);

        if (!buffer)
            sched_yield();
        while (buffer) {
            struct mt_buffer *following = atomic_load(&buffer->next);

            if (buffer->first_event != next[buffer->thread_id]++)
                return (void *)1;
            buffer->thread_id = 0;
            mt_pool_put(&pool, buffer);
            atomic_fetch_add(&consumed, 1);
            buffer = following;
        }
    }
    return NULL;
}

static void passes_buffers_round(void **state) {
    static uint64_t next[PRODUCERS + 1];
    pthread_t threads[PRODUCERS + 1];
    unsigned left = 0;

    (void)state;
    for (int i = 0; i < BUFFERS; i++)
        mt_pool_put(&pool, mt_os_memory_map(sizeof(struct mt_buffer)));
    pthread_create(&threads[0], NULL, consume, next);
    for (uintptr_t i = 1; i <= PRODUCERS; i++)
        pthread_create(&threads[i], NULL, produce, (void *)i);
    for (int i = 0; i <= PRODUCERS; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    while (mt_pool_take(&pool))
        left++;
    assert_int_equal(left, BUFFERS);
    assert_null(mt_queue_take_all(&full));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(passes_buffers_round)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
