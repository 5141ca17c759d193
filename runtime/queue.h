/* Lock-free hand-over of event buffers between the program's threads and the writer.
 *
 *   operation            structure    may run beside
 *   mt_queue_push        full queue   everything
 *   mt_queue_take_all    full queue   pushes; other takes (each buffer goes to one taker)
 *   mt_pool_put          free pool    everything
 *   mt_pool_take         free pool    everything
 *
 * The full queue is a stack emptied as a whole, so no compare-and-swap on it can mistake a recycled
 * buffer for the one it read (ABA). The pool hands out single buffers, and is guarded against ABA
 * by a tag beside the head: buffers are page-aligned, which leaves 12 bits below the address and 16
 * above it. Buffers are never unmapped, so a stale head may still be read.
 */
#ifndef MT_QUEUE_H
#define MT_QUEUE_H

#include "record.h"

#include <stdatomic.h>
#include <stdint.h>

struct mt_queue {
    _Atomic(struct mt_buffer *) newest;
};

struct mt_pool {
    _Atomic uint64_t head; /* buffer address | tag */
};

#define MT_POOL_ADDRESS 0x0000fffffffff000u
#define MT_POOL_TAG_LOW 0x0000000000000fffu
#define MT_POOL_TAG_HIGH_SHIFT 36 /* tag bits from 12 up go to bits 48 to 63 */

static inline uint64_t mt_pool_pack(struct mt_buffer *buffer, uint64_t tag) {
    return (uintptr_t)buffer | (tag & MT_POOL_TAG_LOW) |
           (tag & ~(uint64_t)MT_POOL_TAG_LOW) << MT_POOL_TAG_HIGH_SHIFT;
}

static inline uint64_t mt_pool_next_tag(uint64_t head) {
    uint64_t tag =
        (head & MT_POOL_TAG_LOW) | (head >> MT_POOL_TAG_HIGH_SHIFT & ~(uint64_t)MT_POOL_TAG_LOW);

    return tag + 1;
}

/* Release: the taker sees everything the pusher wrote into the buffer. */
static inline void mt_queue_push(struct mt_queue *queue, struct mt_buffer *buffer) {
    struct mt_buffer *newest = atomic_load_explicit(&queue->newest, memory_order_relaxed);

    do
        atomic_store_explicit(&buffer->next, newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&queue->newest, &newest, buffer,
                                                  memory_order_seq_cst, memory_order_relaxed));
}

/* All buffers, oldest first; NULL if there are none. */
static inline struct mt_buffer *mt_queue_take_all(struct mt_queue *queue) {
    struct mt_buffer *newest = atomic_exchange_explicit(&queue->newest, NULL, memory_order_seq_cst);
    struct mt_buffer *oldest = NULL;

    while (newest) {
        struct mt_buffer *older = atomic_load_explicit(&newest->next, memory_order_relaxed);

        atomic_store_explicit(&newest->next, oldest, memory_order_relaxed);
        oldest = newest;
        newest = older;
    }
    return oldest;
}

static inline void mt_pool_put(struct mt_pool *pool, struct mt_buffer *buffer) {
    uint64_t head = atomic_load_explicit(&pool->head, memory_order_relaxed);

    do
        atomic_store_explicit(&buffer->next, (struct mt_buffer *)(head & MT_POOL_ADDRESS),
                              memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&pool->head, &head,
                                                  mt_pool_pack(buffer, mt_pool_next_tag(head)),
                                                  memory_order_release, memory_order_relaxed));
}

static inline struct mt_buffer *mt_pool_take(struct mt_pool *pool) {
    uint64_t head = atomic_load_explicit(&pool->head, memory_order_acquire);
    struct mt_buffer *buffer, *next;

    do {
        buffer = (struct mt_buffer *)(head & MT_POOL_ADDRESS);
        if (!buffer)
            return NULL;
        next = atomic_load_explicit(&buffer->next, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(&pool->head, &head,
                                                    mt_pool_pack(next, mt_pool_next_tag(head)),
                                                    memory_order_acquire, memory_order_acquire));
    return buffer;
}

#endif
