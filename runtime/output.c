#include "output.h"

#include "buffers.h"
#include "clock.h"
#include "definitions.h"
#include "describe.h"
#include "live.h"
#include "log.h"
#include "options.h"
#include "os_memory.h"
#include "share.h"
#include "sink.h"

#include <string.h>

#define FLUSH_BYTES (256u << 10)

/* Buffers after which what is encoded is appended: more of them would be cold by the time they come
 * back. */
#define HELD_ENOUGH 8
_Static_assert(HELD_ENOUGH + MT_BLOCK_BUFFERS <= MT_SHARE_MAX, "the last run still fits");

#define CLOCK_INTERVAL_NS UINT64_C(1000000000)

struct mt_output mt_output;
static struct mt_buffer *held[MT_SHARE_MAX];
static unsigned held_count;
static uint64_t new_events;      /* of those written, in `bytes` */
static uint64_t appended_events; /* of those, in the last append */
static uint64_t last_clock_ns, clock_interval_ns;

bool mt_output_start(void) {
    if (!mt_output.bytes.data)
        mt_output.bytes.data = mt_os_memory_map(FLUSH_BYTES + MT_SHARE_BYTES + MT_DEFINITIONS_MAX +
                                                MT_DESCRIBE_MAX + MT_BLOCK_OVERHEAD);
    last_clock_ns = mt_clock_nanoseconds(CLOCK_MONOTONIC);
    clock_interval_ns = CLOCK_INTERVAL_NS;
    return mt_output.bytes.data != NULL;
}

void mt_output_after_fork_in_child(void) {
    mt_output = (struct mt_output){.bytes = {.data = mt_output.bytes.data}};
    new_events = appended_events = 0;
    held_count = 0;
}

void mt_output_lose(enum mt_loss_reason reason, uint64_t events) {
    mt_output.lost[reason] += events;
    mt_live_note_loss(reason, events);
}

static void append(void) {
    uint64_t now = mt_clock_nanoseconds(CLOCK_MONOTONIC);

    if (now - last_clock_ns > clock_interval_ns) {
        mt_describe_put_clock(&mt_output.bytes);
        last_clock_ns = now;
        /* Where the trace's size is not to follow the time. */
        if (mt_options.mode == MT_MODE_PROFILE)
            clock_interval_ns *= 2;
    }
    if (mt_sink_append(mt_output.bytes.data, mt_output.bytes.size)) {
        appended_events = new_events;
    } else {
        mt_output.stopped = MT_LOSS_WRITE_ERROR;
        mt_output_lose(MT_LOSS_WRITE_ERROR, new_events);
        mt_output.written_events -= new_events;
    }
    mt_output.bytes.size = new_events = 0;
    if (!mt_output.stopped && mt_options.max_trace_mb &&
        mt_sink_size() >> 20 >= mt_options.max_trace_mb) {
        mt_log("the trace ends early: ", mt_sink_path(), " has reached max_trace_mb", NULL);
        mt_output.stopped = MT_LOSS_TRACE_LIMIT;
    }
}

void mt_output_flush(void) {
    if (mt_output.bytes.size)
        append();
    mt_definitions_release();
    while (held_count)
        mt_buffers_give_back(held[--held_count]);
    mt_live_note_clock();
}

void mt_output_flush_if_much(void) {
    if (mt_output.bytes.size >= FLUSH_BYTES || held_count >= HELD_ENOUGH)
        mt_output_flush();
}

void mt_output_put_definitions(void) {
    while (mt_definitions_put(&mt_output.bytes)) {
        if (mt_output.stopped)
            mt_output.bytes.size = 0;
        mt_output_flush_if_much();
    }
}

static void count(uint64_t events) {
    mt_output.written_events += events;
    new_events += events;
}

void mt_output_put_events(struct mt_buffer *const *buffers, unsigned count_of_buffers,
                          const uint64_t *end) {
    enum mt_loss_reason stopped = mt_output.stopped;

    if (!stopped)
        count(mt_block_put_events(mt_block_encoder(0), &mt_output.bytes, buffers, count_of_buffers,
                                  end));
    for (unsigned i = 0; i < count_of_buffers; i++) {
        struct mt_buffer *buffer = buffers[i];
        const uint64_t *stop = i + 1 < count_of_buffers ? buffer->words + buffer->used : end;

        if (stopped)
            mt_output_lose(stopped, mt_block_count_events(buffer, stop));
        buffer->written = (uint32_t)(stop - buffer->words);
    }
}

void mt_output_add(const struct mt_bytes *blocks, uint64_t events) {
    if (mt_output.stopped) {
        mt_output_lose(mt_output.stopped, events);
        return;
    }
    mt_bytes_add(&mt_output.bytes, blocks->data, blocks->size);
    count(events);
}

void mt_output_hold(struct mt_buffer *buffer) {
    held[held_count++] = buffer;
}

bool mt_output_append_apart(void) {
    bool done = !mt_output.bytes.size || mt_sink_append(mt_output.bytes.data, mt_output.bytes.size);

    mt_output.bytes.size = 0;
    return done;
}

bool mt_output_append_more(const void *blocks, size_t size) {
    if (!mt_sink_append(blocks, size))
        return false;
    appended_events = 0;
    return true;
}

void mt_output_append_end(void (*put)(void)) {
    put();
    if (!mt_sink_append(mt_output.bytes.data, mt_output.bytes.size) && mt_sink_take_back()) {
        mt_output.lost[MT_LOSS_WRITE_ERROR] += appended_events;
        mt_output.written_events -= appended_events;
        mt_output.bytes.size = 0;
        put();
        mt_sink_append(mt_output.bytes.data, mt_output.bytes.size);
    }
    mt_output.bytes.size = 0;
}
