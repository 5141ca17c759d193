/* The threads that decode events before they are asked for, in this process for all feeds together.
 *
 * What is decoded next is the chunk that will be needed first: of the stream whose decoded events
 * end earliest. What was decoded ahead of need is bounded, for each stream and in all; whoever asks
 * for events that are not there decodes them, and does some of the crew's work rather than wait. So
 * with no thread at all everything goes on as it does without a crew.
 *
 * Threads: crew_join and crew_leave may be called by any; all else with the crew locked.
 */
#ifndef MT_TRACE_CREW_H
#define MT_TRACE_CREW_H

#include "trace/feed.h"

struct crew;

enum { MT_MAX_JOBS = 256 };

/* To be called while there is no feed. How many threads decode and match, the one that asks
 * included; 0, as it is at first: as many as there are CPUs for this process. */
void crew_set_jobs(unsigned jobs);

/* Traces of fewer events do without, as threads would take longer to be of use; for tests. */
void crew_set_least(uint64_t events);

/* The crew, for a trace with so many events; NULL if it is to do without. */
struct crew *crew_join(uint64_t events);
void crew_leave(struct crew *crew);

/* These do nothing if the crew is NULL. */
void crew_lock(struct crew *crew);
void crew_unlock(struct crew *crew);

/* Makes room for lanes in the queue. False when memory is short. */
bool crew_reserve(struct crew *crew, size_t lanes);

/* The lane was begun, or a chunk of it was decoded or taken. */
void crew_see(struct crew *crew, struct lane *lane);

/* No thread begins to decode any of the lane's segments from here on. */
void crew_forget(struct crew *crew, struct lane *lane);

/* The lane's next events are being decoded by another thread: helps, or waits for it. */
void crew_help(struct crew *crew, struct lane *lane, struct decode_tools *tools);

/* Waits until something was decoded. */
void crew_wait(struct crew *crew);

/* Counts bytes that are held ahead of need, and no longer. */
void crew_hold(struct crew *crew, size_t bytes);
void crew_release(struct crew *crew, size_t bytes);

#endif
