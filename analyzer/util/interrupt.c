#include "util/interrupt.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 4 };

/* Read by the handler. A path is whole while it is used. */
static volatile sig_atomic_t wiping;
static struct {
    volatile sig_atomic_t used;
    char path[PATH_MAX];
} files[FILES];

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDING = sizeof(ending) / sizeof(ending[0]) };

/* Runs once: the signal has its default then, and is blocked until this returns. */
static void end(int signal_number) {
    static const char wipe[] = "\r\033[K";

    if (wiping && write(STDERR_FILENO, wipe, sizeof(wipe) - 1) < 0)
        wiping = 0;
    for (int i = 0; i < FILES; i++) {
        if (files[i].used)
            unlink(files[i].path);
    }
    raise(signal_number);
}

void interrupt_catch(void) {
    struct sigaction action = {.sa_handler = end, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < ENDING; i++)
        sigaddset(&action.sa_mask, ending[i]);
    for (int i = 0; i < ENDING; i++) {
        struct sigaction old;

        if (sigaction(ending[i], NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
            old.sa_handler == SIG_DFL)
            sigaction(ending[i], &action, NULL);
    }
}

void interrupt_wipes(bool line) {
    wiping = line;
}

int interrupt_removes(const char *path) {
    size_t size = strlen(path) + 1;

    for (int i = 0; i < FILES && size <= sizeof(files[i].path); i++) {
        if (!files[i].used) {
            memcpy(files[i].path, path, size);
            files[i].used = 1;
            return i;
        }
    }
    return -1;
}

void interrupt_keeps(int number) {
    if (number >= 0)
        files[number].used = 0;
}
