/* hostile MODE [ARGUMENT]...: a program of the kind that profilers lose the tail of, or the whole.
 * Counts are of allocations of MARKED bytes, which nothing else makes; each process says on stdout
 * how many it has made, as "PID COUNT".
 *
 *   count N            N marked allocations
 *   fork N             the same in the parent, in three children that leave by exit, _exit and a
 *                      return, and in an image that a child executes
 *   daemon N           forks twice, leaves its session, closes what is open above 2, then N of them
 *   kill FILE THREADS  a child, and THREADS threads in both: each keeps count in FILE, mapped, of
 * the events it has completed, until it is killed
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MARKED = 12345, SIZES = 1000, MAX_THREADS = 64 };

static void make(long count) {
    char line[64];
    void *volatile block;

    for (long i = 0; i < count; i++) {
        block = malloc(MARKED);
        free(block);
    }
    if (write(STDOUT_FILENO, line,
              (size_t)snprintf(line, sizeof line, "%d %ld\n", (int)getpid(), count)) < 0)
        abort();
}

static int fork_all(char *program, char *count) {
    for (int child = 0; child < 4; child++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            switch (child) {
            case 0:
                make(atol(count));
                exit(0);
            case 1:
                make(atol(count));
                _exit(0);
            case 2:
                execl(program, program, "count", count, (char *)NULL);
                abort();
            default:
                make(atol(count));
                return 0;
            }
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
            return 1;
    }
    make(atol(count));
    return 0;
}

static int become_daemon(long count) {
    make(1);
    if (fork() > 0)
        return 0;
    setsid();
    if (fork() > 0)
        _exit(0);
    if (chdir("/") != 0)
        return 1;
    for (int descriptor = (int)sysconf(_SC_OPEN_MAX) - 1; descriptor > STDERR_FILENO; descriptor--)
        close(descriptor);
    make(count);
    return 0;
}

/* Event n of a thread has size 1 + n % SIZES, and is followed by its free. */
struct counter {
    _Alignas(64) atomic_long completed;
    pid_t pid, tid;
};

static void *run_until_killed(void *argument) {
    struct counter *counter = argument;

    counter->pid = getpid();
    counter->tid = gettid();
    for (long i = 0;; i++) {
        void *volatile block = malloc((size_t)(1 + i % SIZES));

        atomic_store_explicit(&counter->completed, 2 * i + 1, memory_order_relaxed);
        free(block);
        atomic_store_explicit(&counter->completed, 2 * i + 2, memory_order_relaxed);
        if (i % 250 == 0) /* there are limits to what a test wants to read */
            usleep(1000);
    }
    return NULL;
}

static int wait_for_kill(const char *path, int count) {
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    size_t size = 2 * (size_t)count * sizeof(struct counter);
    pthread_t thread;

    if (count < 1 || count > MAX_THREADS || file < 0 || ftruncate(file, (off_t)size) != 0)
        return 1;
    struct counter *counters = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counters == MAP_FAILED)
        return 1;
    if (fork() == 0)
        counters += count;
    for (int i = 1; i < count; i++)
        pthread_create(&thread, NULL, run_until_killed, counters + i);
    run_until_killed(counters);
    return 1;
}

int main(int argc, char **argv) {
    const char *mode = argc > 2 ? argv[1] : "";

    if (strcmp(mode, "count") == 0)
        make(atol(argv[2]));
    else if (strcmp(mode, "fork") == 0)
        return fork_all(argv[0], argv[2]);
    else if (strcmp(mode, "daemon") == 0)
        return become_daemon(atol(argv[2]));
    else if (strcmp(mode, "kill") == 0 && argc > 3)
        return wait_for_kill(argv[2], atoi(argv[3]));
    else
        return 2;
    return 0;
}
