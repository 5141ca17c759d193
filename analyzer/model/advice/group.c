#define XXH_INLINE_ALL
#include "model/advice/group.h"

#include "model/chains.h"

#include <string.h>
#include <xxhash.h>

/* Frames looked at: folded ones may be many. */
enum { MAX_FRAMES = 64 };

struct key {
    uint64_t hash;
    unsigned functions;
    unsigned frames;
};

static bool is_full(const struct key *key) {
    return key->functions == MT_GROUP_FUNCTIONS || key->frames == MAX_FRAMES;
}

static void add_site(struct key *key, const struct site *site, bool all) {
    for (uint32_t i = 0; i < site->frame_count && !is_full(key); i++) {
        const struct frame *frame = &site->frames[i];

        key->frames++;
        if (!all && chains_foldable(frame))
            continue;
        key->hash = XXH3_64bits_withSeed(frame->function, strlen(frame->function), key->hash);
        key->functions++;
    }
}

static struct key find(const struct defs *defs, uint32_t context, bool all) {
    struct key key = {0};

    while (context && !is_full(&key)) {
        const struct site *site = defs_site(defs, context);

        /* What a tag says may be another thing each time. */
        if (site->flags & MT_SITE_TAG)
            break;
        add_site(&key, site, all);
        context = defs->contexts.items[context].parent;
    }
    return key;
}

uint64_t group_key(const struct defs *defs, uint32_t context) {
    struct key key = find(defs, context, false);

    return key.functions ? key.hash : find(defs, context, true).hash;
}
