#include "make_chains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAIN = 1, RUN, INVOKE, LOAD, XMALLOC, PUSH, GROW, WALK, LEFT, EXPR, TERM, FACTOR, LEAF };

#define VECTOR "/usr/include/c++/12/bits/stl_vector.h"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void define(struct builder *builder) {
    static const struct built_frame main_frame[] = {{"main", "src/main.c", 12, 3, 0}};
    static const struct built_frame run[] = {{"prepare", "src/run.cc", 8, 5, 0},
                                             {"run;all", "src/run.cc", 30, 3, 0}};
    static const struct built_frame invoke[] = {
        {"_ZSt13__invoke_implIvRFvvEJEET_St14__invoke_otherOT0_DpOT1_", "invoke.h", 61, 1, 0},
        {"_ZSt8__invokeIRFvvEJEENSt15__invoke_resultIT_JDpT0_EE4typeEOS3_DpOS4_", "invoke.h", 96, 1,
         0},
        {"_ZNKSt8functionIFvvEEclEv", "std_function.h", 591, 1, 0}};
    static const struct built_frame load[] = {{"load", "src/load.cc", 41, 17, 0}};
    static const struct built_frame xmalloc[] = {{"xmalloc", "src/x.c", 9, 2, 1}};
    static const struct built_frame push[] = {
        {"_ZNSt16allocator_traitsISaIiEE8allocateERS0_m", VECTOR, 464, 4, 0},
        {"_ZNSt6vectorIiSaIiEE9push_backERKi", VECTOR, 1280, 4, 0},
        {"load", "src/load.cc", 43, 9, 0}};
    static const struct built_frame grow[] = {
        {"_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJRKiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_"
         "EEDpOT_",
         VECTOR, 440, 4, 0}};
    static const struct built_frame walk[] = {{"walk", "src/tree.c", 7, 5, 0}};
    static const struct built_frame left[] = {{"walk", "src/tree.c", 9, 5, 0}};
    static const struct built_frame expr[] = {{"expr", "src/parse.c", 20, 5, 0}};
    static const struct built_frame term[] = {{"term", "src/parse.c", 30, 5, 0}};
    static const struct built_frame factor[] = {{"factor", "src/parse.c", 40, 5, 0}};
    static const struct built_frame leaf[] = {{"new_node", "src/node.c", 3, 5, 0}};

    builder_begin(builder);
    builder_process(builder, "executable", "/opt/chains", 11);
    builder_clock(builder, 1000, 1000, 1700000000000000000);
    builder_site(builder, MAIN, 101, 0, 2, NULL, main_frame, 1);
    builder_site(builder, RUN, 102, 0, 2, NULL, run, 2);
    builder_site(builder, INVOKE, 103, 0, 2, NULL, invoke, 3);
    builder_site(builder, LOAD, 104, 0, 2, "struct item", load, 1);
    builder_site(builder, XMALLOC, 105, 1, 0, NULL, xmalloc, 1);
    builder_site(builder, PUSH, 106, 2, 0, "int", push, 3);
    builder_site(builder, GROW, 107, 2, 0, "int", grow, 1);
    builder_site(builder, WALK, 108, 0, 2, NULL, walk, 1);
    builder_site(builder, LEFT, 109, 0, 2, NULL, left, 1);
    builder_site(builder, EXPR, 110, 0, 2, NULL, expr, 1);
    builder_site(builder, TERM, 111, 0, 2, NULL, term, 1);
    builder_site(builder, FACTOR, 112, 0, 2, NULL, factor, 1);
    builder_site(builder, LEAF, 113, 1, 0, "struct node", leaf, 1);
    builder_thread(builder, 1, 4321, "chains");
}

/* Wrappers and library frames at the beginning and in the midst of chains. */
static void make_calls(struct builder *builder) {
    static const struct built_context contexts[] = {
        {1, 0, MAIN}, {2, 1, RUN},  {3, 2, INVOKE}, {4, 3, LOAD}, {5, 4, XMALLOC},
        {6, 3, PUSH}, {7, 4, GROW}, {8, 0, GROW},   {9, 2, LEAF},
    };
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 5, 0x1000, 4000, 2000}, {MT_OP_ALLOC, 6, 0x3000, 2000, 3000},
        {MT_OP_ALLOC, 7, 0x4000, 1000, 4000}, {MT_OP_ALLOC, 8, 0x5000, 500, 5000},
        {MT_OP_FREE, 9, 0x5000, 0, 6000},     {MT_OP_ALLOC, 9, 0x6000, 300, 7000},
        {MT_OP_FREE, 9, 0x6000, 0, 8000},     {MT_OP_FREE, 9, 0x4000, 0, 9000},
    };

    define(builder);
    builder_contexts(builder, contexts, COUNT(contexts));
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 10000);
}

/* A tree walked to depth 5, and an expression of three functions that call each other, twice and a
 * part; the walk starts in the deepest of them. */
static void make_recursion(struct builder *builder) {
    static const uint32_t sites[] = {MAIN, FACTOR, EXPR, TERM, FACTOR, EXPR, TERM, FACTOR,
                                     EXPR, WALK,   WALK, LEFT, WALK,   LEFT, WALK, LEFT};
    static const struct built_event events[] = {{MT_OP_ALLOC, 100, 0x1000, 64, 2000},
                                                {MT_OP_ALLOC, 101, 0x2000, 32, 3000}};
    uint32_t count = COUNT(sites);

    define(builder);
    for (uint32_t i = 0; i < count; i++)
        builder_context(builder, i + 1, i, sites[i]);
    builder_context(builder, 100, count, LEAF);
    builder_context(builder, 101, 11, LEAF);
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 10000);
}

/* The runtime had no room for more contexts: three allocations know only what led to `load`. */
static void make_cut_context(struct builder *builder) {
    static const struct built_context contexts[] = {{1, 0, MAIN}, {2, 1, LOAD}, {3, 2, XMALLOC}};
    static const struct built_event events[] = {
        {MT_OP_ALLOC, 3, 0x1000, 10, 2000}, {MT_OP_ALLOC, 2, 0x2000, 20, 3000},
        {MT_OP_ALLOC, 2, 0x3000, 30, 4000}, {MT_OP_FREE, 2, 0x1000, 0, 5000},
        {MT_OP_ALLOC, 1, 0x4000, 40, 6000},
    };

    define(builder);
    builder_contexts(builder, contexts, COUNT(contexts));
    builder_events(builder, 1, events, COUNT(events));
    builder_end(builder, 10000);
}

/* One event a context. */
static void add_allocations(struct builder *builder, uint32_t first, uint64_t count) {
    enum { BATCH = 1 << 16 };
    struct built_event *events = calloc(BATCH, sizeof(*events));
    uint64_t done = 0;

    while (events && done < count) {
        size_t batch = 0;

        for (; batch < BATCH && done < count; batch++, done++)
            events[batch] = (struct built_event){MT_OP_ALLOC, first + (uint32_t)done,
                                                 0x100000 + done * 64, 1 + done % 48, 2000 + done};
        builder_events(builder, 1, events, batch);
    }
    free(events);
}

/* A recursion of that depth by one call, an allocation at the bottom of it and in its first calls.
 */
static void make_deep(struct builder *builder, uint64_t count) {
    struct built_context *contexts = calloc(count + 1, sizeof(*contexts));

    define(builder);
    builder->compress = 1;
    if (!contexts)
        return;
    for (uint32_t i = 0; i < count; i++)
        contexts[i] = (struct built_context){i + 1, i, i ? WALK : MAIN};
    contexts[count] = (struct built_context){(uint32_t)count + 1, (uint32_t)count, LEAF};
    builder_contexts(builder, contexts, count + 1);
    add_allocations(builder, (uint32_t)count + 1, 1);
    builder_end(builder, 10000000);
    free(contexts);
}

/* Contexts of random calls of 200 functions, each with an allocation; or all below one another. */
static void make_many(struct builder *builder, uint64_t count, int nested) {
    enum { FUNCTIONS = 200 };
    struct built_context *contexts = calloc(count, sizeof(*contexts));
    uint64_t random = 88172645463325252;
    char name[32];

    define(builder);
    builder->compress = 1;
    if (!contexts)
        return;
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        struct built_frame frame = {name, "src/many.c", i + 1, 1, 0};

        snprintf(name, sizeof(name), "function_%u", i);
        builder_site(builder, 1000 + i, 5000 + i, 1, 0, NULL, &frame, 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        contexts[i] = (struct built_context){i + 1, nested ? i : i / 4,
                                             1000 + (uint32_t)((random >> 20) % FUNCTIONS)};
    }
    builder_contexts(builder, contexts, count);
    add_allocations(builder, 1, count);
    builder_end(builder, 10000000);
    free(contexts);
}

int make_chains(struct builder *builder, const char *kind, uint64_t count) {
    if (strcmp(kind, "calls") == 0)
        make_calls(builder);
    else if (strcmp(kind, "recursion") == 0)
        make_recursion(builder);
    else if (strcmp(kind, "cut-context") == 0)
        make_cut_context(builder);
    else if (strcmp(kind, "deep") == 0)
        make_deep(builder, count);
    else if (strcmp(kind, "many") == 0)
        make_many(builder, count, 0);
    else if (strcmp(kind, "nested") == 0)
        make_many(builder, count, 1);
    else
        return 0;
    return 1;
}
