#include "buffers.h"

#include "live.h"
#include "lock.h"
#include "options.h"
#include "process.h"
#include "queue.h"
#include "writer.h"
#include "writer_thread.h"

#include <stdatomic.h>

static struct mt_queue full;
static _Atomic uint32_t in_flight;
static _Atomic uint32_t released; /* a futex: counts buffers that came back */
static _Atomic uint32_t waiting;  /* threads that wait for `released` */

uint32_t mt_buffers_limit(void) {
    return (uint32_t)(mt_options.buffer_mb * ((1u << 20) / MT_BUFFER_BYTES));
}

uint32_t mt_buffers_in_flight(void) {
    return atomic_load_explicit(&in_flight, memory_order_relaxed);
}

void mt_buffers_release(struct mt_buffer *buffer) {
    mt_live_give(buffer);
}

void mt_buffers_give_back(struct mt_buffer *buffer) {
    mt_live_give(buffer);
    atomic_fetch_sub_explicit(&in_flight, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&released, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&waiting, memory_order_seq_cst))
        mt_lock_wake(&released, 1);
}

struct mt_buffer *mt_buffers_next(void) {
    const uint32_t limit = mt_buffers_limit();

    /* While this thread forks the writer can do nothing. */
    while (mt_buffers_in_flight() >= limit && !mt_writer_is_locked_here()) {
        uint32_t seen;

        if (mt_options.overflow == MT_OVERFLOW_DROP || mt_process_is_finishing())
            return NULL;
        /* The writer's thread may be the only one that can still reach the file. */
        if (!mt_writer_thread_runs() && mt_writer_help())
            continue;
        atomic_fetch_add_explicit(&waiting, 1, memory_order_seq_cst);
        seen = atomic_load_explicit(&released, memory_order_seq_cst);
        if (mt_buffers_in_flight() >= limit)
            mt_lock_wait(&released, seen, 100);
        atomic_fetch_sub_explicit(&waiting, 1, memory_order_relaxed);
    }
    return mt_live_take();
}

void mt_buffers_hand_over(struct mt_buffer *buffer) {
    atomic_fetch_add_explicit(&in_flight, 1, memory_order_relaxed);
    mt_queue_push(&full, buffer);
}

struct mt_buffer *mt_buffers_take_all(void) {
    return mt_queue_take_all(&full);
}

bool mt_buffers_are_waiting(void) {
    return atomic_load_explicit(&full.newest, memory_order_seq_cst) != NULL;
}

void mt_buffers_after_fork_in_child(void) {
    atomic_store(&full.newest, NULL);
    atomic_store(&in_flight, 0);
    atomic_store(&waiting, 0);
}
