/* What the victim writes down of each event it has completed, in a file mapped shared: it is there
 * whenever the victim is killed. */
#ifndef MT_TEST_KILL_LOG_H
#define MT_TEST_KILL_LOG_H

#include <stdint.h>

enum { LOG_THREADS = 8, LOG_FUNCTIONS = 8 };

#define LOG_EVENTS (1u << 20)

struct log_event {
    uint64_t address;
    uint32_t size;
    uint8_t op; /* enum mt_event_op */
    uint8_t
        function;   /* allocations: the number of the function alloc_N that called the allocator */
    uint16_t depth; /* and how often it is called by descend() */
};

struct log_thread {
    _Alignas(64) uint32_t tid;
    uint64_t count; /* of complete events; stored last */
    struct log_event events[LOG_EVENTS];
};

struct log {
    struct log_thread threads[LOG_THREADS];
};

#endif
