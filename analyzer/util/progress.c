#include "util/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 500, INTERVAL_MS = 100 };

static uint64_t now_ms(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const char *what, uint64_t total) {
    *progress = (struct progress){.what = what, .total = total};
    progress->enabled = isatty(STDERR_FILENO) == 1;
    if (progress->enabled)
        progress->started_ms = now_ms();
}

void progress_at(struct progress *progress, uint64_t done) {
    uint64_t now;

    if (!progress->enabled || done < progress->next_look)
        return;
    progress->next_look = done + 100000;
    now = now_ms();
    if (now - progress->started_ms < QUIET_MS || now - progress->shown_ms < INTERVAL_MS)
        return;
    progress->shown_ms = now;
    progress->visible = true;
    fprintf(stderr, "\r%s: %3.0f %%", progress->what,
            progress->total ? 100.0 * (double)done / (double)progress->total : 0.0);
    fflush(stderr);
}

void progress_end(struct progress *progress) {
    if (progress->visible)
        fputs("\r\033[K", stderr);
    progress->visible = false;
}
