/* The events of a trace's streams, each on its own, for one reader of them all (trace/merge.h).
 * Those of a small trace are decoded when they are asked for; those of a large one ahead of that,
 * by the threads of the crew (trace/crew.h), which makes no difference to what is given. */
#ifndef MT_TRACE_FEED_H
#define MT_TRACE_FEED_H

#include "trace/lane.h"

enum { MT_FEED_SPARES = 8 };

struct feed {
    struct reader *reader;
    struct lane *lanes;        /* one per stream */
    uint32_t chunk_events;     /* in a chunk, at most */
    struct crew *crew;         /* NULL: there is none, and nothing to be locked */
    unsigned busy;             /* segments that threads of the crew decode */
    _Atomic uint64_t read;     /* bytes of the file since its pages were dropped */
    struct decode_tools tools; /* of the one who asks */
    /* Kept because fresh memory costs as much as decoding into it. */
    struct chunk *chunks;
    unsigned chunk_count;
    struct payload payloads[MT_FEED_SPARES];
    unsigned payload_count;
    struct predictor *predictors[MT_FEED_SPARES];
    unsigned predictor_count;
};

/* The reader outlives the feed. False when memory is short; to be ended in any case. */
bool feed_begin(struct feed *feed, struct reader *reader, struct error *error);
void feed_end(struct feed *feed);

/* The stream's next chunk, NULL after its last one. False when memory is short. */
bool feed_next(struct feed *feed, uint32_t stream, struct chunk **chunk, struct error *error);

/* Gives back a chunk that was taken. */
void feed_return(struct feed *feed, struct chunk *chunk);

/* The rest is for the crew. */

/* Decodes the segment's next chunk; to be called and left with the crew locked, and unlocked in
 * between. False when memory is short. */
bool feed_decode(struct feed *feed, struct lane *lane, struct segment *segment,
                 struct decode_tools *tools);

#endif
