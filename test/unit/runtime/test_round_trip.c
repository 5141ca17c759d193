/* Events recorded in a child process by the real event path, writer and file, read back by the
 * analyzer's reader and compared one by one, at the boundaries of what a record can hold. */
#define _GNU_SOURCE
#include "record.h"
#include "sites.h"
#include "tags.h"
#include "thread.h"
#include "trace/decode.h"
#include "trace/trace.h"
#include "writer.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 3, EVENTS = 40000, SITES = 1000 };

#define HANDLER_SIZE 0x5151u

struct expected {
    uint64_t address, size, ticks, hash;
    uint32_t op;
};

struct log {
    struct expected events[THREADS][EVENTS];
    uint32_t thread_ids[THREADS];
    uint64_t in_handlers;
};

/* Sites as the pass lays them out: all references relative to where they stand. */
static struct {
    struct memtrack_site site[SITES];
    struct memtrack_frame frame[SITES];
    char function[SITES][16];
    char file[16];
} program;

static struct log *shared;
static char trace_path[64], log_path[64];

static void lay_out_sites(void) {
    strcpy(program.file, "program.c");
    for (int i = 0; i < SITES; i++) {
        struct memtrack_site *site = &program.site[i];
        struct memtrack_frame *frame = &program.frame[i];

        snprintf(program.function[i], sizeof program.function[i], "function_%d", i);
        site->hash = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(i + 1);
        site->frames = (int32_t)((char *)frame - (char *)&site->frames);
        site->frame_count = 1;
        site->api = MT_API_MALLOC;
        frame->function = (int32_t)(program.function[i] - (char *)&frame->function);
        frame->file = (int32_t)(program.file - (char *)&frame->file);
        frame->line = (uint32_t)i + 1;
    }
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The values on both sides of every limit, and ordinary ones. */
static uint64_t pick(const uint64_t *special, size_t count, uint64_t ordinary, uint64_t *random) {
    uint64_t choice = next_random(random) % 64;

    return choice < count ? special[choice] : next_random(random) % ordinary;
}

static uint64_t pick_size(uint64_t *random) {
    static const uint64_t special[] = {0,
                                       1,
                                       4095,
                                       4096,
                                       (1 << 24) - 1,
                                       1 << 24,
                                       (1 << 25) - 1,
                                       1 << 25,
                                       UINT32_MAX,
                                       (uint64_t)1 << 32,
                                       UINT64_MAX / 2};

    return pick(special, sizeof special / sizeof *special, 1000, random);
}

static uint64_t pick_address(uint64_t *random) {
    static const uint64_t special[] = {
        1, 15, 16, 0x7fffffffffff, 0x800000000000, 0xffffffffffff, 0x1000000000000, UINT64_MAX};

    return pick(special, sizeof special / sizeof *special, UINT64_C(1) << 47, random) | 1;
}

static uint64_t pick_pause(uint64_t *random) {
    static const uint64_t special[] = {0, 1, (1 << 28) - 1, 1 << 28, UINT64_C(1) << 33};

    return pick(special, sizeof special / sizeof *special, 200, random);
}

static void *record_thread(void *argument) {
    size_t self = (size_t)argument;
    struct expected *expected = shared->events[self];
    uint64_t random = self + 1, ticks = mt_clock_ticks();

    for (int i = 0; i < EVENTS; i++) {
        const struct memtrack_site *site = &program.site[next_random(&random) % SITES];
        struct mt_event events[2];
        unsigned count = 1;

        events[0].op = next_random(&random) % 2 ? MT_OP_FREE : MT_OP_ALLOC;
        if (i + 1 < EVENTS && next_random(&random) % 8 == 0) {
            events[0].op = MT_OP_REALLOC_FREE;
            events[1].op = MT_OP_REALLOC_ALLOC;
            count = 2;
        }
        for (unsigned e = 0; e < count; e++) {
            bool allocates = events[e].op == MT_OP_ALLOC || events[e].op == MT_OP_REALLOC_ALLOC;

            ticks += pick_pause(&random);
            events[e].address = (void *)pick_address(&random);
            events[e].size = allocates ? pick_size(&random) : 0;
            events[e].call = (uintptr_t)site;
            events[e].ticks = ticks;
            expected[i + (int)e] = (struct expected){(uintptr_t)events[e].address, events[e].size,
                                                     ticks, site->hash, events[e].op};
        }
        i += count == 2;
        mt_record_events(events, count);
        shared->thread_ids[self] = mt_local.thread->id;
    }
    return NULL;
}

static void on_signal(int number) {
    struct mt_event event = {MT_OP_ALLOC, (void *)0x1000, HANDLER_SIZE, (uintptr_t)&program.site[0],
                             mt_clock_ticks()};

    (void)number;
    mt_record_events(&event, 1);
    shared->in_handlers++;
}

/* Child: records on several threads at once. */
static int record_many(void) {
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, record_thread, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static _Atomic bool recorded;

static void *take_snapshots(void *argument) {
    size_t *taken = argument;

    while (!recorded) {
        *taken += mt_writer_snapshot(10000);
        usleep(100);
    }
    return NULL;
}

/* Child: records on several threads while parts of their buffers are written. */
static int record_beside_snapshots(void) {
    pthread_t thread;
    size_t taken = 0;

    pthread_create(&thread, NULL, take_snapshots, &taken);
    record_many();
    recorded = true;
    pthread_join(thread, NULL);
    return taken > 0 ? 0 : 1;
}

/* Child: records while signal handlers that record, too, interrupt it wherever they happen to. All
 * of it under a tag. */
static int record_under_signals(void) {
    const struct itimerval often = {{0, 20}, {0, 20}};
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGALRM, &action, NULL);
    mt_tags_use(&mt_local, mt_tags_push(0, "tag"));
    for (int round = 0; round < 50; round++) {
        /* After the first full buffer: a handler that is the first to have one would start the
         * writer's thread, which is a known limit, see docs/runtime.md. */
        if (round == 1)
            setitimer(ITIMER_REAL, &often, NULL);
        for (int i = 0; i < EVENTS; i++) {
            struct mt_event event = {MT_OP_ALLOC, (void *)(uintptr_t)(16 * (i + 1)), (uint64_t)i,
                                     (uintptr_t)&program.site[i % SITES], mt_clock_ticks()};

            mt_record_events(&event, 1);
        }
    }
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    shared->thread_ids[0] = mt_local.thread->id;
    return 0;
}

static struct log *map_log(const char *path) {
    FILE *file = fopen(path, "r+");
    void *memory =
        mmap(NULL, sizeof(struct log), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);

    fclose(file);
    return memory;
}

static void run_child(const char *what) {
    char options[128];
    int status;

    snprintf(options, sizeof options, "output=%s", trace_path);
    memset(shared, 0, sizeof *shared);
    if (fork() == 0) {
        setenv("MEMTRACK_OPTIONS", options, 1);
        execl("/proc/self/exe", "test", what, log_path, NULL);
        _exit(127);
    }
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
}

/* Calls `visit` for each event of the thread, in order; returns their number. */
static size_t each_event(const struct trace *trace, uint32_t thread,
                         void (*visit)(const struct trace *, const struct event *, size_t)) {
    struct payload payload = {0};
    struct predictor *predictor = NULL;
    size_t number = 0;

    for (size_t s = 0; s < trace->reader.stream_count; s++) {
        const struct stream *stream = &trace->reader.streams[s];
        uint32_t block = stream->thread == thread ? stream->first_block : MT_NO_BLOCK;

        for (; block != MT_NO_BLOCK; block = trace->reader.blocks[block].next) {
            static struct event events[MT_DECODE_CHUNK];
            uint64_t offset = trace->reader.blocks[block].offset;
            struct mt_block_header header = reader_block_header(&trace->reader, offset);
            struct decoder decoder;
            struct error error;
            size_t count;
            bool fault = false;

            assert_true(reader_payload(&trace->reader, offset, &payload, &error));
            assert_int_equal(header.first_event, number);
            if (!decode_begin(&decoder, payload.bytes, payload.size, &header, 0, 0, &predictor,
                              &error))
                fail_msg("%s", error.text);
            while ((count = decode_chunk(&decoder, events, &fault, &error)))
                for (size_t i = 0; i < count; i++)
                    visit(trace, &events[i], number++);
            assert_false(fault);
        }
    }
    predict_free(predictor);
    payload_free(&payload);
    return number;
}

static size_t thread_index;

static void compare(const struct trace *trace, const struct event *event, size_t number) {
    const struct expected *expected = &shared->events[thread_index][number];

    assert_in_range(number, 0, EVENTS - 1);
    assert_int_equal(event->op, expected->op);
    assert_int_equal(event->address, expected->address);
    assert_int_equal(event->size, expected->size);
    /* Not later, and to a microsecond. */
    assert_true(event->ticks <= expected->ticks);
    assert_true((double)(expected->ticks - event->ticks) * trace->defs.ns_per_tick < 1100);
    assert_int_equal(defs_site(&trace->defs, defs_context(&trace->defs, event->context))->hash,
                     expected->hash);
}

static void open_sound(struct trace *trace) {
    struct error error;

    if (!trace_open(trace, trace_path, &error))
        fail_msg("%s", error.text);
    assert_true(trace->defs.end.present);
    assert_int_equal(trace->reader.lost_events, 0);
    assert_int_equal(trace->reader.damage.bytes, 0);
}

static void expect_every_field(const char *child) {
    struct trace trace;

    run_child(child);
    open_sound(&trace);
    for (thread_index = 0; thread_index < THREADS; thread_index++)
        assert_int_equal(each_event(&trace, shared->thread_ids[thread_index], compare), EVENTS);
    assert_int_equal(trace.defs.end.events, THREADS * EVENTS);
    assert_int_equal(trace.defs.end.lost, 0);
    assert_string_equal(trace.defs.sites.items[1].frames[0].file, "program.c");
    trace_close(&trace);
}

static void keeps_every_field(void **state) {
    (void)state;
    expect_every_field("many");
}

static void keeps_every_field_beside_snapshots(void **state) {
    (void)state;
    expect_every_field("snapshots");
}

static size_t own_events, handler_events;

static void count_sources(const struct trace *trace, const struct event *event, size_t number) {
    uint32_t context = defs_context(&trace->defs, event->context);

    (void)number;
    assert_true(defs_site(&trace->defs, trace->defs.contexts.items[context].parent)->flags &
                MT_SITE_TAG);
    if (event->size == HANDLER_SIZE && event->address == 0x1000) {
        handler_events++;
        return;
    }
    assert_int_equal(event->size, own_events % EVENTS);
    assert_int_equal(event->address, 16 * (own_events % EVENTS + 1));
    own_events++;
}

static void loses_nothing_to_signals(void **state) {
    struct trace trace;

    (void)state;
    run_child("signals");
    open_sound(&trace);
    each_event(&trace, shared->thread_ids[0], count_sources);
    assert_int_equal(own_events, 50 * EVENTS);
    /* Those that find the list full are counted. */
    assert_int_equal(handler_events + trace.defs.end.lost, shared->in_handlers);
    assert_true(handler_events > 0);
    trace_close(&trace);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_field),
        cmocka_unit_test(keeps_every_field_beside_snapshots),
        cmocka_unit_test(loses_nothing_to_signals),
    };
    int failed;

    lay_out_sites();
    if (argc == 3) {
        shared = map_log(argv[2]);
        return strcmp(argv[1], "signals") == 0     ? record_under_signals()
               : strcmp(argv[1], "snapshots") == 0 ? record_beside_snapshots()
                                                   : record_many();
    }
    snprintf(trace_path, sizeof trace_path, "/tmp/memtrack-test-%d.mtrace", (int)getpid());
    snprintf(log_path, sizeof log_path, "/tmp/memtrack-test-%d.log", (int)getpid());
    fclose(fopen(log_path, "w"));
    if (truncate(log_path, sizeof *shared) != 0)
        return 1;
    shared = map_log(log_path);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(trace_path);
    unlink(log_path);
    return failed;
}
