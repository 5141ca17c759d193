/* One stream of a trace on its way from blocks to events. Its blocks fall into segments: runs of
 * blocks that can be decoded without those before them, which is a group of predicted blocks, or
 * one other block. The events of a segment come in chunks, and wait in it until they are taken;
 * several segments may be decoded at once.
 *
 * Threads: segment_decode works on what is the segment's alone while it is marked busy. All else is
 * for one thread at a time; feed.h and crew.h see to that.
 */
#ifndef MT_TRACE_LANE_H
#define MT_TRACE_LANE_H

#include "trace/pack.h"

/* Events of one block, in order. */
struct chunk {
    struct chunk *next;
    uint32_t capacity;
    uint32_t count; /* may be 0 if there is a fault */
    uint32_t block;
    bool first, last;     /* of its block */
    bool fault;           /* the block has no more events than these; then: */
    uint32_t lost;        /* its events that are missing */
    uint64_t early_ticks; /* by which an event of the block may be later than its time says */
    struct error error;
    struct event events[];
};

/* What a thread that decodes has for itself: how to decompress, and room for a chunk, or NULL. In
 * that, events are decoded and then copied, so that no event waits until the CPU that matches gives
 * up the lines that it goes to. */
struct decode_tools {
    struct ZSTD_DCtx_s *decompressor;
    struct event *events;
};

void decode_tools_begin(struct decode_tools *tools);
void decode_tools_end(struct decode_tools *tools);

struct segment {
    struct segment *next;
    uint32_t block; /* being decoded, or next to be */
    bool open;
    bool busy;      /* a thread decodes it */
    bool done;      /* all chunks are there */
    bool reached;   /* chunks of it were taken */
    uint64_t last;  /* time of the last event decoded; */
    uint64_t until; /* of the last one in a chunk that was put */
    struct decoder decoder;
    struct predictor *predictor;
    struct payload payload;
    struct pack_end end_of_pack; /* of the open block, if it is packed */
    bool packed;
    size_t held; /* bytes of the payload that count as held ahead of need */
    struct chunk *chunks, **end;
    uint64_t events; /* in them */
};

struct lane {
    const struct reader *reader;
    struct feed *feed;
    uint32_t stream;
    bool packing;          /* there are so many streams that their blocks are packed */
    uint32_t rest;         /* first block that is in no segment yet, or MT_NO_BLOCK */
    struct segment *first; /* those that have chunks to take, or will have */
    struct segment *last;
    struct segment *front; /* the first one that is not done; NULL if all are */
    uint64_t until;        /* no event that is still to be decoded in order is earlier */
    uint64_t ready;        /* events that can be taken before one must be decoded */
    bool filling;          /* the crew decodes ahead until it has enough */
    bool forgotten;        /* by the crew, for good */
    size_t place;          /* in the crew's queue, from 1; 0: it is not there */
};

void lane_begin(struct lane *lane, const struct reader *reader, uint32_t stream);

/* All of its events were taken. */
static inline bool lane_is_over(const struct lane *lane) {
    return !lane->first && lane->rest == MT_NO_BLOCK;
}

/* There is something to decode in order, whether or not it is being decoded. */
static inline bool lane_has_more(const struct lane *lane) {
    return lane->front || lane->rest != MT_NO_BLOCK;
}

/* Appends the stream's next segment; false when memory is short. */
bool lane_extend(struct lane *lane);

enum segment_state {
    SEGMENT_MORE,
    SEGMENT_DONE,      /* the chunk is the last one */
    SEGMENT_NO_MEMORY, /* there is no chunk, and nothing has changed */
};

/* Decodes the segment's next chunk. */
enum segment_state segment_decode(struct segment *segment, const struct lane *lane,
                                  struct chunk *chunk, struct decode_tools *tools);

/* What is left to decode of the segment is packed. */
bool segment_needs_no_model(const struct segment *segment, const struct lane *lane);

/* Adds the chunk that was decoded, the segment's last one if it is done. */
void lane_put(struct lane *lane, struct segment *segment, struct chunk *chunk, bool done);

/* Takes the next chunk; NULL if it is not decoded, or there is none. */
struct chunk *lane_take(struct lane *lane);

/* Takes the first segment out if it is done and all of it was taken; else NULL. */
struct segment *lane_pop(struct lane *lane);

#endif
