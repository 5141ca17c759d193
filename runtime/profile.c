#include "profile.h"

#include "clock.h"
#include "match.h"
#include "options.h"
#include "os_memory.h"

#include <string.h>

#define FIRST_STREAMS 64u
#define WINDOW_NS 2000u

/* A profile is taken when one buffer waits for as many threads: to look at them all has its price.
 */
#define THREADS_A_BUFFER 16

/* So many words are taken until the live file says so; the totals know better, but of threads that
 * they do not tell apart. */
#define STEP_WORDS (256 * MT_RECORD_WORDS)

/* What a thread has recorded and is not taken. */
struct stream {
    uint32_t thread;
    bool seen; /* the newest buffer is still being filled */
    struct mt_buffer *oldest, *newest;
    const uint64_t *at;  /* in the oldest */
    const uint64_t *end; /* of the newest */
    uint64_t ticks;      /* of the record before */
};

/* A stream that has something to take, and the time of that. */
struct head {
    uint64_t ticks;
    uint32_t stream;
};

static struct stream *streams;
static struct head *heads; /* room for all streams */
static uint32_t *index_of; /* 1 + stream by thread, open addressing; twice that many */
static uint32_t stream_count, stream_room;
static uint32_t head_count;
static uint32_t first_thread; /* that had a stream; 0: none had */
static unsigned waiting;
static uint64_t taken_until;
static _Atomic uint64_t due_ns; /* 0: nothing was taken yet */
static struct { uint64_t ticks, ns; } started;

/* Streams */

static size_t room_bytes(uint32_t room) {
    return room * (sizeof *streams + sizeof *heads + 2 * sizeof *index_of);
}

static uint32_t *place_of(uint32_t thread) {
    uint32_t mask = 2 * stream_room - 1, place = thread * 0x9e3779b1u >> 7 & mask;

    while (index_of[place] && streams[index_of[place] - 1].thread != thread)
        place = (place + 1) & mask;
    return &index_of[place];
}

static void index_all(void) {
    memset(index_of, 0, 2 * stream_room * sizeof *index_of);
    for (uint32_t i = 0; i < stream_count; i++)
        *place_of(streams[i].thread) = i + 1;
}

static bool make_room(uint32_t room) {
    struct stream *made = mt_os_memory_map(room_bytes(room));

    if (!made)
        return false;
    if (stream_count)
        memcpy(made, streams, stream_count * sizeof *streams);
    mt_os_memory_unmap(streams, room_bytes(stream_room));
    streams = made;
    heads = (struct head *)(streams + room);
    index_of = (uint32_t *)(heads + room);
    stream_room = room;
    index_all();
    return true;
}

static struct stream *stream_of(uint32_t thread) {
    uint32_t *place = place_of(thread);

    if (*place)
        return &streams[*place - 1];
    if (stream_count == stream_room) {
        if (!make_room(2 * stream_room))
            return NULL;
        place = place_of(thread);
    }
    if (!first_thread)
        first_thread = thread;
    else if (thread != first_thread)
        mt_match_several_threads();
    streams[stream_count] = (struct stream){.thread = thread};
    *place = ++stream_count;
    return &streams[stream_count - 1];
}

bool mt_profile_start(void) {
    stream_count = stream_room = 0;
    streams = NULL;
    first_thread = 0;
    waiting = 0;
    taken_until = 0;
    atomic_store(&due_ns, 0);
    started.ticks = mt_clock_ticks();
    started.ns = mt_clock_nanoseconds(CLOCK_MONOTONIC);
    mt_match_set_window(mt_clock_is_counter ? 3 * WINDOW_NS : WINDOW_NS);
    return make_room(FIRST_STREAMS) && mt_match_start() && mt_totals_start();
}

void mt_profile_forget(void) {
    mt_os_memory_unmap(streams, room_bytes(stream_room));
    streams = NULL;
    stream_room = stream_count = 0;
    atomic_store(&due_ns, 0);
    mt_match_end();
    mt_totals_forget();
}

bool mt_profile_is_urgent(uint64_t limit) {
    return waiting > stream_count / THREADS_A_BUFFER || waiting >= limit / 4;
}

/* 0: never. */
static uint64_t due_in_ns(void) {
    uint64_t due = atomic_load_explicit(&due_ns, memory_order_relaxed);
    uint64_t now = due ? mt_clock_nanoseconds(CLOCK_MONOTONIC) : 0;

    return due > now ? due - now : due != 0;
}

bool mt_profile_is_due(void) {
    return due_in_ns() == 1;
}

unsigned mt_profile_pause(void) {
    uint64_t ns = due_in_ns();

    return ns ? (unsigned)(ns / 1000000) + 1 : 0;
}

static const uint64_t *end_of(const struct mt_buffer *buffer) {
    return buffer->words + atomic_load_explicit(&buffer->used, memory_order_relaxed);
}

static void begin(struct stream *stream, struct mt_buffer *buffer) {
    stream->oldest = buffer;
    stream->at = buffer->words + buffer->written;
    /* Of a buffer that was taken from before, the stream knows it. */
    if (!buffer->written)
        stream->ticks = buffer->first_ticks;
}

/* Appends the buffer, which may be the one that was seen as the newest. */
static struct stream *append(struct mt_buffer *buffer, const uint64_t *end) {
    struct stream *stream = stream_of(buffer->thread_id);

    if (!stream)
        return NULL;
    if (stream->newest != buffer) {
        atomic_store_explicit(&buffer->next, NULL, memory_order_relaxed);
        if (stream->newest)
            atomic_store_explicit(&stream->newest->next, buffer, memory_order_relaxed);
        else
            begin(stream, buffer);
        stream->newest = buffer;
    }
    stream->end = end;
    return stream;
}

bool mt_profile_add(struct mt_buffer *buffer) {
    struct stream *stream = append(buffer, end_of(buffer));

    if (!stream)
        return false;
    stream->seen = false;
    waiting++;
    return true;
}

void mt_profile_see(struct mt_buffer *buffer, const uint64_t *end) {
    struct stream *stream = append(buffer, end);

    if (stream)
        stream->seen = true;
}

/* Order */

static void sift_down(uint32_t at) {
    struct head moved = heads[at];

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= head_count)
            break;
        if (child + 1 < head_count && heads[child + 1].ticks < heads[child].ticks)
            child++;
        if (moved.ticks <= heads[child].ticks)
            break;
        heads[at] = heads[child];
        at = child;
    }
    heads[at] = moved;
}

/* The earliest time among the others' heads. */
static uint64_t second(uint64_t until) {
    if (head_count > 1 && heads[1].ticks < until)
        until = heads[1].ticks;
    if (head_count > 2 && heads[2].ticks < until)
        until = heads[2].ticks;
    return until;
}

static const uint64_t *stream_end(const struct stream *stream) {
    return stream->oldest == stream->newest ? stream->end : end_of(stream->oldest);
}

/* Past buffers of which nothing is left, but for one that is being filled; false if that is all. */
static bool advance(struct stream *stream, void (*give_back)(struct mt_buffer *buffer)) {
    while (stream->oldest && stream->at == stream_end(stream)) {
        struct mt_buffer *done = stream->oldest, *next;

        if (done == stream->newest && stream->seen)
            return false;
        next = atomic_load_explicit(&done->next, memory_order_relaxed);
        if (done == stream->newest)
            stream->oldest = stream->newest = NULL;
        else
            begin(stream, next);
        waiting--;
        give_back(done);
    }
    return stream->oldest != NULL;
}

/* Takes the stream's records up to the time. False if there are no more of it. */
static bool run(struct stream *stream, uint64_t until,
                void (*give_back)(struct mt_buffer *buffer)) {
    do {
        const uint64_t *end = stream_end(stream);

        while (stream->at < end) {
            const uint64_t *stop = end - stream->at > STEP_WORDS ? stream->at + STEP_WORDS : end;

            stream->at = mt_match_run(stream->at, stop, end, until, &stream->ticks, stream->thread);
            stream->oldest->written = (uint32_t)(stream->at - stream->oldest->words);
            mt_totals_note_point(stream->ticks);
            if (stream->at < stop)
                return true;
        }
    } while (advance(stream, give_back));
    return false;
}

/* What ought to have been taken before. */
static void run_late(struct stream *stream) {
    while (stream->at < stream_end(stream) &&
           mt_match_next_ticks(stream->at, stream->ticks) <= taken_until) {
        stream->at = mt_match_late(stream->at, &stream->ticks, stream->thread);
        stream->oldest->written = (uint32_t)(stream->at - stream->oldest->words);
    }
}

static void gather(uint64_t until, void (*give_back)(struct mt_buffer *buffer)) {
    head_count = 0;
    for (uint32_t i = 0; i < stream_count; i++) {
        struct stream *stream = &streams[i];

        while (advance(stream, give_back)) {
            const uint64_t *before = stream->at;
            uint64_t next = mt_match_next_ticks(before, stream->ticks);

            if (next > taken_until) {
                if (next <= until)
                    heads[head_count++] = (struct head){next, i};
                break;
            }
            run_late(stream);
        }
    }
    for (uint32_t i = head_count / 2; i-- > 0;)
        sift_down(i);
}

/* Those of threads that have nothing here. */
static void drop_empty_streams(void) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < stream_count; i++) {
        /* What is being filled may be full when it is next heard of. */
        if (streams[i].oldest)
            streams[kept++] = streams[i];
    }
    if (kept < stream_count) {
        stream_count = kept;
        index_all();
    }
}

static void note_time(void) {
    uint64_t now = mt_clock_nanoseconds(CLOCK_MONOTONIC), ns = now - started.ns;
    uint64_t ticks = mt_clock_ticks() - started.ticks;

    if (mt_clock_is_counter && ns > 1000000)
        mt_match_set_window((uint64_t)((double)ticks / (double)ns * WINDOW_NS));
    atomic_store_explicit(&due_ns, now + mt_options.profile_seconds * UINT64_C(1000000000),
                          memory_order_relaxed);
}

void mt_profile_take(uint64_t until, void (*give_back)(struct mt_buffer *buffer)) {
    note_time();
    gather(until, give_back);
    while (head_count) {
        struct stream *stream = &streams[heads[0].stream];

        if (run(stream, second(until), give_back) &&
            (heads[0].ticks = mt_match_next_ticks(stream->at, stream->ticks)) <= until) {
            sift_down(0);
            continue;
        }
        heads[0] = heads[--head_count];
        if (head_count)
            sift_down(0);
    }
    if (until > taken_until)
        taken_until = until;
    drop_empty_streams();
}

void mt_profile_finish(void) {
    mt_match_finish();
    mt_totals_note_point(mt_totals.sums->last_ticks);
}
