#include "trace/tags.h"

#include <stdlib.h>
#include <string.h>

static uint64_t key_of(uint32_t tags, uint32_t below) {
    return (uint64_t)tags << 32 | below;
}

/* MT_ID_MAP_NONE when memory is short. */
static uint32_t add(struct defs *defs, uint32_t tags, uint32_t below, uint32_t parent,
                    uint32_t site) {
    uint32_t index = defs_add_context(defs, parent, site);

    if (index == MT_ID_MAP_NONE || !id_map_put(&defs->tagged, key_of(tags, below), index))
        return MT_ID_MAP_NONE;
    return index;
}

/* Every node of the chain is copied once for each set of tags, so that a tree of tagged contexts
 * stays a tree. */
static bool copy_chain(struct defs *defs, uint32_t tags, const uint32_t *chain, uint32_t count,
                       uint32_t *placed) {
    while (count) {
        uint32_t at = chain[--count];

        *placed = add(defs, tags, at, *placed, defs->contexts.items[at].site);
        if (*placed == MT_ID_MAP_NONE)
            return false;
    }
    return true;
}

bool tags_place(struct defs *defs, uint32_t tags, uint32_t below, uint32_t *placed) {
    uint32_t count = 0;
    uint32_t *chain;
    uint32_t at = below;
    bool good;

    while (at && id_map_get(&defs->tagged, key_of(tags, at)) == MT_ID_MAP_NONE) {
        at = defs->contexts.items[at].parent;
        count++;
    }
    if (defs->tagged.count + count >= MT_TAG_CONTEXTS) {
        *placed = defs_add_context(defs, below, tags);
        return *placed != MT_ID_MAP_NONE;
    }
    *placed = id_map_get(&defs->tagged, key_of(tags, at));
    if (*placed == MT_ID_MAP_NONE)
        *placed = add(defs, tags, 0, 0, tags);
    chain = malloc((count + 1) * sizeof(*chain));
    if (!chain || *placed == MT_ID_MAP_NONE) {
        free(chain);
        return false;
    }
    at = below;
    for (uint32_t i = 0; i < count; i++) {
        chain[i] = at;
        at = defs->contexts.items[at].parent;
    }
    good = copy_chain(defs, tags, chain, count, placed);
    free(chain);
    return good;
}

bool tags_is(const struct frame *frame, const char *text) {
    const size_t opening = strlen(MT_TAG_OPENING);
    size_t size = strlen(text);
    const char *name = frame->function;

    return strncmp(name, MT_TAG_OPENING, opening) == 0 &&
           strncmp(name + opening, text, size) == 0 &&
           strcmp(name + opening + size, MT_TAG_CLOSING) == 0;
}
