/* One line on stderr that shows how far a long piece of work is; nothing when stderr is not a
 * terminal or the work is short. */
#ifndef MT_UTIL_PROGRESS_H
#define MT_UTIL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what;
    uint64_t total;
    uint64_t next_look; /* how much must be done before the clock is read again */
    uint64_t started_ms;
    uint64_t shown_ms;
    bool enabled;
    bool visible;
};

void progress_begin(struct progress *progress, const char *what, uint64_t total);
void progress_at(struct progress *progress, uint64_t done);

/* Wipes the line. */
void progress_end(struct progress *progress);

#endif
