/* A thread's birth, its buffers and its end. Runs in the program's threads, inside the event path
 * (mt_local.busy is set), except where a function says otherwise. */
#define _GNU_SOURCE
#include "thread.h"

#include "buffers.h"
#include "definitions.h"
#include "guard.h"
#include "live.h"
#include "lock.h"
#include "options.h"
#include "os_memory.h"
#include "pools.h"
#include "process.h"
#include "stack.h"
#include "stamp.h"
#include "tags.h"
#include "writer.h"
#include "writer_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

__thread struct mt_local mt_local __attribute__((tls_model("initial-exec")));

static struct mt_lock registry_lock;
static struct mt_thread *registry;
static struct mt_thread *recycled; /* under registry_lock, too */
static _Atomic uint32_t last_id;
static _Atomic uint64_t lost_nested;
static _Atomic uint64_t lost_unbegun;
static pthread_key_t end_key;
static bool have_end_key;

static void thread_end(void *argument);

/* libc allocates room for the 33rd and further keys. */
static void set_key(struct mt_local *local) {
    struct mt_lock_quiet before;

    mt_guard_quiet(&before);
    pthread_setspecific(end_key, local);
    mt_guard_loud(&before);
}

void mt_thread_start(void) {
    have_end_key = pthread_key_create(&end_key, thread_end) == 0;
    /* The main thread's end matters even if it has no event. */
    if (have_end_key)
        pthread_setspecific(end_key, &mt_local);
}

static struct mt_thread *thread_new(void) {
    struct mt_thread *thread;

    mt_lock_take(&registry_lock);
    thread = recycled;
    if (thread)
        recycled = thread->next;
    mt_lock_release(&registry_lock);
    if (thread) {
        /* Nobody has taken forgotten sites out of the caches while the thread was not registered.
         */
        bool keep = thread->forgotten ==
                    atomic_load_explicit(&mt_context_forgettings, memory_order_relaxed);

        memset(thread, 0,
               keep ? offsetof(struct mt_thread, cache) : offsetof(struct mt_thread, counts));
        if (mt_options.sample == MT_SAMPLE_TIERED)
            memset(thread->counts, 0, sizeof thread->counts);
    } else {
        thread = mt_os_memory_map(sizeof *thread);
    }
    if (thread)
        thread->forgotten = atomic_load_explicit(&mt_context_forgettings, memory_order_relaxed);
    return thread;
}

void mt_thread_recycle_locked(struct mt_thread *thread) {
    thread->next = recycled;
    recycled = thread;
}

void mt_thread_recycle(struct mt_thread *thread) {
    mt_lock_take(&registry_lock);
    mt_thread_recycle_locked(thread);
    mt_lock_release(&registry_lock);
}

void mt_thread_lock_registry(void) {
    mt_lock_take(&registry_lock);
}

void mt_thread_unlock_registry(void) {
    mt_lock_release(&registry_lock);
}

void mt_thread_each(void (*visit)(struct mt_thread *thread, void *data), void *data) {
    for (struct mt_thread *thread = registry; thread; thread = thread->next)
        visit(thread, data);
}

const uint64_t *mt_thread_buffer_end(const struct mt_thread *thread) {
    return thread->buffer->words +
           atomic_load_explicit(&thread->buffer->used, memory_order_acquire);
}

static void registry_remove(struct mt_thread *thread) {
    for (struct mt_thread **at = &registry; *at; at = &(*at)->next) {
        if (*at == thread) {
            *at = thread->next;
            break;
        }
    }
}

static void buffer_use(struct mt_local *local, struct mt_buffer *buffer, uint64_t ticks) {
    struct mt_thread *thread = local->thread;

    /* A reader of the live file sees a segment without use, or all of its new one. */
    buffer->generation++;
    atomic_store_explicit(&buffer->used, 0, memory_order_release);
    buffer->thread = thread;
    buffer->thread_id = thread->id;
    buffer->first_ticks = ticks;
    buffer->first_event = thread->events;
    buffer->extended = 0;
    buffer->last = 0;
    buffer->written = 0;
    atomic_store_explicit(&buffer->kind, MT_LIVE_EVENTS, memory_order_release);
    thread->buffer = buffer;
    local->buffer = buffer;
    local->last_ticks = ticks;
    local->limit = buffer->words + MT_BUFFER_WORDS;
    mt_record_publish(local, buffer->words);
}

/* The buffer is the writer's when this returns. */
static void buffer_hand_over(struct mt_local *local) {
    struct mt_buffer *buffer = local->buffer;
    uint32_t records = (uint32_t)(local->cursor - buffer->words) / MT_RECORD_WORDS;

    local->thread->events += records - 2 * buffer->extended;
    mt_pools_buffer_ends(local);
    mt_buffers_hand_over(buffer);
}

/* `events` are lost if this fails for want of memory. */
static bool thread_begin(struct mt_local *local, uint64_t ticks, unsigned events) {
    struct mt_thread *thread;
    struct mt_buffer *buffer;

    if (!mt_process_start())
        return false;
    buffer = mt_buffers_next();
    thread = buffer ? thread_new() : NULL;
    if (!thread) {
        if (buffer)
            mt_buffers_release(buffer);
        atomic_fetch_add_explicit(&lost_unbegun, events, memory_order_relaxed);
        mt_live_note_loss(MT_LOSS_BUFFERS_FULL, events);
        return false;
    }
    thread->tid = (uint32_t)gettid();
    if (gettid() == getpid())
        mt_stack_start(local);
    thread->first_ticks = ticks;
    if (local->ended_id) {
        thread->id = local->ended_id;
        thread->events = local->ended_events;
    } else {
        thread->id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
    }
    if (local->stamp < ticks)
        local->stamp = ticks;
    local->owner = thread->id <= MT_STAMP_OWNER_MAX ? thread->id : 0;
    if (thread->id > 1)
        atomic_store_explicit(&mt_stamp_several, true, memory_order_relaxed);
    prctl(PR_GET_NAME, thread->name);
    mt_definitions_add_thread(thread);
    local->cache = thread->cache;
    local->paths = thread->paths;
    local->thread = thread;
    buffer_use(local, buffer, ticks);
    mt_lock_take(&registry_lock);
    thread->next = registry;
    registry = thread;
    mt_lock_release(&registry_lock);
    if (have_end_key && !local->ended_id)
        set_key(local);
    return true;
}

void mt_thread_set_name(struct mt_local *local, const char *name) {
    struct mt_thread *thread;

    /* One that has ended is past being named. */
    if (!local->thread && (local->ended_id || !thread_begin(local, mt_clock_ticks(), 0)))
        return;
    thread = local->thread;
    mt_lock_take(&registry_lock);
    thread->named = true;
    memset(thread->name, 0, sizeof thread->name);
    memcpy(thread->name, name, strnlen(name, sizeof thread->name - 1));
    mt_definitions_add_thread(thread);
    mt_lock_release(&registry_lock);
}

/* Replaces a buffer without room; false if there is none to be had or recording is over. */
static bool buffer_switch(struct mt_local *local, uint64_t ticks) {
    struct mt_buffer *fresh = mt_buffers_next();
    bool done;

    if (!fresh)
        return false;
    mt_lock_take(&registry_lock);
    done = mt_process_is_finishing();
    if (!done) {
        buffer_hand_over(local);
        buffer_use(local, fresh, ticks);
    }
    mt_lock_release(&registry_lock);
    if (done)
        mt_buffers_release(fresh);
    else
        mt_writer_notify();
    return !done;
}

static void record_extended(struct mt_local *local, uint64_t *slot, const struct mt_event *event,
                            struct mt_context_id context) {
    slot[0] = (uint64_t)MT_RECORD_OP_EXTENDED << MT_RECORD_ADDRESS_BITS;
    slot[1] = event->ticks;
    slot[2] = (uintptr_t)event->address;
    slot[3] = event->size & ((UINT64_C(1) << MT_SAMPLE_SIZE_BITS) - 1);
    slot[4] = event->op | event->size >> MT_SAMPLE_SIZE_BITS << 32;
    slot[5] = context.value;
    local->buffer->extended++;
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static void record_with_room(struct mt_local *local, struct mt_event event) {
    uint64_t *slot = local->cursor;
    struct mt_context_id context = mt_context_is_id(event.call)
                                       ? mt_context_id_in(event.call)
                                       : mt_record_context(local, event.op, event.call);
    unsigned words = MT_RECORD_WORDS;

    /* No block has that many bytes, but libstdc++'s aligned operator new rounds such a size up to
     * 0, and returns one. */
    if (event.size >> MT_SAMPLE_SIZE_BITS && mt_options.sample == MT_SAMPLE_ALL)
        event.size = 0;
    /* The free half of a realloc carries the time before the call, and a handler may have recorded
     * since. Within a thread the order of recording is the order. */
    event.ticks = later(event.ticks, local->last_ticks);
    if (mt_record_fits(&event, local->last_ticks)) {
        mt_record_store(slot, &event, context, local->last_ticks);
    } else {
        record_extended(local, slot, &event, context);
        words = MT_RECORD_EXTENDED_WORDS;
    }
    local->last_ticks = event.ticks;
    mt_record_publish(local, slot + words);
}

static void thread_finish(struct mt_local *local) {
    struct mt_thread *thread = local->thread;
    bool done;

    mt_lock_take(&registry_lock);
    if (!thread->named)
        prctl(PR_GET_NAME, thread->name);
    thread->last_ticks = local->last_ticks;
    mt_definitions_add_thread(thread);
    local->ended_id = thread->id;
    /* The buffer of a thread that ends while the process does is read by the exiting thread. */
    done = mt_process_is_finishing();
    if (!done) {
        registry_remove(thread);
        local->buffer->last = 1;
        buffer_hand_over(local);
        local->ended_events = thread->events;
    }
    local->thread = NULL;
    local->cache = NULL;
    local->paths = NULL;
    local->buffer = NULL;
    local->limit = local->cursor = NULL;
    mt_lock_release(&registry_lock);
    if (!done)
        mt_writer_notify();
}

static void record_slow(struct mt_local *local, const struct mt_event *events, unsigned count) {
    bool late = local->ended_id && !local->thread;

    if (mt_process_is_stray())
        return;
    if (!local->thread && !thread_begin(local, events[0].ticks, count))
        return;
    if (local->limit - local->cursor < (ptrdiff_t)(count * MT_RECORD_EXTENDED_WORDS) &&
        !buffer_switch(local, later(events[0].ticks, local->last_ticks))) {
        /* Nobody has seen the memory yet, or it is still there. */
        if (mt_process_is_finishing())
            return;
        atomic_fetch_add_explicit(&local->thread->lost, count, memory_order_relaxed);
        mt_live_note_loss(MT_LOSS_BUFFERS_FULL, count);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        record_with_room(local, events[i]);
    /* After the destructor of the key nobody tells of the thread's end any more. */
    if (late)
        thread_finish(local);
}

void mt_thread_record_slow(struct mt_local *local, const struct mt_event *events, unsigned count) {
    int saved = errno;

    record_slow(local, events, count);
    errno = saved;
}

/* The path may be in the midst of using the thread's cache. What it is doing to the links, it does
 * the same way. */
static struct mt_context_id nested_context(struct mt_local *local, const struct mt_event *event) {
    struct mt_context_id parent = MT_CONTEXT_ROOT;

    if (mt_record_has_callers(event->op))
        parent = mt_tags_context(
            local, NULL, mt_context_walk(local, mt_record_caller(local, event->call), false));
    return mt_context_intern(NULL, parent, mt_record_site(event->call), true);
}

/* Runs in a signal handler that interrupted the event path of its thread. */
void mt_thread_record_nested(struct mt_local *local, const struct mt_event *events,
                             unsigned count) {
    struct mt_thread *thread = local->thread;
    uint32_t at;

    /* In one step, since another handler may interrupt this one; both halves of a realloc or none.
     */
    at = atomic_load_explicit(&local->nested, memory_order_relaxed);
    do {
        if (!thread || at + count > MT_THREAD_NESTED_EVENTS) {
            atomic_fetch_add_explicit(&lost_nested, count, memory_order_relaxed);
            mt_live_note_loss(MT_LOSS_SIGNAL, count);
            return;
        }
    } while (!atomic_compare_exchange_weak_explicit(&local->nested, &at, at + count,
                                                    memory_order_relaxed, memory_order_relaxed));
    for (unsigned i = 0; i < count; i++) {
        thread->nested[at + i] = events[i];
        thread->nested[at + i].call = mt_context_word(nested_context(local, &events[i]));
    }
}

void mt_thread_drain_nested(struct mt_local *local) {
    while (atomic_load_explicit(&local->nested, memory_order_relaxed)) {
        uint32_t done = 0, expected;

        local->busy = 1;
        MT_SIGNAL_FENCE();
        /* A handler may have emptied the list before `busy` was set, and may add to it until it is
         * empty. */
        do {
            while (done < atomic_load_explicit(&local->nested, memory_order_relaxed)) {
                if (local->thread)
                    mt_thread_record_slow(local, &local->thread->nested[done], 1);
                done++;
            }
            expected = done;
        } while (!atomic_compare_exchange_strong_explicit(
            &local->nested, &expected, 0, memory_order_relaxed, memory_order_relaxed));
        MT_SIGNAL_FENCE();
        local->busy = 0;
        MT_SIGNAL_FENCE();
    }
}

uint64_t mt_thread_take_lost_unbegun(void) {
    return atomic_exchange_explicit(&lost_unbegun, 0, memory_order_relaxed);
}

uint64_t mt_thread_take_lost_nested(void) {
    return atomic_exchange_explicit(&lost_nested, 0, memory_order_relaxed);
}

/* The key's destructor. What other destructors do after it is recorded one event at a time. */
static void thread_end(void *argument) {
    struct mt_local *local = argument;
    int saved = errno;

    /* pthread_exit and cancellation leave the functions they were called in unnoticed. */
    __memtrack_context = 0;
    local->busy = 1;
    MT_SIGNAL_FENCE();
    if (!mt_process_is_stray()) {
        if (local->thread)
            thread_finish(local);
        if (gettid() == getpid())
            mt_writer_thread_end();
    }
    MT_SIGNAL_FENCE();
    local->busy = 0;
    errno = saved;
}

static void forget_all(void) {
    struct mt_local *local = &mt_local;

    while (registry) {
        struct mt_thread *thread = registry;

        registry = thread->next;
        thread->next = recycled;
        recycled = thread;
    }
    atomic_store_explicit(&last_id, 0, memory_order_relaxed);
    atomic_store_explicit(&lost_nested, 0, memory_order_relaxed);
    atomic_store_explicit(&lost_unbegun, 0, memory_order_relaxed);
    /* A handler that interrupted the event path returns into it, with the buffer in hand. */
    if (local->busy)
        mt_process_stop_recording();
    else
        *local = (struct mt_local){.tags = local->tags};
}

void mt_thread_after_fork(bool child) {
    if (child)
        forget_all();
    mt_lock_release(&registry_lock);
}
