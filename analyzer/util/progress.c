#include "util/progress.h"

#include "util/interrupt.h"
#include "util/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 500, INTERVAL_MS = 100, EVENTS_A_LOOK = 100000 };
enum { COLUMNS = 80, MIN_BAR = 8, MAX_BAR = 40, MAX_COLUMNS = 200 };

static uint64_t now_ms(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Asked each time, as a window may change. */
static size_t terminal_columns(void) {
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS;
}

void progress_begin(struct progress *progress, const char *what, uint64_t total) {
    *progress = (struct progress){.what = what, .total = total};
    progress->enabled = isatty(STDERR_FILENO) == 1;
    if (progress->enabled)
        progress->started_ms = now_ms();
}

/* " 45 %  38.1 M events/s  3 s left" */
static void describe(char *text, size_t size, uint64_t done, uint64_t total, uint64_t elapsed_ms) {
    double rate = elapsed_ms ? 1000.0 * (double)done / (double)elapsed_ms : 0;
    double left = rate > 0 ? (double)(total - done) / rate : 0;
    int used = snprintf(text, size, "%3.0f %%  %.1f M events/s  ",
                        total ? 100.0 * (double)done / (double)total : 0.0, rate / 1e6);

    if (left < 60)
        snprintf(text + used, size - (size_t)used, "%.0f s left", left);
    else if (left < 3600)
        snprintf(text + used, size - (size_t)used, "%u min %02u s left", (unsigned)left / 60,
                 (unsigned)left % 60);
    else
        snprintf(text + used, size - (size_t)used, "%.1f h left", left / 3600);
}

/* Of a path that does not fit its last part, or the end of that. */
static size_t add_name(char *line, size_t size, const char *what, size_t columns) {
    char *name = names_utf8(what, strlen(what));
    const char *slash = name ? strrchr(name, '/') : NULL;
    const char *end = slash && names_width(name) > columns ? slash + 1 : name ? name : "";
    int used = snprintf(line, size, "%s%s", names_suffix(end, columns), *end ? "  " : "");

    free(name);
    return used > 0 && (size_t)used < size ? (size_t)used : 0;
}

static size_t add_bar(char *line, uint64_t done, uint64_t total, size_t columns) {
    size_t full = total ? (size_t)((double)columns * (double)done / (double)total) : 0;

    line[0] = '[';
    for (size_t i = 0; i < columns; i++)
        line[1 + i] = i < full ? '#' : '-';
    memcpy(line + 1 + columns, "]  ", 4);
    return columns + 4;
}

void progress_line(char line[MT_PROGRESS_LINE], const char *what, uint64_t done, uint64_t total,
                   uint64_t elapsed_ms, size_t columns) {
    size_t used = 0, room, bar;
    char text[120];

    done = done < total ? done : total;
    describe(text, sizeof(text), done, total, elapsed_ms);
    columns = columns < MAX_COLUMNS ? columns : MAX_COLUMNS;
    room = columns > strlen(text) + 1 ? columns - strlen(text) - 1 : 0;
    /* The name gives way to the bar, the bar to the figures. */
    bar = room / 2 < MAX_BAR ? room / 2 : MAX_BAR;
    bar = bar < MIN_BAR && room >= MIN_BAR + 4 ? MIN_BAR : bar;
    if (bar < MIN_BAR)
        bar = 0;
    room -= bar ? bar + 4 : 0;
    if (room > 2 + 2)
        used = add_name(line, MT_PROGRESS_LINE / 2, what, room - 2);
    if (bar)
        used += add_bar(line + used, done, total, bar);
    snprintf(line + used, MT_PROGRESS_LINE - used, "%.*s", (int)(columns ? columns - 1 : 0), text);
}

void progress_at(struct progress *progress, uint64_t done) {
    char line[MT_PROGRESS_LINE];
    uint64_t now;

    if (!progress->enabled || done < progress->next_look)
        return;
    progress->next_look = done + EVENTS_A_LOOK;
    now = now_ms();
    if (now - progress->started_ms < QUIET_MS || now - progress->shown_ms < INTERVAL_MS)
        return;
    progress->shown_ms = now;
    progress->visible = true;
    interrupt_wipes(true);
    progress_line(line, progress->what, done, progress->total, now - progress->started_ms,
                  terminal_columns());
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
}

void progress_end(struct progress *progress) {
    if (progress->visible)
        fputs("\r\033[K", stderr);
    interrupt_wipes(false);
    progress->visible = false;
}
