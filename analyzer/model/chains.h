/* The calling chains of one trace, prepared for reading: which frames only tell how the memory was
 * got, and where a chain repeats itself. Everything is found in one pass over the contexts, so that
 * no answer takes longer the deeper the chain is.
 *
 * A frame is foldable if its function only returns memory it got from an allocator, or is a C++
 * standard library internal. Folded are the foldable frames at the beginning of a chain, the
 * innermost ones; if that were all of the chain, none. Further out, two or more library frames in a
 * row count as one item. A cycle of up to MT_CYCLE_LINKS sites that repeats, as recursion makes it,
 * is given once.
 */
#ifndef MT_MODEL_CHAINS_H
#define MT_MODEL_CHAINS_H

#include "trace/trace.h"

enum { MT_CYCLE_LINKS = 8 };

struct chains {
    const struct trace *trace;
    size_t index; /* among the report's chains */

    /* By context: the context, itself or an ancestor, whose site has the first frame that is not
     * folded; 0 if there is none. */
    uint32_t *first;
    uint32_t *folded;  /* by context: how many frames stand before that one */
    uint32_t *leading; /* by site: foldable frames at its beginning */

    /* By context and length of the cycle less 1: where sites cease to equal those that stand the
     * cycle's length further out. */
    uint32_t (*cycle_ends)[MT_CYCLE_LINKS];
};

/* NULL when memory is short. The trace outlives the chains. */
struct chains *chains_create(const struct trace *trace);
void chains_free(struct chains *chains);

bool chains_foldable(const struct frame *frame);

/* One frame of a chain. */
struct chain_place {
    const struct site *site;
    uint32_t frame; /* index */
};

static inline const struct frame *chain_frame(const struct chain_place *place) {
    return &place->site->frames[place->frame];
}

/* All frames of a site but the last; several tags are no calls. */
static inline bool chain_inlined(const struct chain_place *place) {
    return place->frame + 1 < place->site->frame_count && !(place->site->flags & MT_SITE_TAG);
}

/* The first frame of the context that is not folded; without folding the innermost. */
struct chain_place chains_first(const struct chains *chains, uint32_t context, bool fold);

/* How many frames are folded before it. */
uint32_t chains_folded(const struct chains *chains, uint32_t context, bool fold);

enum chain_kind {
    CHAIN_FRAME,
    CHAIN_FOLDED,  /* what is folded at the beginning; the place is the outermost of it */
    CHAIN_LIBRARY, /* several library frames */
    CHAIN_REPEATS, /* the items before are a cycle, which repeats */
};

struct chain_item {
    enum chain_kind kind;
    struct chain_place place; /* not of CHAIN_REPEATS */
    uint32_t count;           /* frames that the item stands for; CHAIN_REPEATS: items above */
    uint32_t times;           /* CHAIN_REPEATS: how often after the first time */
};

struct chain_reader {
    const struct chains *chains;
    uint32_t start;
    uint32_t context; /* the next frame's */
    uint32_t frame;
    uint32_t cycle_left; /* links of the current cycle, that of the next frame included */
    uint32_t cycle_items;
    uint32_t cycle_times;
    uint32_t after_cycle; /* context; 0 if the chain ends there */
    bool fold;
    bool condense; /* library frames in a row */
    bool at_start;
    bool repeats; /* the next item is CHAIN_REPEATS */
    bool done;
};

/* From the innermost item out; without folding there are only frames. */
void chain_begin(struct chain_reader *reader, const struct chains *chains, uint32_t context,
                 bool fold);
bool chain_next(struct chain_reader *reader, struct chain_item *item);

/* How many calls stand between the outermost item that was read and the root. */
uint32_t chain_left(const struct chain_reader *reader);

#endif
