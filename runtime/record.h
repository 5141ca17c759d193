/* The event path: what every allocation and deallocation of the program goes through.
 *
 * An event is one 16-byte record stored to the thread's buffer, as memtrack/trace_format.h
 * describes it; see mt_record_is_extended() for those that take three. Time never runs backwards:
 * thread.c gives a late event the last one's.
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

#define MT_BUFFER_BYTES MT_LIVE_SEGMENT
#define MT_BUFFER_HEAD MT_LIVE_HEAD
#define MT_BUFFER_WORDS ((MT_BUFFER_BYTES - MT_BUFFER_HEAD) / 8)
#define MT_BUFFER_EVENTS (MT_BUFFER_WORDS / MT_RECORD_WORDS)

struct mt_thread;

/* Owned by the thread that fills it, then by whoever took it from the queue. A segment of the live
 * file: the layout is that of struct mt_live_head. */
struct mt_buffer {
    _Atomic(struct mt_buffer *) next; /* see queue.h */
    struct mt_thread *thread;
    uint64_t first_ticks;  /* what the first record's ticks count from */
    uint64_t first_event;  /* events of the thread before this buffer */
    _Atomic uint32_t used; /* words; released by the owner, acquired by who writes at exit */
    _Atomic uint32_t kind; /* enum mt_live_kind */
    uint32_t thread_id;    /* whose it is when the thread is gone */
    uint32_t generation;
    uint32_t extended;     /* events that took three records */
    uint32_t last;         /* the thread has ended: no buffer of it follows */
    uint32_t first_record; /* see struct mt_live_head */
    uint32_t written;      /* words that a snapshot or profile has taken; under the writer's lock */
    uint64_t words[MT_BUFFER_WORDS];
};
_Static_assert(sizeof(struct mt_buffer) == MT_BUFFER_BYTES, "whole pages");
_Static_assert(
    offsetof(struct mt_buffer, first_ticks) == offsetof(struct mt_live_head, first_ticks) &&
        offsetof(struct mt_buffer, used) == offsetof(struct mt_live_head, used) &&
        offsetof(struct mt_buffer, generation) == offsetof(struct mt_live_head, generation) &&
        offsetof(struct mt_buffer, first_record) == offsetof(struct mt_live_head, first_record) &&
        offsetof(struct mt_buffer, thread_id) == offsetof(struct mt_live_head, thread) &&
        offsetof(struct mt_buffer, written) == offsetof(struct mt_live_head, taken),
    "a live file's head");

/* A call that was made by code which is not instrumented, in the place of a site: what it comes
 * back to, and the family of the function called. */
#define MT_CALL_FOREIGN (UINT64_C(1) << 63)

static inline uintptr_t mt_call_foreign(const void *return_address, enum memtrack_api api) {
    return MT_CALL_FOREIGN | (uintptr_t)return_address << 3 | (uintptr_t)api << 1;
}

struct mt_event {
    enum mt_event_op op;
    const void *address;
    uint64_t size;  /* bytes; 0 for a deallocation; or mt_sample_weighted_size() */
    uintptr_t call; /* as an entry point is given it; mt_call_foreign(); or mt_context_word() */
    uint64_t ticks;
};

/* A thread's own state: all that the path reads and writes besides the buffer and the cache. */
struct mt_local {
    uint64_t *cursor;
    uint64_t *limit;
    struct mt_buffer *buffer;
    uint64_t last_ticks;
    uint64_t stamp; /* the thread's last time stamp, see stamp.h */
    struct mt_context_slot *cache;
    struct mt_context_path *paths;
    struct mt_thread *thread;
    uint32_t busy;           /* 1: inside the path; or see below */
    _Atomic uint32_t nested; /* events of signal handlers that wait in thread->nested */
    uintptr_t stack_low;     /* the thread's own stack, see stack.h; */
    uintptr_t stack_size;    /* 0: not known */
    uintptr_t untagged_size; /* the same while the thread has no tags, else 0 */
    uint64_t tags;           /* see tags.h */
    memtrack_context left;   /* nonlocal.c's: the context there when another stack took over */
    struct mt_guard *guard;  /* the innermost, see guard.h */
    uintptr_t own_frame; /* the outermost of the program's own allocators that run: its frame, */
    const void *own_address; /* and an address in it */
    uint32_t probes;         /* stack.c's */
    uint32_t owner;          /* the thread's number in stamp.h; 0: too large for that */
    uint32_t ended_id;       /* what the thread was before thread.c's destructor ran, */
    uint64_t ended_events;   /* for the events that come after it */
};

MT_THREAD_LOCAL_EXTERN struct mt_local mt_local;

/* Whether the allocator's public symbols are the runtime's: not so in a static program. */
MT_EXTERN const bool mt_interposed;

/* In `busy`: there is a guard; the runtime uses the C library for itself; and, added for each,
 * inside an allocator that the program brings, see enter_allocator in entry.c. */
#define MT_LOCAL_GUARDED 2u
#define MT_LOCAL_QUIET 4u
#define MT_LOCAL_OWN 256u

/* Everything is recorded above OFF, so that entry points ask once; what is below goes through
 * sample.c. */
enum mt_recording {
    MT_RECORDING_UNKNOWN = -3, /* the options have not been read */
    MT_RECORDING_SAMPLED = -2,
    MT_RECORDING_SAMPLED_FREES = -1, /* paused: deallocations of what was kept */
    MT_RECORDING_OFF = 0,            /* entry points only call through */
    MT_RECORDING_FREES = 1,          /* paused: deallocations only */
    MT_RECORDING_ALL = 2,
};

/* Turned off by mode=off, at the end, and when the trace cannot be written; process.c. It stands in
 * a page that a fork wipes, since the child shares the buffers until it is told of the fork, or for
 * ever if it is not. */
MT_EXTERN _Atomic int8_t *mt_recording;

static inline bool mt_stack_is_own(const struct mt_local *local, uintptr_t address) {
    return address - local->stack_low < local->stack_size;
}

/* enum mt_recording */
static inline int mt_record_state(void) {
    return atomic_load_explicit(mt_recording, memory_order_relaxed);
}

/* Whether anything is recorded. */
static inline bool mt_record_enabled(void) {
    return mt_record_state() != MT_RECORDING_OFF;
}

/* Whether allocations are, or samples of them. */
static inline bool mt_record_allocations(void) {
    int state = mt_record_state();

    return state == MT_RECORDING_ALL || state <= MT_RECORDING_SAMPLED;
}

/* Whether it is samples. */
static inline bool mt_record_samples(void) {
    int state = mt_record_state();

    return state == MT_RECORDING_SAMPLED || state == MT_RECORDING_SAMPLED_FREES;
}

static inline unsigned mt_record_op(const uint64_t *words) {
    return words[0] >> MT_RECORD_ADDRESS_BITS & 7;
}

static inline bool mt_record_is_extended(const uint64_t *words) {
    return mt_record_op(words) == MT_RECORD_OP_EXTENDED;
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

/* record.c. The time is taken here: after an allocation, before a deallocation; `before` is that of
 * the call. `call` is what an entry point is given. Where `memory` is returned, entry points end
 * with a jump. */
void *mt_record_alloc(void *memory, size_t size, uintptr_t call);
void *mt_record_realloc(void *memory, size_t size, uintptr_t call, void *old, uint64_t before);
void mt_record_free(void *memory, uintptr_t call);

/* An allocation with sample=tiered, if it is kept. Returns `memory`. */
void *mt_record_tiered(void *memory, size_t size, uintptr_t call);

/* Records 1 or 2 events that belong together, such as the two halves of a realloc, which come to
 * stand side by side. Their context is that of the last one. */
void mt_record_events(const struct mt_event *events, unsigned count);

/* The context of an event that `call` tells of, in the thread's event path. Deallocations are told
 * apart by their sites alone: what they are asked for is what they end, and a walk for each would
 * double the cost. */
struct mt_context_id mt_record_context(struct mt_local *local, enum mt_event_op op, uintptr_t call);

static inline bool mt_record_has_callers(enum mt_event_op op) {
    return op == MT_OP_ALLOC || op == MT_OP_REALLOC_ALLOC || op == MT_OP_REALLOC_FREE ||
           op == MT_OP_POOL_ALLOC;
}

static inline const struct memtrack_site *mt_record_site(uintptr_t call) {
    return (const void *)(call & ~(uintptr_t)MT_SITE_LINKED);
}

/* Whether the link can be read without asking. */
static inline bool mt_record_is_near(const struct mt_local *local, memtrack_context link) {
    return mt_stack_is_own(local, link) && link > mt_stack_pointer() &&
           link % _Alignof(struct memtrack_link) == 0;
}

/* The same, and the thread has no tags: the common case asks for both at once, so that tags cost
 * nothing where there are none. */
static inline bool mt_record_is_close(const struct mt_local *local, memtrack_context link) {
    return link - local->stack_low < local->untagged_size && link > mt_stack_pointer() &&
           link % _Alignof(struct memtrack_link) == 0;
}

/* What the call was made in. The context ought to be the calling function's link where that says
 * so, but a foreign function may have left it something else. */
static inline memtrack_context mt_record_caller(struct mt_local *local, uintptr_t call) {
    memtrack_context context = __memtrack_context;

    if (!(call & MT_SITE_LINKED))
        return context;
    if (MT_LIKELY(mt_record_is_near(local, context)))
        return ((const struct memtrack_link *)context)->caller;
    return mt_context_caller(local, context);
}

#endif
