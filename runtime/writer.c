/* All state below `lock` is guarded by it, whoever does the writing: the writer's own thread, the
 * exiting thread, or one of the program's threads where there is no writer thread. */
#define _GNU_SOURCE
#include "writer.h"

#include "assist.h"
#include "block.h"
#include "buffers.h"
#include "definitions.h"
#include "describe.h"
#include "live.h"
#include "lock.h"
#include "log.h"
#include "object.h"
#include "options.h"
#include "output.h"
#include "process.h"
#include "profile.h"
#include "references.h"
#include "share.h"
#include "sink.h"
#include "stamp.h"
#include "text.h"
#include "thread.h"
#include "writer_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Buffers that are worth a system call, and a switch of threads. Fewer wait, in the live file. */
#define WAKE_AT 8

static _Atomic uint32_t fork_waits; /* a futex: 1 while a thread that forks wants the lock */
static _Atomic uint32_t snapshots_wanted;
static _Atomic uint32_t snapshots_done; /* a futex: all up to this one */
static _Atomic bool snapshots_failed;   /* the last one could not be written */

static struct mt_lock lock;
static bool active;       /* the trace is open */
static uint64_t trace_id; /* of the last trace there was, here or in an ancestor */
static struct mt_describe_parent parent;
static uint64_t fork_ticks; /* of the fork that is under way */
static bool registry_held;  /* for a snapshot */
static uint64_t cpu_ns;

/* mode=profile */
static uint64_t last_profile; /* the serial number of the last one written */

static bool is_profile(void) {
    return mt_options.mode == MT_MODE_PROFILE;
}

/* Threads, under the lock */

static void write_loss(struct mt_thread *thread) {
    uint64_t events = atomic_exchange_explicit(&thread->lost, 0, memory_order_relaxed);

    mt_output.lost[MT_LOSS_BUFFERS_FULL] += events;
    /* A profile tells them at its end: its trace is not to grow with every thread. */
    if (!mt_output.stopped && !is_profile())
        mt_describe_put_loss(&mt_output.bytes, thread->id, events, MT_LOSS_BUFFERS_FULL);
}

/* Nothing more is read of it. */
static void recycle(struct mt_thread *thread) {
    write_loss(thread);
    /* The exiting thread holds the registry, and needs the memory for nothing more. */
    if (registry_held)
        mt_thread_recycle_locked(thread);
    else if (!mt_process_is_finishing())
        mt_thread_recycle(thread);
}

/* Its events are encoded. */
static void hold(struct mt_buffer *buffer) {
    if (buffer->last)
        recycle(buffer->thread);
    mt_output_hold(buffer);
}

/* Encodes a round of buffers by several threads; returns the next one. */
static struct mt_buffer *share(struct mt_buffer *buffer, unsigned encoders) {
    mt_output_flush();
    if (mt_output.stopped)
        return buffer;
    buffer = mt_share_encode(buffer, encoders);
    for (unsigned p = 0; p < encoders; p++) {
        const struct mt_share_part *part = mt_share_part(p);

        mt_output_add(&part->out, part->events);
        /* This thread's own is counted with the rest that it does. */
        cpu_ns += part->by == &mt_local ? 0 : part->cpu_ns;
        for (unsigned i = 0; i < part->count; i++)
            hold(part->buffers[i]);
    }
    mt_output_flush();
    return buffer;
}

/* Profiles */

static void profile_done(struct mt_buffer *buffer) {
    if (buffer->last)
        recycle(buffer->thread);
    mt_buffers_give_back(buffer);
}

/* Full buffers, to wait in the profile. False: there are none. */
static bool profile_add(void) {
    struct mt_buffer *buffer = mt_buffers_take_all();
    bool any = buffer != NULL;

    while (buffer) {
        struct mt_buffer *next = atomic_load_explicit(&buffer->next, memory_order_relaxed);

        if (!mt_profile_add(buffer)) {
            mt_output_lose(MT_LOSS_BUFFERS_FULL,
                           mt_block_count_events(buffer, buffer->words + buffer->used));
            profile_done(buffer);
        }
        buffer = next;
    }
    return any;
}

static void profile_see(struct mt_thread *thread, void *data) {
    (void)data;
    mt_profile_see(thread->buffer, mt_thread_buffer_end(thread));
}

static void profile_take(void) {
    /* Whatever is recorded up to this moment is seen after it. */
    uint64_t until = mt_clock_ticks();

    mt_thread_lock_registry();
    profile_add();
    mt_thread_each(profile_see, NULL);
    mt_thread_unlock_registry();
    mt_profile_take(until, profile_done);
    mt_live_note_clock();
}

/* `all`: what waits is not to wait any longer. */
static bool profile_drain(bool all) {
    uint64_t cpu = mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    bool any = profile_add();

    all = all || mt_profile_is_urgent(mt_buffers_limit()) || mt_profile_is_due();
    if (!any && !all)
        return false;
    mt_output_put_definitions();
    if (all)
        profile_take();
    cpu_ns += mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    return true;
}

/* Appended at once: what is counted goes on where the trace has stopped for its size. */
static bool profile_write(void) {
    struct mt_totals_cursor cursor = {.serial = ++last_profile};

    mt_output_flush();
    while (mt_totals_put(&cursor, &mt_output.bytes)) {
        if (!mt_output_append_apart())
            return false;
    }
    return true;
}

static void drain_events(struct mt_buffer *buffer) {
    mt_output_put_definitions();
    while (buffer) {
        struct mt_buffer *run[MT_BLOCK_BUFFERS];
        unsigned encoders = mt_output.stopped ? 1 : mt_share_begin(buffer), count;

        if (encoders > 1) {
            buffer = share(buffer, encoders);
            continue;
        }
        count = mt_share_take_run(&buffer, run);
        mt_output_put_events(run, count, run[count - 1]->words + run[count - 1]->used);
        for (unsigned i = 0; i < count; i++)
            hold(run[i]);
        mt_output_flush_if_much();
    }
}

static bool drain(void) {
    struct mt_buffer *buffer;
    uint64_t cpu;

    if (is_profile())
        return profile_drain(false);
    buffer = mt_buffers_take_all();
    if (!buffer)
        return false;
    cpu = mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    drain_events(buffer);
    cpu_ns += mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    return true;
}

/* Its thread may be filling it. */
static void write_buffer(struct mt_thread *thread, void *data) {
    const uint64_t *end = mt_thread_buffer_end(thread);

    (void)data;
    /* Since then: what the events up to there refer to stands before them. */
    mt_output_put_definitions();
    mt_output_put_events(&thread->buffer, 1, end);
    mt_output_flush_if_much();
}

static bool snapshot_is_wanted(void) {
    return atomic_load_explicit(&snapshots_wanted, memory_order_seq_cst) !=
           atomic_load_explicit(&snapshots_done, memory_order_relaxed);
}

static void snapshot_events(void) {
    drain();
    mt_thread_lock_registry();
    registry_held = true;
    drain();
    mt_thread_each(write_buffer, NULL);
    mt_output_put_definitions();
    registry_held = false;
    mt_thread_unlock_registry();
    mt_output_flush();
}

static void take_snapshot(void) {
    uint32_t number = atomic_load_explicit(&snapshots_wanted, memory_order_acquire);

    if (!is_profile()) {
        snapshot_events();
    } else {
        profile_drain(true);
        mt_output_put_definitions();
        if (!mt_output.stopped && !profile_write())
            mt_output.stopped = MT_LOSS_WRITE_ERROR;
    }
    atomic_store_explicit(&snapshots_failed, mt_output.stopped != 0, memory_order_relaxed);
    atomic_store_explicit(&snapshots_done, number, memory_order_release);
    mt_lock_wake(&snapshots_done, INT32_MAX);
}

/* Encodes what is there, else appends what is encoded; false if there was nothing to encode. */
static bool work_locked(void) {
    bool worked = active && drain();

    if (active && snapshot_is_wanted()) {
        take_snapshot();
        worked = true;
    }
    if (!worked && active)
        mt_output_flush();
    return worked;
}

bool mt_writer_work(void) {
    bool worked;

    /* The lock is not fair, and this thread leaves it for moments only. Pairs with
     * mt_writer_before_fork(). */
    while (atomic_load_explicit(&fork_waits, memory_order_relaxed))
        mt_lock_wait(&fork_waits, 1, 100);
    mt_lock_take(&lock);
    worked = work_locked();
    mt_lock_release(&lock);
    return worked;
}

bool mt_writer_help(void) {
    bool worked;

    if (!mt_lock_try(&lock))
        return false;
    worked = work_locked();
    mt_lock_release(&lock);
    return worked;
}

bool mt_writer_has_work(void) {
    return mt_buffers_are_waiting() || snapshot_is_wanted() || mt_profile_is_due();
}

unsigned mt_writer_pause(void) {
    return mt_profile_pause();
}

bool mt_writer_is_locked_here(void) {
    return mt_lock_is_own(&lock);
}

void mt_writer_detach(void) {
    mt_lock_take(&lock);
    mt_sink_detach();
    mt_lock_release(&lock);
}

void mt_writer_notify(void) {
    if (mt_buffers_in_flight() < WAKE_AT)
        return;
    if (!mt_writer_thread_wake())
        mt_writer_help();
    else if (!is_profile() && mt_buffers_in_flight() > mt_buffers_limit() / 2)
        mt_assist_grow();
}

bool mt_writer_snapshot(unsigned milliseconds) {
    uint32_t number = atomic_fetch_add_explicit(&snapshots_wanted, 1, memory_order_seq_cst) + 1;
    uint64_t end = mt_clock_nanoseconds(CLOCK_MONOTONIC) + milliseconds * UINT64_C(1000000);

    for (;;) {
        uint32_t seen = atomic_load_explicit(&snapshots_done, memory_order_acquire);
        unsigned pause = 100;

        if ((int32_t)(seen - number) >= 0)
            return !atomic_load_explicit(&snapshots_failed, memory_order_relaxed);
        if (mt_process_is_finishing() || mt_clock_nanoseconds(CLOCK_MONOTONIC) >= end)
            return false;
        /* The thread is not started for this. */
        if (!mt_writer_thread_wake_running()) {
            if (mt_writer_help())
                continue;
            pause = 1;
        }
        mt_lock_wait(&snapshots_done, seen, pause);
    }
}

/* Life cycle */

static bool write_head(void) {
    struct mt_file_header header = {
        .magic = MT_FILE_MAGIC,
        .version = MT_TRACE_VERSION,
        .header_size = sizeof header,
        .flags = mt_clock_is_counter ? MT_FILE_CLOCK_TSC : 0,
        .parent_trace_id = trace_id, /* of the nearest ancestor that has one */
        .pid = (uint32_t)getpid(),
        .parent_pid = (uint32_t)getppid(),
    };

    if (getrandom(&header.trace_id, sizeof header.trace_id, GRND_NONBLOCK) < 0)
        header.trace_id = mt_clock_nanoseconds(CLOCK_REALTIME) ^ (uint64_t)header.pid << 40;
    header.start_ticks = mt_clock_ticks();
    header.start_realtime_ns = mt_clock_nanoseconds(CLOCK_REALTIME);
    header.checksum = mt_block_checksum(&header, offsetof(struct mt_file_header, checksum));
    trace_id = header.trace_id;
    mt_bytes_add(&mt_output.bytes, &header, sizeof header);
    mt_describe_put_clock(&mt_output.bytes);
    mt_describe_put_process(&mt_output.bytes, &parent);
    mt_output_flush();
    return !mt_output.stopped;
}

bool mt_writer_start(void) {
    bool started;

    mt_lock_take(&lock);
    mt_object_prepare();
    started =
        mt_output_start() && mt_block_start((int)mt_options.zstd_level) && mt_describe_start();
    if (!started)
        mt_log("no trace: no memory for the writer", NULL, NULL, NULL);
    started = started && mt_sink_open(parent.fork_ticks != 0) && write_head();
    if (started && mt_sink_is_file())
        mt_live_open(mt_sink_path(), trace_id);
    if (started && is_profile() && !mt_profile_start()) {
        mt_log("no profile: no memory for the writer", NULL, NULL, NULL);
        mt_live_close(false);
        mt_sink_close();
        started = false;
    }
    active = started;
    if (started && mt_options.verbose)
        mt_log("recording to ", mt_sink_path(), NULL, NULL);
    mt_lock_release(&lock);
    return started;
}

static void read_name(struct mt_thread *thread) {
    char path[64];
    struct mt_text text = MT_TEXT(path);
    ssize_t length;
    int file;

    mt_text_add(&text, "/proc/self/task/");
    mt_text_add_number(&text, thread->tid);
    mt_text_add(&text, "/comm");
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    length = read(file, path, sizeof thread->name);
    if (length > 0) {
        memset(thread->name, 0, sizeof thread->name);
        memcpy(thread->name, path, (size_t)length - (path[length - 1] == '\n'));
    }
    close(file);
}

static void finish_thread(struct mt_thread *thread, void *data) {
    (void)data;
    if (is_profile())
        mt_profile_see(thread->buffer, mt_thread_buffer_end(thread));
    else
        mt_output_put_events(&thread->buffer, 1, mt_thread_buffer_end(thread));
    mt_output_flush_if_much();
    write_loss(thread);
    /* One that has ended has told all. */
    if (thread->last_ticks || thread->named)
        return;
    read_name(thread);
    mt_definitions_add_thread(thread);
}

static void put_tail(void) {
    struct mt_describe_end end = {MT_END_EXIT, mt_output.written_events, 0, cpu_ns};

    for (int reason = 0; reason <= MT_LOSS_SIGNAL; reason++) {
        end.lost += mt_output.lost[reason];
        /* Those of full buffers have been written with their threads. */
        if (reason != MT_LOSS_BUFFERS_FULL || is_profile())
            mt_describe_put_loss(&mt_output.bytes, 0, mt_output.lost[reason],
                                 (enum mt_loss_reason)reason);
    }
    mt_describe_put_clock(&mt_output.bytes);
    mt_describe_put_end(&mt_output.bytes, &end);
}

/* False: the trace is not complete, and what it lacks stays in the live file. */
static bool write_tail(void) {
    uint64_t unbegun = mt_thread_take_lost_unbegun();

    mt_output.lost[MT_LOSS_SIGNAL] += mt_thread_take_lost_nested();
    mt_output.lost[MT_LOSS_BUFFERS_FULL] += unbegun;
    mt_output_put_definitions();
    mt_output_flush();
    if (is_profile() && !profile_write()) {
        bool kept = mt_live_is_file();

        mt_log(kept ? "the totals are in the live file: " : "the totals are lost: ",
               "cannot write ", mt_sink_path(), NULL);
        if (kept)
            return false;
        mt_output.lost[MT_LOSS_WRITE_ERROR] += mt_totals.sums->events;
    }
    if (!is_profile())
        mt_describe_put_loss(&mt_output.bytes, 0, unbegun, MT_LOSS_BUFFERS_FULL);
    mt_output_append_end(put_tail);
    return true;
}

static void finish_profile(void) {
    registry_held = true;
    mt_profile_take(UINT64_MAX, profile_done);
    registry_held = false;
    mt_profile_finish();
}

void mt_writer_finish_here(void) {
    mt_lock_take(&lock);
    if (active) {
        uint64_t cpu;

        mt_thread_lock_registry();
        if (is_profile())
            profile_add();
        else
            drain();
        mt_output_put_definitions();
        cpu = mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        mt_thread_each(finish_thread, NULL);
        if (is_profile())
            finish_profile();
        cpu_ns += mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
        mt_thread_unlock_registry();
        mt_output_put_definitions();
        mt_output_flush();
        mt_references_write();
        mt_live_close(!write_tail());
        mt_sink_close();
    }
    active = false;
    mt_lock_release(&lock);
}

void mt_writer_finish(void) {
    if (!mt_writer_thread_finish())
        mt_writer_finish_here();
}

void mt_writer_before_fork(void) {
    atomic_store_explicit(&fork_waits, 1, memory_order_relaxed);
    mt_lock_take(&lock);
    atomic_store_explicit(&fork_waits, 0, memory_order_relaxed);
    mt_lock_wake(&fork_waits, 1);
    if (active)
        mt_output_flush();
    /* Before, since what the parent frees after it is the child's all the same. */
    mt_stamp_all_anew();
    fork_ticks = mt_stamp_now(&mt_local);
}

/* In the child there is nothing to write. */
static void start_over(void) {
    mt_buffers_after_fork_in_child();
    mt_output_after_fork_in_child();
    atomic_store(&fork_waits, 0);
    atomic_store(&snapshots_done, atomic_load(&snapshots_wanted));
    if (active) {
        struct mt_text text = MT_TEXT(parent.trace);

        mt_text_add(&text, mt_sink_path());
        mt_sink_close();
        parent.fork_ticks = 0;
    }
    /* What ancestors without a trace have forked has the memory that the one with it had. */
    if (!parent.fork_ticks)
        parent.fork_ticks = fork_ticks;
    active = false;
    cpu_ns = 0;
    last_profile = 0;
    if (is_profile())
        mt_profile_forget();
}

void mt_writer_after_fork(bool child) {
    if (child) {
        mt_writer_thread_after_fork_in_child();
        start_over();
    }
    mt_lock_release(&lock);
}
