#define XXH_INLINE_ALL
#include "model/frame_list.h"

#include "util/names.h"
#include "util/path.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

void name_cache_free(struct name_cache *cache) {
    for (size_t i = 0; i < cache->names.count; i++)
        free(cache->names.items[i]);
    free(cache->names.items);
    id_map_free(&cache->of_symbol);
    *cache = (struct name_cache){0};
}

const char *name_cache_get(struct name_cache *cache, const char *symbol) {
    uint32_t index = id_map_get(&cache->of_symbol, (uintptr_t)symbol);
    char **added;

    if (index != MT_ID_MAP_NONE)
        return cache->names.items[index];
    added = MT_LIST_ADD(cache->names);
    if (!added)
        return NULL;
    *added = names_demangle(symbol);
    if (!*added ||
        !id_map_put(&cache->of_symbol, (uintptr_t)symbol, (uint32_t)(cache->names.count - 1))) {
        free(*added);
        cache->names.count--;
        return NULL;
    }
    return *added;
}

bool frame_list_frame(struct listed_frame *listed, const struct site *site, uint32_t index,
                      struct name_cache *cache) {
    const struct frame *frame = &site->frames[index];
    const char *name = name_cache_get(cache, frame->function);

    *listed = (struct listed_frame){
        .symbol = frame->function,
        .name = name,
        .file = frame->file,
        .module = site->module,
        .line = frame->line,
        .foreign = (site->flags & MT_SITE_FOREIGN) != 0,
    };
    return name != NULL;
}

static bool add_site(struct frame_list *list, const struct site *site, struct name_cache *cache) {
    for (uint32_t i = 0; i < site->frame_count && list->count < MT_LISTED_FRAMES; i++) {
        if (!frame_list_frame(&list->items[list->count], site, i, cache))
            return false;
        list->count++;
    }
    return true;
}

bool frame_list_fill(struct frame_list *list, const struct chains *chains, uint32_t context,
                     struct name_cache *cache) {
    const struct defs *defs = &chains->trace->defs;

    list->count = 0;
    list->api = defs_site(defs, context)->api;
    do {
        if (!add_site(list, defs_site(defs, context), cache))
            return false;
        context = defs->contexts.items[context].parent;
    } while (context && list->count < MT_LISTED_FRAMES);
    return true;
}

/* What compilers append to names differs from build to build, and where there is no name, the
 * offset does. */
static size_t stable_size(const char *symbol, bool foreign) {
    const char *end = strstr(symbol, foreign ? "+0x" : ".llvm.");

    return end ? (size_t)(end - symbol) : strlen(symbol);
}

/* Of a chain that goes one frame further in than the one of `outer`. */
static uint64_t hash_frame(uint64_t outer, const char *symbol, const char *module, bool foreign) {
    const char *name = path_base_name(module);
    uint64_t parts[] = {outer, XXH3_64bits(symbol, stable_size(symbol, foreign)),
                        XXH3_64bits(name, strlen(name))};

    return XXH3_64bits(parts, sizeof(parts));
}

uint64_t frame_list_hash(const struct frame_list *list) {
    uint64_t hash = 0;

    for (size_t i = list->count; i-- > 0;) {
        const struct listed_frame *frame = &list->items[i];

        hash = hash_frame(hash, frame->symbol, frame->module, frame->foreign);
    }
    return hash;
}

static uint64_t hash_site(uint64_t outer, const struct site *site, uint32_t first) {
    bool foreign = (site->flags & MT_SITE_FOREIGN) != 0;

    for (uint32_t i = site->frame_count; i-- > first;)
        outer = hash_frame(outer, site->frames[i].function, site->module, foreign);
    return outer;
}

uint64_t frame_site_hash(const struct chain_place *place) {
    return hash_site(0, place->site, place->frame);
}

uint64_t *frame_chain_hashes(const struct defs *defs) {
    uint64_t *hashes = calloc(defs->contexts.count, sizeof(*hashes));

    /* Parents come before their children. */
    for (size_t i = 1; hashes && i < defs->contexts.count; i++) {
        const struct context *context = &defs->contexts.items[i];

        hashes[i] = hash_site(hashes[context->parent], &defs->sites.items[context->site], 0);
    }
    return hashes;
}
