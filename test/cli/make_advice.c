#include "make_advice.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 3000, ROUND_NS = 10000, EACH = 4, CHAIN = 50, MAX_EVENTS = 64 * ROUNDS };

enum { MAIN = 1, REMEMBER, FORMAT, SEND, SERVE, APPEND, POINT, RECORD, PARSE, FREE };

enum { NOTHING, ALL, LOADS_BLOCKS, LOADS_BYTES };

struct script {
    struct built_event *events[2]; /* of two threads */
    size_t counts[2];
    uint64_t ticks;
};

static void add(struct script *script, int thread, uint8_t op, uint32_t context, uint64_t address,
                uint64_t size) {
    script->events[thread][script->counts[thread]++] =
        (struct built_event){op, context, address, size, script->ticks};
    script->ticks += 100;
}

static uint64_t address_of(uint32_t context, uint64_t index) {
    return ((uint64_t)context << 32) + 0x10000 * (index + 1);
}

static void define(struct builder *builder) {
    static const struct built_frame frames[] = {
        {"main", "src/main.c", 12, 3, 0},        {"remember", "src/log.c", 20, 3, 0},
        {"format", "src/log.c", 31, 3, 0},       {"send", "src/queue.c", 44, 3, 0},
        {"serve", "src/server.c", 55, 3, 0},     {"append", "src/buffer.c", 66, 3, 0},
        {"make_point", "src/point.c", 77, 3, 0}, {"read_record", "src/record.c", 88, 3, 0},
        {"parse", "src/parse.c", 99, 3, 0},      {"drop", "src/server.c", 60, 3, 0},
    };

    builder_begin(builder);
    builder_process_text(builder, "executable", "/opt/server");
    builder_clock(builder, 1000, 1000, 1700000000000000000);
    for (uint32_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        builder_site(builder, i + 1, 300 + i, 1, i ? 0 : 2, NULL, &frames[i], 1);
        builder_context(builder, i + 1, i ? MAIN : 0, i + 1);
    }
    builder_thread(builder, 1, 4321, "server");
    builder_thread(builder, 2, 4322, "sender");
}

/* A buffer that is moved by each of its steps. */
static void append(struct script *script, uint64_t round) {
    uint64_t step = round % CHAIN;

    if (step == 0) {
        add(script, 0, MT_OP_ALLOC, APPEND, address_of(APPEND, 0), 10);
        return;
    }
    add(script, 0, MT_OP_REALLOC_FREE, APPEND, address_of(APPEND, step - 1), 0);
    add(script, 0, MT_OP_REALLOC_ALLOC, APPEND, address_of(APPEND, step), 10 + 10 * step);
    if (step == CHAIN - 1)
        add(script, 0, MT_OP_FREE, FREE, address_of(APPEND, step), 0);
}

static void read_record(struct script *script) {
    add(script, 0, MT_OP_ALLOC, RECORD, address_of(RECORD, 0), 1000);
    add(script, 0, MT_OP_REALLOC_FREE, RECORD, address_of(RECORD, 0), 0);
    add(script, 0, MT_OP_REALLOC_ALLOC, RECORD, address_of(RECORD, 0), 100);
    add(script, 0, MT_OP_FREE, FREE, address_of(RECORD, 0), 0);
}

/* What is allocated together and then freed. */
static void batch(struct script *script, uint32_t context, uint64_t size, int freeing_thread) {
    for (uint64_t i = 0; i < EACH; i++)
        add(script, 0, MT_OP_ALLOC, context, address_of(context, i), size);
    script->ticks += 500;
    for (uint64_t i = 0; i < EACH; i++)
        add(script, freeing_thread, MT_OP_FREE, FREE, address_of(context, i), 0);
    script->ticks += 500;
}

/* Twice as many blocks are kept as freed; or few, which are larger than what is freed. */
static void load(struct script *script, uint64_t round, int what) {
    uint64_t count = what == LOADS_BLOCKS ? 2 * EACH : 1;

    for (uint64_t i = 0; i < count; i++)
        add(script, 0, MT_OP_ALLOC, REMEMBER, address_of(REMEMBER, round * count + i),
            what == LOADS_BLOCKS ? 20 : 1000);
}

static void add_round(struct script *script, uint64_t round, int what) {
    script->ticks = 2000 + round * ROUND_NS;
    batch(script, SERVE, 200, 0);
    if (what == LOADS_BLOCKS || what == LOADS_BYTES)
        load(script, round, what);
    if (what != ALL)
        return;
    add(script, 0, MT_OP_ALLOC, REMEMBER, address_of(REMEMBER, round), 100);
    for (int i = 0; i < EACH; i++) {
        add(script, 0, MT_OP_ALLOC, FORMAT, address_of(FORMAT, 0), 64);
        add(script, 0, MT_OP_FREE, FREE, address_of(FORMAT, 0), 0);
    }
    batch(script, SEND, 300, 1);
    for (int i = 0; i < 2; i++)
        batch(script, POINT, 8, 0);
    append(script, round);
    read_record(script);
}

static void make(struct builder *builder, int what, uint64_t dropped) {
    struct script script = {0};

    for (int thread = 0; thread < 2; thread++)
        script.events[thread] = calloc(MAX_EVENTS, sizeof(struct built_event));
    define(builder);
    for (uint64_t round = 0; round < ROUNDS; round++)
        add_round(&script, round, what);
    for (uint32_t thread = 0; thread < 2; thread++) {
        if (script.counts[thread])
            builder_events(builder, thread + 1, script.events[thread], script.counts[thread]);
        free(script.events[thread]);
    }
    if (dropped)
        builder_loss(builder, 1, dropped, MT_LOSS_BUFFERS_FULL);
    builder_end(builder, 2000 + (uint64_t)ROUNDS * ROUND_NS);
}

int make_advice(struct builder *builder, const char *kind) {
    if (strcmp(kind, "advice") == 0)
        make(builder, ALL, 0);
    else if (strcmp(kind, "advice-dropped") == 0)
        make(builder, ALL, 1);
    else if (strcmp(kind, "no-advice") == 0)
        make(builder, NOTHING, 0);
    else if (strcmp(kind, "loads-blocks") == 0)
        make(builder, LOADS_BLOCKS, 0);
    else if (strcmp(kind, "loads-bytes") == 0)
        make(builder, LOADS_BYTES, 0);
    else
        return 0;
    return 1;
}
