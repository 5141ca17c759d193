#include "make_views.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MS UINT64_C(1000000)

enum { LOAD = 1, CACHE, SCRATCH };

static const struct built_frame frames[] = {
    {"load", "src/load.c", 10, 1, 0},
    {"cache", "src/cache.c", 20, 1, 0},
    {"scratch", "src/work.c", 30, 1, 0},
};

/* 3 threads, of which two have a name in common; 3 phases; 10 ms. `sample` may be NULL. */
static void define(struct builder *builder, const char *sample) {
    builder_begin(builder);
    builder_process_text(builder, "executable", "/opt/views");
    builder_process_text(builder, "capture", "interposed");
    if (sample)
        builder_process_text(builder, "sample", sample);
    builder_clock(builder, 1000, 1000, 1700000000000000000);
    for (uint32_t i = 0; i < COUNT(frames); i++) {
        builder_site(builder, i + 1, 0x100 + i, 1, 0, NULL, &frames[i], 1);
        builder_context(builder, i + 1, 0, i + 1);
    }
    builder_thread(builder, 1, 4321, "main");
    builder_thread(builder, 2, 4322, "worker");
    builder_thread(builder, 3, 4323, "worker");
    builder_mark(builder, 1000 + MS / 2, 1, MT_MARK_PHASE, "start");
    builder_mark(builder, 1000 + 5 * MS / 2, 1, MT_MARK_PHASE, "work");
    builder_mark(builder, 1000 + 17 * MS / 2, 1, MT_MARK_PHASE, "end");
}

/* The peak of 21,016 bytes is at 3 ms; 6 ms after the start, thread 2 frees what 1 allocated. */
static void add_events(struct builder *builder, uint64_t probability) {
    const uint64_t p = probability << 48;
    const struct built_event first[] = {
        {MT_OP_ALLOC, LOAD, 0x10000, 1000 | p, 1000 + MS},
        {MT_OP_ALLOC, CACHE, 0x20000, 16 | p, 1000 + 2 * MS},
    };
    const struct built_event second[] = {
        {MT_OP_ALLOC, SCRATCH, 0x30000, 20000 | p, 1000 + 3 * MS},
        {MT_OP_FREE, SCRATCH, 0x30000, 0, 1000 + 7 * MS / 2},
        {MT_OP_FREE, SCRATCH, 0x10000, 0, 1000 + 6 * MS},
        {MT_OP_ALLOC, SCRATCH, 0x30000, 20000 | p, 1000 + 7 * MS},
        {MT_OP_FREE, SCRATCH, 0x30000, 0, 1000 + 15 * MS / 2},
        {MT_OP_FREE, SCRATCH, 0x40000, 0, 1000 + 8 * MS},
    };
    const struct built_event third[] = {{MT_OP_ALLOC, SCRATCH, 0x40000, 500 | p, 1000 + 4 * MS}};

    builder_events(builder, 1, first, COUNT(first));
    builder_events(builder, 2, second, COUNT(second));
    builder_events(builder, 3, third, COUNT(third));
    builder_end(builder, 1000 + 10 * MS);
}

/* A process of a tree: it begins so many ms after the first, and one block lives for a ms. */
static void make_process(struct builder *builder, uint64_t id, uint64_t parent, uint64_t begin_ms) {
    const struct built_event events[] = {
        {MT_OP_ALLOC, LOAD, 0x10000, 1000 * id, 1000 + MS},
        {MT_OP_FREE, LOAD, 0x10000, 0, 1000 + 2 * MS},
    };
    uint64_t start = UINT64_C(1700000000000000000) + begin_ms * MS;
    uint32_t pid = 100 + (uint32_t)id;

    builder_begin(builder);
    builder_ids(builder, id, parent);
    memcpy(builder->file.data + offsetof(struct mt_file_header, pid), &pid, sizeof(pid));
    memcpy(builder->file.data + offsetof(struct mt_file_header, start_realtime_ns), &start,
           sizeof(start));
    builder_reseal_file_header(builder);
    builder_process_text(builder, "executable", "/opt/tree");
    builder_clock(builder, 1000, 1000, start);
    builder_site(builder, 1, 0x100, 1, 0, NULL, &frames[0], 1);
    builder_context(builder, LOAD, 0, 1);
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 1000 + 4 * MS);
}

int make_views(struct builder *builder, const char *kind) {
    if (strcmp(kind, "views") == 0) {
        define(builder, NULL);
        add_events(builder, 0);
    } else if (strcmp(kind, "views-sampled") == 0) {
        define(builder, "tiered:x");
        add_events(builder, 0x8000);
    } else if (strcmp(kind, "tree-parent") == 0) {
        make_process(builder, 1, 0, 0);
    } else if (strcmp(kind, "tree-child") == 0) {
        make_process(builder, 2, 1, 4);
    } else {
        return 0;
    }
    return 1;
}
