#include "model/chains.h"

#include "model/library.h"

#include <stdlib.h>

bool chains_foldable(const struct frame *frame) {
    return (frame->flags & MT_FRAME_WRAPPER) != 0 || library_frame(frame);
}

static void count_leading(struct chains *chains) {
    const struct defs *defs = &chains->trace->defs;

    for (size_t i = 0; i < defs->sites.count; i++) {
        const struct site *site = &defs->sites.items[i];
        uint32_t count = 0;

        while (count < site->frame_count && chains_foldable(&site->frames[count]))
            count++;
        chains->leading[i] = count;
    }
}

/* Parents come before their children, so they are done. */
static void find_first(struct chains *chains, uint32_t at) {
    const struct defs *defs = &chains->trace->defs;
    const struct context *context = &defs->contexts.items[at];
    uint32_t leading = chains->leading[context->site];

    if (leading < defs->sites.items[context->site].frame_count) {
        chains->first[at] = at;
        chains->folded[at] = leading;
    } else if (chains->first[context->parent]) {
        chains->first[at] = chains->first[context->parent];
        chains->folded[at] = leading + chains->folded[context->parent];
    }
}

static uint64_t site_hash(const struct chains *chains, uint32_t context) {
    return defs_site(&chains->trace->defs, context)->hash;
}

static void find_cycle_ends(struct chains *chains, uint32_t at) {
    const struct context *contexts = chains->trace->defs.contexts.items;
    uint32_t parent = contexts[at].parent;
    uint32_t ancestor = parent;
    uint64_t hash = site_hash(chains, at);

    for (int i = 0; i < MT_CYCLE_LINKS; i++) {
        bool same = ancestor && site_hash(chains, ancestor) == hash;

        chains->cycle_ends[at][i] = same ? chains->cycle_ends[parent][i] : at;
        ancestor = contexts[ancestor].parent;
    }
}

struct chains *chains_create(const struct trace *trace) {
    size_t contexts = trace->defs.contexts.count;
    struct chains *chains = calloc(1, sizeof(*chains));

    if (!chains)
        return NULL;
    chains->trace = trace;
    chains->first = calloc(contexts, sizeof(*chains->first));
    chains->folded = calloc(contexts, sizeof(*chains->folded));
    chains->leading = calloc(trace->defs.sites.count, sizeof(*chains->leading));
    chains->cycle_ends = calloc(contexts, sizeof(*chains->cycle_ends));
    if (!chains->first || !chains->folded || !chains->leading || !chains->cycle_ends) {
        chains_free(chains);
        return NULL;
    }
    count_leading(chains);
    for (size_t i = 1; i < contexts; i++) {
        find_first(chains, (uint32_t)i);
        find_cycle_ends(chains, (uint32_t)i);
    }
    return chains;
}

void chains_free(struct chains *chains) {
    if (!chains)
        return;
    free(chains->first);
    free(chains->folded);
    free(chains->leading);
    free(chains->cycle_ends);
    free(chains);
}

struct chain_place chains_first(const struct chains *chains, uint32_t context, bool fold) {
    const struct defs *defs = &chains->trace->defs;
    uint32_t first = fold ? chains->first[context] : 0;

    if (first)
        return (struct chain_place){defs_site(defs, first),
                                    chains->leading[defs->contexts.items[first].site]};
    return (struct chain_place){defs_site(defs, context), 0};
}

uint32_t chains_folded(const struct chains *chains, uint32_t context, bool fold) {
    return fold ? chains->folded[context] : 0;
}

/* The outermost frame before the first one, which is not the chain's innermost. */
static struct chain_place last_folded(const struct chains *chains, uint32_t context) {
    const struct context *contexts = chains->trace->defs.contexts.items;
    struct chain_place place = chains_first(chains, context, true);

    if (place.frame > 0) {
        place.frame--;
        return place;
    }
    while (contexts[context].parent != chains->first[context])
        context = contexts[context].parent;
    place.site = defs_site(&chains->trace->defs, context);
    place.frame = place.site->frame_count - 1;
    return place;
}

static struct chain_place current(const struct chain_reader *reader) {
    return (struct chain_place){defs_site(&reader->chains->trace->defs, reader->context),
                                reader->frame};
}

/* Begins the shortest cycle that repeats from the reader's link on. False if there is none. */
static bool begin_cycle(struct chain_reader *reader) {
    const struct context *contexts = reader->chains->trace->defs.contexts.items;
    uint32_t at = reader->context;

    for (uint32_t length = 1; length <= MT_CYCLE_LINKS; length++) {
        uint32_t end = reader->chains->cycle_ends[at][length - 1];
        uint32_t equal = contexts[at].depth - contexts[end].depth;
        uint32_t times = equal / length;

        if (times == 0)
            continue;
        for (uint32_t i = equal; i < length * (times + 1); i++)
            end = contexts[end].parent;
        reader->cycle_left = length;
        reader->cycle_items = 0;
        reader->cycle_times = times;
        reader->after_cycle = end;
        return true;
    }
    return false;
}

/* The reader's next link is `context`, which is 0 at the end. False if a cycle begins with it or
 * nothing is left. */
static bool enter_link(struct chain_reader *reader, uint32_t context) {
    reader->context = context;
    reader->frame = 0;
    reader->done = context == 0;
    return !reader->done && !(reader->fold && begin_cycle(reader));
}

/* False if the next frame does not belong with this one: for cycles are kept apart. */
static bool step(struct chain_reader *reader) {
    const struct defs *defs = &reader->chains->trace->defs;

    if (++reader->frame < defs_site(defs, reader->context)->frame_count)
        return true;
    if (reader->cycle_left == 0)
        return enter_link(reader, defs->contexts.items[reader->context].parent);
    if (--reader->cycle_left == 0) {
        reader->repeats = true;
        return false;
    }
    reader->context = defs->contexts.items[reader->context].parent;
    reader->frame = 0;
    return true;
}

static bool at_library(const struct chain_reader *reader) {
    struct chain_place place = current(reader);

    return library_frame(chain_frame(&place));
}

void chain_begin(struct chain_reader *reader, const struct chains *chains, uint32_t context,
                 bool fold) {
    uint32_t first = fold ? chains->first[context] : 0;

    *reader = (struct chain_reader){.chains = chains, .start = context, .fold = fold};
    reader->condense = first != 0;
    enter_link(reader, first ? first : context);
    /* The unknown context has a frame, too. */
    reader->done = false;
    if (first) {
        reader->at_start = chains->folded[context] > 0;
        reader->frame = chains_first(chains, context, true).frame;
    }
}

bool chain_next(struct chain_reader *reader, struct chain_item *item) {
    if (reader->at_start) {
        reader->at_start = false;
        *item = (struct chain_item){CHAIN_FOLDED, last_folded(reader->chains, reader->start),
                                    reader->chains->folded[reader->start], 0};
        return true;
    }
    if (reader->repeats) {
        *item = (struct chain_item){
            .kind = CHAIN_REPEATS, .count = reader->cycle_items, .times = reader->cycle_times};
        reader->repeats = false;
        enter_link(reader, reader->after_cycle);
        return true;
    }
    if (reader->done)
        return false;
    *item = (struct chain_item){CHAIN_FRAME, current(reader), 1, 0};
    reader->cycle_items++;
    if (!reader->condense || !at_library(reader)) {
        step(reader);
        return true;
    }
    while (step(reader) && at_library(reader))
        item->count++;
    if (item->count > 1)
        item->kind = CHAIN_LIBRARY;
    return true;
}

uint32_t chain_left(const struct chain_reader *reader) {
    uint32_t next = reader->repeats ? reader->after_cycle : reader->context;

    return reader->done ? 0 : reader->chains->trace->defs.contexts.items[next].depth;
}
