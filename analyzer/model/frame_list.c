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

static bool add_site(struct frame_list *list, const struct site *site, uint32_t first,
                     struct name_cache *cache) {
    for (uint32_t i = first; i < site->frame_count && list->count < MT_LISTED_FRAMES; i++) {
        const struct frame *frame = &site->frames[i];
        const char *name = cache ? name_cache_get(cache, frame->function) : frame->function;

        if (!name)
            return false;
        list->items[list->count++] = (struct listed_frame){
            .symbol = frame->function,
            .name = name,
            .file = frame->file,
            .module = site->module,
            .line = frame->line,
            .foreign = (site->flags & MT_SITE_FOREIGN) != 0,
        };
    }
    return true;
}

bool frame_list_fill(struct frame_list *list, const struct chains *chains, uint32_t context,
                     struct name_cache *cache) {
    const struct defs *defs = &chains->trace->defs;

    list->count = 0;
    list->api = defs_site(defs, context)->api;
    do {
        if (!add_site(list, defs_site(defs, context), 0, cache))
            return false;
        context = defs->contexts.items[context].parent;
    } while (context && list->count < MT_LISTED_FRAMES);
    return true;
}

void frame_list_fill_site(struct frame_list *list, struct chain_place place) {
    list->count = 0;
    list->api = place.site->api;
    add_site(list, place.site, place.frame, NULL);
}

/* What compilers append to names differs from build to build, and where there is no name, the
 * offset does. */
static size_t stable_size(const struct listed_frame *frame) {
    const char *end = strstr(frame->symbol, frame->foreign ? "+0x" : ".llvm.");

    return end ? (size_t)(end - frame->symbol) : strlen(frame->symbol);
}

uint64_t frame_list_hash(const struct frame_list *list) {
    XXH3_state_t state;

    XXH3_64bits_reset(&state);
    for (size_t i = 0; i < list->count; i++) {
        const struct listed_frame *frame = &list->items[i];
        const char *module = path_base_name(frame->module);

        XXH3_64bits_update(&state, frame->symbol, stable_size(frame));
        XXH3_64bits_update(&state, "", 1);
        XXH3_64bits_update(&state, module, strlen(module) + 1);
    }
    return XXH3_64bits_digest(&state);
}
