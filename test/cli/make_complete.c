#include "make_complete.h"

#include <string.h>

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

int make_complete(struct builder *builder, const char *kind) {
    if (strcmp(kind, "tags") == 0)
        make_tags(builder);
    else
        return 0;
    return 1;
}
