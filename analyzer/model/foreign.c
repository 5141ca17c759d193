#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include "model/foreign.h"

#include "util/elf_symbols.h"
#include "util/path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A FOREIGN site, and where its call is: the byte before the return address is still of it. */
struct reference {
    const char *module;
    uint64_t address;
    uint32_t trace;
    uint32_t site;
};

struct references {
    struct reference *items;
    size_t count;
    size_t capacity;
};

static bool collect(struct references *references, const struct trace *traces, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < traces[i].defs.sites.count; k++) {
            const struct site *site = &traces[i].defs.sites.items[k];
            struct reference *added;

            if (!(site->flags & MT_SITE_FOREIGN) || !site->module[0] || !site->offset)
                continue;
            added = MT_LIST_ADD(*references);
            if (!added)
                return false;
            *added = (struct reference){site->module, site->offset - 1, (uint32_t)i, (uint32_t)k};
        }
    }
    return true;
}

static int compare(const void *left, const void *right) {
    const struct reference *a = left;
    const struct reference *b = right;
    int modules = strcmp(a->module, b->module);

    return modules ? modules : (a->address > b->address) - (a->address < b->address);
}

/* Whatever its functions are called. */
static bool is_standard_library(const char *module) {
    static const char *const names[] = {"libstdc++.so", "libc++.so", "libc++abi.so"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strncmp(path_base_name(module), names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* Equal functions of equal libraries are one in every process, wherever in them the call is. */
static uint64_t hash_of(const char *module, const char *function) {
    uint64_t hash = XXH3_64bits(module, strlen(module));

    return XXH3_64bits_withSeed(function, strlen(function), hash);
}

static bool name_site(struct defs *defs, struct site *site, const char *function) {
    struct frame *frame = arena_alloc(&defs->arena, sizeof(*frame));
    const char *module = path_base_name(site->module);
    char *text = NULL;

    if (!frame)
        return false;
    if (function) {
        frame->function = intern_add(&defs->strings, function, strlen(function));
        site->hash = hash_of(module, function);
    } else if (asprintf(&text, "%s+0x%" PRIx64, module, site->offset) >= 0) {
        frame->function = intern_add(&defs->strings, text, strlen(text));
        free(text);
    }
    frame->file = "";
    frame->flags = is_standard_library(module) ? MT_FRAME_LIBRARY : 0;
    site->frames = frame;
    site->frame_count = 1;
    return frame->function != NULL;
}

/* References to one module. */
static bool resolve_module(struct trace *traces, const struct reference *references, size_t count) {
    struct elf_wanted *wanted = calloc(count, sizeof(*wanted));
    size_t distinct = 0;
    size_t at = 0;
    bool good = true;

    if (!wanted)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || references[i].address != references[i - 1].address)
            wanted[distinct++].address = references[i].address;
    }
    elf_symbols_find(references[0].module, wanted, distinct);
    for (size_t i = 0; good && i < count; i++) {
        struct defs *defs = &traces[references[i].trace].defs;

        at += references[i].address != wanted[at].address;
        good = name_site(defs, &defs->sites.items[references[i].site], wanted[at].name);
    }
    for (size_t i = 0; i < distinct; i++)
        free(wanted[i].name);
    free(wanted);
    return good;
}

static bool resolve_modules(struct trace *traces, const struct references *references) {
    size_t end;

    for (size_t begin = 0; begin < references->count; begin = end) {
        const struct reference *first = &references->items[begin];

        for (end = begin + 1; end < references->count; end++) {
            if (strcmp(references->items[end].module, first->module) != 0)
                break;
        }
        if (!resolve_module(traces, first, end - begin))
            return false;
    }
    return true;
}

/* Compilers number the parts that they split off from a function: `parse.part.0`. What has no name
 * has an address. */
static bool same_function(const char *symbol, const char *linkage_name) {
    size_t size = strcspn(symbol, ".");

    return size && !strchr(symbol, '+') && size == strcspn(linkage_name, ".") &&
           strncmp(symbol, linkage_name, size) == 0;
}

static bool is_own_call(const struct site *site, const struct site *caller) {
    return (site->flags & MT_SITE_FOREIGN) && !(caller->flags & (MT_SITE_FOREIGN | MT_SITE_TAG)) &&
           site->frame_count == 1 &&
           (!caller->module[0] || strcmp(site->module, caller->module) == 0) &&
           same_function(site->frames[0].function,
                         caller->frames[caller->frame_count - 1].function);
}

/* The caller's site as one that allocates; its index, MT_ID_MAP_NONE when memory is short. */
static uint32_t own_site(struct defs *defs, struct id_map *of_pair, uint32_t site,
                         uint32_t caller) {
    uint64_t pair = (uint64_t)site << 32 | caller;
    uint32_t index = id_map_get(of_pair, pair);
    struct site *added;

    if (index != MT_ID_MAP_NONE)
        return index;
    added = MT_LIST_ADD(defs->sites);
    index = (uint32_t)(defs->sites.count - 1);
    if (!added || !id_map_put(of_pair, pair, index))
        return MT_ID_MAP_NONE;
    *added = defs->sites.items[caller];
    added->api = defs->sites.items[site].api;
    added->flags &= MT_SITE_NO_DEBUG_INFO;
    added->hash = XXH3_64bits_withSeed(&added->hash, sizeof(added->hash), added->api);
    return index;
}

static bool drop_own_frames(struct defs *defs) {
    struct id_map of_pair = {0};
    bool good = true;

    for (size_t i = 1; good && i < defs->contexts.count; i++) {
        struct context *context = &defs->contexts.items[i];
        const struct context *parent = &defs->contexts.items[context->parent];

        if (!context->parent ||
            !is_own_call(&defs->sites.items[context->site], &defs->sites.items[parent->site]))
            continue;
        context->site = own_site(defs, &of_pair, context->site, parent->site);
        context->parent = parent->parent;
        good = context->site != MT_ID_MAP_NONE;
    }
    id_map_free(&of_pair);
    return good;
}

bool foreign_resolve(struct trace *traces, size_t count, struct error *error) {
    struct references references = {0};
    bool good = collect(&references, traces, count);

    if (good && references.count) {
        qsort(references.items, references.count, sizeof(*references.items), compare);
        good = resolve_modules(traces, &references);
        for (size_t i = 0; good && i < count; i++) {
            good = drop_own_frames(&traces[i].defs);
            if (good)
                defs_rehash(&traces[i].defs);
        }
    }
    free(references.items);
    return good || error_no_memory(error);
}
