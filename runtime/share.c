/* State is the holder's of the writer's lock; a part is its encoder's thread's while a round runs.
 */
#include "share.h"

#include "assist.h"
#include "clock.h"
#include "os_memory.h"
#include "record.h"

#include <string.h>

/* Buffers that one encoder takes on without asking for help. */
#define ALONE 8

/* Buffers among which more of a thread are looked for, to be one block. */
#define LOOK_AHEAD 32

static struct mt_share_part parts[MT_BLOCK_ENCODERS];
_Static_assert(MT_BLOCK_ENCODERS == MT_ASSIST_MAX + 1,
               "the writer's own, and one for each assistant");

static struct mt_buffer *next_of(const struct mt_buffer *buffer) {
    return atomic_load_explicit(&buffer->next, memory_order_relaxed);
}

unsigned mt_share_take_run(struct mt_buffer **list, struct mt_buffer *run[MT_BLOCK_BUFFERS]) {
    struct mt_buffer *before = *list;
    unsigned count = 0;

    run[count++] = before;
    for (unsigned i = 0; i < LOOK_AHEAD && count < MT_BLOCK_BUFFERS && next_of(before); i++) {
        struct mt_buffer *buffer = next_of(before);

        if (buffer->thread_id != run[0]->thread_id) {
            before = buffer;
            continue;
        }
        run[count++] = buffer;
        atomic_store_explicit(&before->next, next_of(buffer), memory_order_relaxed);
    }
    *list = next_of(run[0]);
    return count;
}

static const uint64_t *end_of(const struct mt_buffer *buffer) {
    return buffer->words + buffer->used;
}

static void encode_part(unsigned number) {
    struct mt_share_part *part = &parts[number];
    struct mt_encoder *encoder = mt_block_encoder(number);
    uint64_t cpu = mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID);

    for (unsigned i = 0; i < part->count;) {
        struct mt_buffer *const *run = &part->buffers[i];
        unsigned count = 1;

        while (i + count < part->count && count < MT_BLOCK_BUFFERS &&
               run[count]->thread_id == run[0]->thread_id)
            count++;
        part->events +=
            mt_block_put_events(encoder, &part->out, run, count, end_of(run[count - 1]));
        i += count;
    }
    part->by = &mt_local;
    part->cpu_ns = mt_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
}

/* Begins parts without buffers; returns how many there can be. */
static unsigned begin_parts(unsigned wanted) {
    unsigned count = 0;

    while (count < wanted) {
        struct mt_share_part *part = &parts[count];

        if (!part->out.data)
            part->out.data = mt_os_memory_map(MT_SHARE_BYTES);
        if (!part->out.data || !mt_block_encoder(count))
            break;
        part->out.size = part->events = part->count = 0;
        count++;
    }
    return count;
}

/* The part that has the thread's buffers, or the one with the fewest. */
static struct mt_share_part *part_for(const struct mt_buffer *buffer, unsigned count) {
    struct mt_share_part *least = &parts[0];

    for (unsigned p = 0; p < count; p++) {
        for (unsigned i = 0; i < parts[p].count; i++) {
            if (parts[p].buffers[i]->thread_id == buffer->thread_id)
                return &parts[p];
        }
        if (parts[p].count < least->count)
            least = &parts[p];
    }
    return least;
}

/* Behind those of its thread, to be one block with them. */
static void add_to_part(struct mt_share_part *part, struct mt_buffer *buffer) {
    unsigned at = part->count;

    for (unsigned i = 0; i < part->count; i++) {
        if (part->buffers[i]->thread_id == buffer->thread_id)
            at = i + 1;
    }
    memmove(&part->buffers[at + 1], &part->buffers[at],
            (part->count - at) * sizeof part->buffers[0]);
    part->buffers[at] = buffer;
    part->count++;
}

struct mt_buffer *mt_share_encode(struct mt_buffer *buffer, unsigned count) {
    unsigned taken = 0;

    for (; buffer && taken < MT_SHARE_MAX && !buffer->written; taken++) {
        struct mt_buffer *next = next_of(buffer);

        add_to_part(part_for(buffer, count), buffer);
        buffer = next;
    }
    mt_assist_run(encode_part, count);
    return buffer;
}

const struct mt_share_part *mt_share_part(unsigned number) {
    return &parts[number];
}

static bool are_many(const struct mt_buffer *buffer) {
    uint32_t first = buffer->thread_id;
    unsigned count = 0;
    bool several = false;

    for (; buffer && count < MT_SHARE_MAX; count++) {
        several |= buffer->thread_id != first;
        buffer = next_of(buffer);
    }
    return several && count > ALONE;
}

unsigned mt_share_begin(const struct mt_buffer *buffer) {
    return buffer->written || !are_many(buffer) ? 1 : begin_parts(mt_assist_hands() + 1);
}
