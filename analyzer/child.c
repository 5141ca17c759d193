#include "child.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t child_pid;

static const int forwarded[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
static const int from_terminal[] = {SIGINT, SIGQUIT};

enum {
    FORWARDED = sizeof(forwarded) / sizeof(forwarded[0]),
    FROM_TERMINAL = sizeof(from_terminal) / sizeof(from_terminal[0]),
};

static void forward(int signal_number) {
    if (child_pid > 0)
        kill(child_pid, signal_number);
}

/* Sets the handler unless the signal is ignored, as nohup wants it; then it adds the signal to
 * those that are to have their default in the child. */
static void take_over(int signal_number, void (*handler)(int), sigset_t *defaults) {
    struct sigaction action = {.sa_handler = handler};
    struct sigaction old;

    if (sigaction(signal_number, NULL, &old) != 0 || old.sa_handler == SIG_IGN)
        return;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
    sigaddset(defaults, signal_number);
}

static int spawn(char **arguments, const sigset_t *mask, const sigset_t *defaults, pid_t *pid) {
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);

    if (error)
        return error;
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, defaults);
    posix_spawnattr_setsigmask(&attributes, mask);
    error = posix_spawnp(pid, arguments[0], NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    return error;
}

bool child_find(const char *name, char *path, size_t size) {
    const char *at = getenv("PATH");

    if (strchr(name, '/'))
        return (size_t)snprintf(path, size, "%s", name) < size;
    while (at) {
        int length = (int)strcspn(at, ":");

        /* An empty entry is the current directory. */
        if ((size_t)snprintf(path, size, "%.*s%s%s", length, at, length ? "/" : "./", name) <
                size &&
            access(path, X_OK) == 0)
            return true;
        at = at[length] ? at + length + 1 : NULL;
    }
    return false;
}

struct child_result child_run(char **arguments) {
    struct child_result result = {0};
    sigset_t defaults, blocked, mask;
    pid_t pid = 0;
    int status = 0;

    sigemptyset(&defaults);
    sigemptyset(&blocked);
    sigaddset(&defaults, SIGPIPE); /* main ignores it */
    for (int i = 0; i < FORWARDED; i++)
        sigaddset(&blocked, forwarded[i]);
    /* A signal that arrives before the child is known would be lost. */
    sigprocmask(SIG_BLOCK, &blocked, &mask);
    for (int i = 0; i < FORWARDED; i++)
        take_over(forwarded[i], forward, &defaults);
    for (int i = 0; i < FROM_TERMINAL; i++)
        take_over(from_terminal[i], SIG_IGN, &defaults);
    result.error = spawn(arguments, &mask, &defaults, &pid);
    child_pid = pid;
    result.pid = pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (result.error)
        return result;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    child_pid = 0;
    result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}
