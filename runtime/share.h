/* Buffers that are encoded by several threads at a time, in rounds: those of one thread of the
 * program by one encoder, in their order. For the holder of the writer's lock. */
#ifndef MT_SHARE_H
#define MT_SHARE_H

#include "block.h"
#include "record.h"

#include <stdint.h>

/* Buffers of a round, and the room that their blocks need. */
#define MT_SHARE_MAX 32
#define MT_SHARE_BYTES MT_BLOCK_ROOM(MT_SHARE_MAX)

/* What one encoder has made of its buffers. */
struct mt_share_part {
    struct mt_bytes out;
    struct mt_buffer *buffers[MT_SHARE_MAX];
    unsigned count;
    uint64_t events;
    uint64_t cpu_ns;
    const struct mt_local *by; /* the thread that did it */
};

/* How many encoders are worth it for the buffers of a list: more than one where several threads
 * have left more than one keeps up with, and there are assistants. Begins a round if so. */
unsigned mt_share_begin(const struct mt_buffer *list);

/* Encodes up to MT_SHARE_MAX buffers; returns the rest of the list. A buffer of which a snapshot
 * has written a part is left to the usual way, and does not stand first. */
struct mt_buffer *mt_share_encode(struct mt_buffer *list, unsigned encoders);

/* What has become of them, by the encoder's number; valid until the next round. */
const struct mt_share_part *mt_share_part(unsigned number);

/* Takes the first buffer from the list, and those of its thread among the next ones, to be one
 * block. Returns how many. */
unsigned mt_share_take_run(struct mt_buffer **list, struct mt_buffer *run[MT_BLOCK_BUFFERS]);

#endif
