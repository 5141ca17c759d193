#define _GNU_SOURCE
#include "make_complete.h"

#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MAIN = 1, SERVE, PARSE, NEW, NEW_ARRAY, FREE, DELETE, TAGS, FOREIGN };

static void define(struct builder *builder) {
    static const struct built_frame frames[] = {
        {"main", "src/main.c", 12, 3, 0},
        {"serve", "src/server.c", 41, 3, 0},
        {"parse_header", "src/http.c", 88, 3, 0},
        {"_ZN4Node4makeEv", "src/node.cc", 7, 3, 0},
        {"_ZN4Node5makesEi", "src/node.cc", 9, 3, 0},
        {"drop", "src/http.c", 99, 3, 0},
        {"_ZN4NodeD2Ev", "src/node.cc", 20, 3, 0},
    };
    static const uint8_t apis[] = {0, 0, 1, 2, 3, 1, 2};

    builder_begin(builder);
    builder_process_text(builder, "executable", "/opt/server");
    builder_clock(builder, 1000, 1000, 1700000000000000000);
    for (uint32_t i = 0; i < COUNT(frames); i++)
        builder_site(builder, i + 1, 200 + i, apis[i], apis[i] ? 0 : 2, NULL, &frames[i], 1);
    builder_thread(builder, 1, 4321, "server");
}

/* 100 bytes under `request 17` in `worker`, 10 under no tag. */
static void make_tags(struct builder *builder) {
    static const char *const tags[] = {"request 17", "worker"};
    static const struct built_context contexts[] = {
        {1, 0, MAIN}, {2, 1, SERVE}, {3, 2, PARSE}, {4, 2, TAGS}, {5, 4, PARSE}};
    static const struct built_event events[] = {{MT_OP_ALLOC, 3, 0x1000, 10, 2000},
                                                {MT_OP_ALLOC, 5, 0x2000, 100, 3000}};

    define(builder);
    builder_tags(builder, TAGS, tags, 2);
    builder_contexts(builder, contexts, COUNT(contexts));
    builder_events(builder, 1, events, COUNT(events));
    builder_mark(builder, 1002000, 1, MT_MARK_PHASE, "load");
    builder_mark(builder, 1003000, 1, MT_MARK_PHASE, "serve");
    builder_end(builder, 2001000);
}

enum { BLOCK = 0x55aa1000, NODE = 0x55aa2000, NODES = 0x55aa3000, STACK = 0x7ffe4018 };

/* Contexts by the numbers of their sites; calls in main. */
static void define_contexts(struct builder *builder, const char *capture) {
    define(builder);
    builder_process_text(builder, "capture", capture);
    for (uint32_t site = MAIN; site <= DELETE; site++)
        builder_context(builder, site, site > MAIN && site < FREE ? MAIN : 0, site);
}

/* A double free, twice; a free of the stack; one of an inner pointer; new and free, new[] and
 * delete. */
static void make_errors(struct builder *builder, const char *capture) {
    static const struct built_event events[] = {
        {MT_OP_ALLOC, PARSE, BLOCK, 100, 1001000},     {MT_OP_FREE, FREE, BLOCK, 0, 1101000},
        {MT_OP_FREE, FREE, BLOCK, 0, 1201000},         {MT_OP_FREE, FREE, BLOCK, 0, 1301000},
        {MT_OP_FREE, FREE, STACK, 0, 1401000},         {MT_OP_ALLOC, NEW, NODE, 48, 1501000},
        {MT_OP_FREE, DELETE, NODE + 8, 0, 1601000},    {MT_OP_FREE, FREE, NODE, 0, 1701000},
        {MT_OP_ALLOC, NEW_ARRAY, NODES, 480, 1801000}, {MT_OP_FREE, DELETE, NODES, 0, 1901000},
    };

    define_contexts(builder, capture);
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 2001000);
}

/* 100 bytes and a node when it forked, at 2 ms; then another 100 bytes. */
static void make_parent(struct builder *builder) {
    static const struct built_event events[] = {{MT_OP_ALLOC, PARSE, BLOCK, 100, 1001000},
                                                {MT_OP_ALLOC, NEW, NODE, 48, 1501000},
                                                {MT_OP_ALLOC, PARSE, NODES, 100, 3001000}};

    define_contexts(builder, "interposed");
    builder_ids(builder, 100, 0);
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 4001000);
}

/* Frees what it inherited, the node by another function. */
static void make_child(struct builder *builder) {
    static const struct built_event events[] = {{MT_OP_FREE, FREE, BLOCK, 0, 2501000},
                                                {MT_OP_FREE, FREE, NODE, 0, 2601000},
                                                {MT_OP_ALLOC, PARSE, NODE, 16, 2701000}};
    uint32_t pid = 4400;

    define_contexts(builder, "interposed");
    memcpy(builder->file.data + offsetof(struct mt_file_header, pid), &pid, sizeof(pid));
    builder_ids(builder, 101, 100);
    builder_process_text(builder, "parent_trace", "/var/tmp/memtrack.server.4321.mtrace");
    builder_process_text(builder, "fork_ticks", "2001000");
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 4001000);
}

static int first_object(struct dl_phdr_info *info, size_t size, void *bias) {
    (void)size;
    *(uintptr_t *)bias = info->dlpi_addr;
    return 1;
}

/* A return address inside one of this program's functions. */
static uint64_t own_offset(uintptr_t function) {
    uintptr_t bias = 0;

    dl_iterate_phdr(first_object, &bias);
    return function - bias + 4;
}

/* Calls by this program, by a library that is not there and by the C++ library, which is not there
 * either; the first by itself through a pointer, as its site says, and by another function. */
static void make_foreign_calls(struct builder *builder) {
    struct built_frame own = {"make_complete", "src/own.c", 5, 1, 0};
    struct built_frame other = {"other", "src/own.c", 9, 1, 0};
    static const struct built_context contexts[] = {
        {1, 0, 1}, {2, 0, 2}, {11, 1, 11}, {12, 2, 11}, {13, 2, 12}, {14, 2, 13}, {15, 0, 11}};
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 11, 0x1000, 1000, 2000}, {MT_OP_ALLOC, 12, 0x2000, 200, 3000},
        {MT_OP_ALLOC, 13, 0x3000, 30, 4000},   {MT_OP_ALLOC, 14, 0x4000, 4, 5000},
        {MT_OP_FREE, 15, 0x4000, 0, 6000},     {MT_OP_FREE, 15, 0x4000, 0, 7000},
    };
    char path[4096] = "";

    if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
        perror("/proc/self/exe");
    builder_begin(builder);
    builder_process_text(builder, "capture", "interposed");
    builder_site_of(builder, 1, 301, 0, 2, path, &own, 1);
    builder_site_of(builder, 2, 302, 0, 2, path, &other, 1);
    builder_foreign_site(builder, 11, 311, 1, path, own_offset((uintptr_t)make_complete));
    builder_foreign_site(builder, 12, 312, 1, "/nonexistent/libgone.so.2", 0x1234);
    builder_foreign_site(builder, 13, 313, 1, "/nonexistent/libstdc++.so.6", 0x5678);
    builder_contexts(builder, contexts, COUNT(contexts));
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 9000);
}

int make_complete(struct builder *builder, const char *kind) {
    if (strcmp(kind, "tags") == 0)
        make_tags(builder);
    else if (strcmp(kind, "errors") == 0)
        make_errors(builder, "interposed");
    else if (strcmp(kind, "errors-static") == 0)
        make_errors(builder, "calls-only");
    else if (strcmp(kind, "foreign-calls") == 0)
        make_foreign_calls(builder);
    else if (strcmp(kind, "parent") == 0)
        make_parent(builder);
    else if (strcmp(kind, "child") == 0)
        make_child(builder);
    else
        return 0;
    return 1;
}
