/* The event path: what every allocation and deallocation of the program goes through.
 *
 * An event is one 16-byte record stored to the thread's buffer:
 *
 *   word 0   bits  0-47  address        48-50  operation      51-63  size, bits 12-24
 *   word 1   bits  0-27  ticks since the event before         28-51  context id
 *            bits 52-63  size, bits 0-11
 *
 * What does not fit (a size of 32 MiB and more, a pause of 2^28 ticks, an address from 2^48 up)
 * takes three records: a marker with the absolute time, {address, size}, and {operation, context
 * id}; see mt_record_is_extended(). Time never runs backwards: thread.c gives a late event the last
 * one's.
 *
 * A thread starts with no buffer, which looks like a full one, so that one comparison covers both.
 *
 * Signals: a handler that allocates while its thread is inside the path finds `busy` set and leaves
 * its event in a side list, which the interrupted path empties when it is done.
 */
#ifndef MT_RECORD_H
#define MT_RECORD_H

#include "clock.h"
#include "compiler.h"
#include "context.h"
#include "memtrack/abi.h"
#include "memtrack/trace_format.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_RECORD_WORDS 2
#define MT_RECORD_EXTENDED_WORDS (3 * MT_RECORD_WORDS)
#define MT_RECORD_OP_EXTENDED 7u
#define MT_RECORD_SIZE_BITS 25
#define MT_RECORD_TICK_BITS 28
#define MT_RECORD_ADDRESS_BITS 48

#define MT_BUFFER_BYTES 65536
#define MT_BUFFER_HEAD 64
#define MT_BUFFER_WORDS ((MT_BUFFER_BYTES - MT_BUFFER_HEAD) / 8)
#define MT_BUFFER_EVENTS (MT_BUFFER_WORDS / MT_RECORD_WORDS)

struct mt_thread;

/* Owned by the thread that fills it, then by whoever took it from the queue. */
struct mt_buffer {
    _Atomic(struct mt_buffer *) next; /* see queue.h */
    struct mt_thread *thread;
    uint64_t first_ticks;  /* what the first record's ticks count from */
    uint64_t first_event;  /* events of the thread before this buffer */
    _Atomic uint32_t used; /* words; released by the owner, acquired by who writes at exit */
    uint32_t extended;     /* events that took three records */
    uint32_t last;         /* the thread has ended: no buffer of it follows */
    uint32_t thread_id;
    uint32_t reserved[4];
    uint64_t words[MT_BUFFER_WORDS];
};
_Static_assert(sizeof(struct mt_buffer) == MT_BUFFER_BYTES, "whole pages");

struct mt_event {
    enum mt_event_op op;
    const void *address;
    uint64_t size;  /* bytes; 0 for a deallocation */
    uintptr_t call; /* as an entry point is given it; or mt_context_word() */
    uint64_t ticks;
};

/* A thread's own state: all that the path reads and writes besides the buffer and the cache. */
struct mt_local {
    uint64_t *cursor;
    uint64_t *limit;
    struct mt_buffer *buffer;
    uint64_t last_ticks;
    struct mt_context_slot *cache;
    struct mt_thread *thread;
    uint32_t busy;           /* 1: inside the path; MT_LOCAL_INSIDE for each own allocator around */
    _Atomic uint32_t nested; /* events of signal handlers that wait in thread->nested */
    uintptr_t stack_low;     /* the thread's own stack, see stack.h; */
    uintptr_t stack_size;    /* 0: not known */
    uint32_t probes;         /* stack.c's */
    uint32_t ended_id;       /* what the thread was before thread.c's destructor ran, */
    uint64_t ended_events;   /* for the events that come after it */
};

MT_THREAD_LOCAL_EXTERN struct mt_local mt_local;

/* Added to `busy` inside an allocator that the program brings; see enter_allocator in entry.c. */
#define MT_LOCAL_INSIDE 2u

/* False: entry points only call through. Turned off by mode=off, at the end, and when the trace
 * cannot be written. */
extern _Atomic bool mt_recording;

static inline bool mt_stack_is_own(const struct mt_local *local, uintptr_t address) {
    return address - local->stack_low < local->stack_size;
}

static inline bool mt_record_enabled(void) {
    return atomic_load_explicit(&mt_recording, memory_order_relaxed);
}

static inline unsigned mt_record_op(const uint64_t *words) {
    return words[0] >> MT_RECORD_ADDRESS_BITS & 7;
}

static inline bool mt_record_is_extended(const uint64_t *words) {
    return mt_record_op(words) == MT_RECORD_OP_EXTENDED;
}

/* The context of an event. Where the chain of links has been looked up before, this is four loads
 * and as many comparisons. */
static inline __attribute__((always_inline)) struct mt_context_id
mt_record_context(struct mt_local *local, uintptr_t call) {
    const struct memtrack_site *site = (const void *)(call & ~(uintptr_t)MT_SITE_LINKED);
    memtrack_context caller = __memtrack_context;
    const struct memtrack_link *link = (const void *)caller;
    struct mt_context_id parent;

    if (call & MT_SITE_LINKED) {
        caller = link->caller;
        link = (const void *)caller;
    }
    if (MT_LIKELY(mt_stack_is_own(local, caller) && caller > mt_stack_pointer() &&
                  mt_context_is_known(link)))
        parent = mt_context_known_id(link);
    else
        parent = mt_context_walk(local, caller, true);
    return mt_context_child(local->cache, parent, site, true);
}

/* thread.c. Both keep errno. */
MT_COLD void mt_thread_record_slow(struct mt_local *local, const struct mt_event *events,
                                   unsigned count);
MT_COLD void mt_thread_record_nested(struct mt_local *local, const struct mt_event *events,
                                     unsigned count);
MT_COLD void mt_thread_drain_nested(struct mt_local *local);

/* Whether the event fits a plain record that follows one at last_ticks. */
static inline __attribute__((always_inline)) bool mt_record_fits(const struct mt_event *event,
                                                                 uint64_t last_ticks) {
    return !((event->ticks - last_ticks) >> MT_RECORD_TICK_BITS |
             event->size >> MT_RECORD_SIZE_BITS |
             (uint64_t)(uintptr_t)event->address >> MT_RECORD_ADDRESS_BITS);
}

static inline __attribute__((always_inline)) void mt_record_store(uint64_t *slot,
                                                                  const struct mt_event *event,
                                                                  struct mt_context_id context,
                                                                  uint64_t last_ticks) {
    slot[0] = (uintptr_t)event->address | (uint64_t)event->op << MT_RECORD_ADDRESS_BITS |
              event->size >> 12 << 51;
    slot[1] = (event->ticks - last_ticks) | (uint64_t)context.value << MT_RECORD_TICK_BITS |
              event->size << 52;
}

/* The records up to `end` are complete. In memory of the buffer, since the thread may be gone, and
 * its own memory with it, when the process ends. */
static inline void mt_record_publish(struct mt_local *local, uint64_t *end) {
    local->cursor = end;
    atomic_store_explicit(&local->buffer->used, (uint32_t)(end - local->buffer->words),
                          memory_order_release);
}

/* Records `count` (1 or 2, a constant) events that belong together, such as the two halves of a
 * realloc: they come to stand side by side. */
static inline __attribute__((always_inline)) void mt_record(const struct mt_event *events,
                                                            unsigned count) {
    struct mt_local *local = &mt_local;
    uint64_t *slot;
    uint64_t last;
    bool fits;

    if (MT_UNLIKELY(local->busy)) {
        /* A copy, here and below: what these functions are given has to lie in memory, and the
         * events themselves should not. */
        struct mt_event copy[2] = {events[0], events[count - 1]};

        mt_thread_record_nested(local, copy, count);
        return;
    }
    local->busy = 1;
    MT_SIGNAL_FENCE();
    slot = local->cursor;
    last = local->last_ticks;
    fits = (uintptr_t)local->limit - (uintptr_t)slot >= count * MT_RECORD_WORDS * sizeof *slot &&
           mt_record_fits(&events[0], last);
    if (count == 2)
        fits = fits && mt_record_fits(&events[1], events[0].ticks);
    if (MT_LIKELY(fits)) {
        struct mt_context_id context = mt_record_context(local, events[0].call);

        mt_record_store(slot, &events[0], context, last);
        if (count == 2)
            mt_record_store(slot + MT_RECORD_WORDS, &events[1], context, events[0].ticks);
        local->last_ticks = events[count - 1].ticks;
        mt_record_publish(local, slot + count * MT_RECORD_WORDS);
    } else {
        struct mt_event copy[2] = {events[0], events[count - 1]};

        mt_thread_record_slow(local, copy, count);
    }
    MT_SIGNAL_FENCE();
    local->busy = 0;
    /* A handler that came before this line has left its events; one that comes after it records
     * them itself. */
    MT_SIGNAL_FENCE();
    if (MT_UNLIKELY(atomic_load_explicit(&local->nested, memory_order_relaxed)))
        mt_thread_drain_nested(local);
}

#endif
