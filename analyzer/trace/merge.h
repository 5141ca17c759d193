/* The events of all threads in order of time. They come from the feed in chunks, so memory follows
 * the number of threads that are in the middle of a block, not the number of events.
 */
#ifndef MT_TRACE_MERGE_H
#define MT_TRACE_MERGE_H

#include "trace/feed.h"

struct merge_source;

struct merge {
    struct reader *reader;
    struct feed feed;
    struct merge_source *sources; /* one per stream */
    uint64_t *heads;              /* time of each source's next event; UINT64_MAX when it is done */
    uint32_t *losers;             /* tournament tree; [0] is the winner */
    uint32_t count;
    uint32_t stale; /* source whose chunk the caller was given to the end, or UINT32_MAX */
    struct event *batch;
    uint64_t delivered;
};

/* The reader outlives the merge, which adds malformed blocks to the reader's damage. */
bool merge_begin(struct merge *merge, struct reader *reader, struct error *error);

/* The next events, valid until the next call. *count is 0 at the end. Times never go backwards.
 * Fails only for lack of memory. */
bool merge_next(struct merge *merge, const struct event **events, size_t *count,
                struct error *error);
void merge_end(struct merge *merge);

#endif
