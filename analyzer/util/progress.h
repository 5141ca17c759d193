/* One line on stderr that shows how far a long piece of work is: a bar, how many events a second,
 * and how long it will take. Nothing when stderr is not a terminal or the work is short. */
#ifndef MT_UTIL_PROGRESS_H
#define MT_UTIL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
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

/* `what` is a path, and outlives the progress. */
void progress_begin(struct progress *progress, const char *what, uint64_t total);
void progress_at(struct progress *progress, uint64_t done);

/* Wipes the line. */
void progress_end(struct progress *progress);

/* The line for a terminal of so many columns, which it leaves the last one of. */
enum { MT_PROGRESS_LINE = 1024 };
void progress_line(char line[MT_PROGRESS_LINE], const char *what, uint64_t done, uint64_t total,
                   uint64_t elapsed_ms, size_t columns);

#endif
