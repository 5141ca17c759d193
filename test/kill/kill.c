/* kill ROUNDS SEED PROGRAM DIRECTORY: runs the victim ROUNDS times, kills it with SIGKILL at a
 * random moment and compares the trace that is left, live file included, with the victim's own log:
 * every event completed before is there, in order, with its function. */
#define _GNU_SOURCE
#include "log.h"
#include "trace/merge.h"
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct log *shared;
static char trace_path[4096], log_path[4096];

struct tally {
    uint64_t compared[LOG_THREADS];
    uint64_t joined;
};

static bool fail(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return false;
}

static double uniform(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (double)(*random >> 11) / (double)(UINT64_C(1) << 53);
}

static void run_and_kill(const char *program, double seconds) {
    struct timespec delay = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    pid_t child = fork();
    int status;

    if (child == 0) {
        execl(program, program, log_path, NULL);
        _exit(127);
    }
    nanosleep(&delay, NULL);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) {
        fail("%s ended by itself", program);
        exit(1);
    }
}

/* Which of the logged threads made the stream, or -1. */
static int logged_thread(const struct trace *trace, uint32_t stream) {
    uint32_t id = trace->reader.streams[stream].thread;
    const struct thread_def *thread = defs_thread(&trace->defs, id);

    for (int i = 0; thread && i < LOG_THREADS; i++)
        if (shared->threads[i].tid == thread->tid)
            return i;
    return -1;
}

static bool function_is(const struct trace *trace, uint32_t id, const char *name) {
    const struct site *site = defs_site(&trace->defs, defs_context(&trace->defs, id));

    return strcmp(site->frames[site->frame_count - 1].function, name) == 0;
}

static bool chain_is(const struct trace *trace, const struct log_event *logged, uint32_t id) {
    const struct defs *defs = &trace->defs;
    uint32_t index = defs_context(defs, id);
    unsigned depth = 0;
    char name[16];

    snprintf(name, sizeof name, "alloc_%u", logged->function);
    if (!function_is(trace, id, name))
        return false;
    for (index = defs->contexts.items[index].parent; index;
         index = defs->contexts.items[index].parent) {
        const struct site *site = defs_site(defs, index);

        if (strcmp(site->frames[site->frame_count - 1].function, "descend") != 0)
            break;
        depth++;
    }
    return depth == logged->depth && index;
}

static bool compare(const struct trace *trace, const struct event *event, int thread,
                    struct tally *tally) {
    const struct log_thread *log = &shared->threads[thread];
    const struct log_event *logged;
    uint64_t at = tally->compared[thread]++;

    /* Recorded, but not written down any more; both halves of a realloc at the most. */
    if (at >= log->count)
        return at < log->count + 2 || fail("thread %d has events it did not make", thread);
    logged = &log->events[at];
    if (event->address != logged->address || event->size != logged->size || event->op != logged->op)
        return fail("thread %d, event %llu of %llu differs", thread, (unsigned long long)at,
                    (unsigned long long)log->count);
    if (logged->op == MT_OP_ALLOC && !chain_is(trace, logged, event->context))
        return fail("thread %d, event %llu has another context", thread, (unsigned long long)at);
    return true;
}

static bool compare_all(struct trace *trace, struct tally *tally) {
    struct merge merge;
    struct error error;
    const struct event *events;
    size_t count = 1;
    bool good = merge_begin(&merge, &trace->reader, &error);

    while (good && count) {
        good = merge_next(&merge, &events, &count, &error);
        for (size_t i = 0; good && i < count; i++) {
            int thread = logged_thread(trace, events[i].stream);

            good = thread < 0 || compare(trace, &events[i], thread, tally);
        }
    }
    merge_end(&merge);
    if (trace->reader.damage.count)
        good = fail("damaged: %s", trace->reader.damage.places[0].rule);
    for (int i = 0; good && i < LOG_THREADS; i++)
        if (tally->compared[i] < shared->threads[i].count)
            good = fail("thread %d has lost the last %llu of %llu events", i,
                        (unsigned long long)(shared->threads[i].count - tally->compared[i]),
                        (unsigned long long)shared->threads[i].count);
    return good;
}

static bool check(struct tally *tally) {
    struct trace trace;
    struct error error;
    uint64_t logged = 0;
    bool good;

    for (int i = 0; i < LOG_THREADS; i++)
        logged += shared->threads[i].count;
    if (access(trace_path, F_OK) != 0)
        return logged == 0 || fail("no trace of %llu events", (unsigned long long)logged);
    if (!trace_open(&trace, trace_path, &error))
        return logged == 0 || fail("%s", error.text);
    good = compare_all(&trace, tally);
    tally->joined = trace.reader.joined_events;
    trace_close(&trace);
    return good;
}

static bool make_log(void) {
    int file = open(log_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || ftruncate(file, sizeof *shared) != 0)
        return false;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return shared != MAP_FAILED;
}

static void clear_log(void) {
    int file = open(log_path, O_RDWR);

    if (ftruncate(file, 0) != 0 || ftruncate(file, sizeof *shared) != 0)
        exit(1);
    close(file);
}

int main(int argc, char **argv) {
    uint64_t random = argc == 5 ? strtoull(argv[2], NULL, 10) * 2654435761u + 1 : 0;
    long rounds = argc == 5 ? strtol(argv[1], NULL, 10) : 0;
    uint64_t events = 0, joined = 0;
    char options[4200];

    if (rounds <= 0) {
        fputs("usage: kill ROUNDS SEED PROGRAM DIRECTORY\n", stderr);
        return 2;
    }
    snprintf(trace_path, sizeof trace_path, "%s/kill.mtrace", argv[4]);
    snprintf(log_path, sizeof log_path, "%s/kill.log", argv[4]);
    snprintf(options, sizeof options, "output=%s", trace_path);
    setenv("MEMTRACK_OPTIONS", options, 1);
    if (!make_log()) {
        perror(log_path);
        return 1;
    }
    for (long round = 0; round < rounds; round++) {
        struct tally tally = {{0}, 0};
        /* A third of them within the first moments. */
        double seconds =
            uniform(&random) < 1 / 3. ? uniform(&random) * 0.005 : uniform(&random) * 0.15;

        unlink(trace_path);
        clear_log();
        run_and_kill(argv[3], seconds);
        if (!check(&tally)) {
            fprintf(stderr, "round %ld, killed after %.6f s; see %s\n", round, seconds, argv[4]);
            return 1;
        }
        for (int i = 0; i < LOG_THREADS; i++)
            events += shared->threads[i].count;
        joined += tally.joined;
    }
    printf("%ld rounds, %llu events, %llu of them from live files\n", rounds,
           (unsigned long long)events, (unsigned long long)joined);
    unlink(log_path);
    return 0;
}
