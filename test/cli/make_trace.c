/* Writes the traces that the tests here read: make_trace KIND FILE [EVENTS [THREADS]]
 * For the kinds of make_chains, the number is that of contexts. */
#include "make_advice.h"
#include "make_chains.h"
#include "make_complete.h"
#include "make_leaks.h"
#include "make_profile.h"
#include "make_views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct built_frame loader[] = {
    {"_ZNSt6vectorIiSaIiEE9push_backERKi", "/usr/include/c++/12/bits/stl_vector.h", 1280, 4, 0},
    {"load", "src/load.cc", 41, 17, 0},
};
static const struct built_frame cache[] = {{"cache_insert", "src/cache.c", 88, 12, 0}};
static const struct built_frame main_frame[] = {{"main", "src/main.c", 12, 3, 0}};

static void define(struct builder *builder) {
    static const char command[] = "demo\0--fast\0input.txt";

    builder_process(builder, "executable", "/opt/demo/bin/demo", 18);
    builder_process(builder, "command", command, sizeof(command));
    builder_process(builder, "host", "example", 7);
    builder_clock(builder, 1000, 1000, 1700000000000000000);
    builder_site(builder, 1, 0xaaaa, 1, 0, NULL, main_frame, 1);
    builder_site(builder, 2, 0xbbbb, 2, 0, "int", loader, 2);
    builder_site(builder, 3, 0xcccc, 1, 0, "struct entry", cache, 1);
    builder_context(builder, 1, 0, 1);
    builder_context(builder, 2, 1, 2);
    builder_context(builder, 3, 1, 3);
    builder_thread(builder, 1, 4321, "demo");
    builder_thread(builder, 2, 4322, "worker");
}

/* 4 allocations of 6,144 bytes in all by two threads; the peak of 6,144 bytes at 2 ms; 1,024
 * leaked. */
static void add_demo_events(struct builder *builder) {
    static const struct built_event first[] = {
        {MT_OP_ALLOC, 2, 0x7f0000001000, 4096, 1001000},
        {MT_OP_ALLOC, 3, 0x7f0000003000, 1024, 2001000},
        {MT_OP_FREE, 1, 0x7f0000001000, 0, 3001000},
    };
    static const struct built_event second[] = {
        {MT_OP_ALLOC, 3, 0x7f0000002000, 512, 1501000},
        {MT_OP_REALLOC_FREE, 3, 0x7f0000002000, 0, 1601000},
        {MT_OP_REALLOC_ALLOC, 3, 0x7f0000002000, 1024, 1601500},
        {MT_OP_FREE, 3, 0x7f0000002000, 0, 2501000},
    };

    if (builder->version >= 4) {
        builder_predicted_events(builder, 1, first, 3, 2);
        builder_predicted_events(builder, 2, second, 4, 2);
    } else {
        builder_events(builder, 1, first, 3);
        builder_events(builder, 2, second, 4);
    }
}

static void make_foreign(struct builder *builder) {
    static const char text[] = "\x7f"
                               "ELF\x02\x01\x01 this is a program, not a trace of one\n";

    bytes_add(&builder->file, text, sizeof(text) - 1);
}

static void make_random(struct builder *builder) {
    for (int i = 0; i < 100000; i++) {
        uint8_t byte = (uint8_t)(rand() >> 7);

        bytes_add(&builder->file, &byte, 1);
    }
}

/* The cut goes through the second thread's block. */
static void make_cut(struct builder *builder) {
    builder_begin(builder);
    define(builder);
    add_demo_events(builder);
    builder->file.size -= 10;
}

static void make_demo(struct builder *builder, int end) {
    builder_begin(builder);
    define(builder);
    add_demo_events(builder);
    if (end)
        builder_end(builder, 5001000);
}

/* The same, of the version with predicted columns. */
static void make_predicted(struct builder *builder) {
    builder_begin_version(builder, 4);
    define(builder);
    add_demo_events(builder);
    builder_end(builder, 5001000);
}

static void make_newer(struct builder *builder) {
    make_demo(builder, 1);
    builder->file.data[8] = 9;
    builder_reseal_file_header(builder);
}

/* Allocations recorded with one chance in four. */
static void make_sampled(struct builder *builder) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 2, 0x1000, 64 | 16384ull << 48, 2000},
        {MT_OP_ALLOC, 3, 0x2000, 32 | 16384ull << 48, 3000},
        {MT_OP_FREE, 3, 0x1000, 0, 4000},
    };

    builder_begin(builder);
    define(builder);
    builder_process_text(builder, "sample", "tiered:");
    builder_events(builder, 1, events, 3);
    builder_end(builder, 5001000);
}

/* By its clock, the last events are 1.5 * 10^19 ns after the first ones. */
static void make_far(struct builder *builder) {
    builder_begin(builder);
    builder->file.data[offsetof(struct mt_file_header, flags)] = MT_FILE_CLOCK_TSC;
    builder_reseal_file_header(builder);
    define(builder);
    builder_clock(builder, 1001000, 5000000000000000000, 1700000000000000001);
    add_demo_events(builder);
    builder_end(builder, 5001000);
}

/* As if this process were the one that was recorded. */
static void make_own(struct builder *builder) {
    uint32_t pid = (uint32_t)getpid();

    make_demo(builder, 1);
    memcpy(builder->file.data + offsetof(struct mt_file_header, pid), &pid, sizeof(pid));
    builder_reseal_file_header(builder);
}

static void make_dropped(struct builder *builder) {
    make_demo(builder, 0);
    builder_loss(builder, 1, 1234, MT_LOSS_BUFFERS_FULL);
    builder_end(builder, 5001000);
}

enum { BATCH = 65536, LIVE = 100000 };

/* One thread's part of a large trace: a churn over sizes, contexts and addresses as a busy
 * program's, with each time a little later. */
struct churn {
    uint64_t ticks;
    uint64_t state;
    uint32_t thread;
    uint32_t *size_of; /* by slot, 0 if free */
};

static uint64_t churn_random(struct churn *churn) {
    churn->state ^= churn->state << 13;
    churn->state ^= churn->state >> 7;
    churn->state ^= churn->state << 17;
    return churn->state;
}

static void churn_event(struct churn *churn, struct built_event *event) {
    uint64_t random = churn_random(churn);
    /* Most of what is freed is young. */
    uint32_t slot = (uint32_t)(random % 8 ? (random >> 8) % 500 : (random >> 8) % LIVE);
    uint32_t *size = &churn->size_of[slot];

    *event = (struct built_event){
        .op = *size ? MT_OP_FREE : MT_OP_ALLOC,
        .context = 1 + (uint32_t)((random >> 40) % 1000),
        .address = ((uint64_t)churn->thread << 40) + (uint64_t)slot * 208,
        .size = 8 + (random >> 50) % 200,
        .ticks = churn->ticks += 20 + (random >> 32) % 100,
    };
    *size = *size ? 0 : 1;
}

static void make_large(struct builder *builder, uint64_t events, uint32_t threads) {
    struct built_event *batch = calloc(BATCH, sizeof(*batch));
    struct churn *churns = calloc(threads, sizeof(*churns));

    builder_begin(builder);
    builder->compress = 1;
    for (uint32_t i = 1; i <= 1000; i++)
        builder_simple_context(builder, i);
    for (uint32_t i = 0; i < threads; i++)
        churns[i] = (struct churn){
            .ticks = 2000,
            .state = 88172645463325252 + i,
            .thread = i + 1,
            .size_of = calloc(LIVE, sizeof(uint32_t)),
        };
    for (uint64_t done = 0; done < events; done += BATCH) {
        struct churn *churn = &churns[done / BATCH % threads];

        for (int i = 0; i < BATCH; i++)
            churn_event(churn, &batch[i]);
        builder_events(builder, churn->thread, batch, BATCH);
    }
    for (uint32_t i = 0; i < threads; i++)
        free(churns[i].size_of);
    free(churns);
    free(batch);
}

static int make(struct builder *builder, const char *kind, uint64_t events, uint32_t threads) {
    *builder = (struct builder){0};
    if (strcmp(kind, "demo") == 0)
        make_demo(builder, 1);
    else if (strcmp(kind, "killed") == 0)
        make_demo(builder, 0);
    else if (strcmp(kind, "cut") == 0)
        make_cut(builder);
    else if (strcmp(kind, "predicted") == 0)
        make_predicted(builder);
    else if (strcmp(kind, "newer") == 0)
        make_newer(builder);
    else if (strcmp(kind, "far") == 0)
        make_far(builder);
    else if (strcmp(kind, "sampled") == 0)
        make_sampled(builder);
    else if (strcmp(kind, "own") == 0)
        make_own(builder);
    else if (strcmp(kind, "dropped") == 0)
        make_dropped(builder);
    else if (strcmp(kind, "foreign") == 0)
        make_foreign(builder);
    else if (strcmp(kind, "random") == 0)
        make_random(builder);
    else if (strcmp(kind, "large") == 0)
        make_large(builder, events, threads);
    else if (strcmp(kind, "empty") != 0)
        return make_complete(builder, kind) || make_leaks(builder, kind) ||
               make_profile(builder, kind) || make_views(builder, kind) ||
               make_advice(builder, kind) || make_chains(builder, kind, events);
    return 1;
}

int main(int count, char **arguments) {
    struct builder builder;
    FILE *file;

    if (count < 3 || !make(&builder, arguments[1], count > 3 ? strtoull(arguments[3], NULL, 10) : 0,
                           count > 4 ? (uint32_t)atoi(arguments[4]) : 1)) {
        fputs("usage: make_trace KIND FILE [EVENTS [THREADS]]\n", stderr);
        return 2;
    }
    file = fopen(arguments[2], "w");
    if (!file || fwrite(builder.file.data, 1, builder.file.size, file) != builder.file.size ||
        fclose(file) != 0) {
        perror(arguments[2]);
        return 1;
    }
    builder_free(&builder);
    return 0;
}
