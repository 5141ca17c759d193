/* Tags: texts that the program has its threads' allocations marked with. A set of tags is what a
 * thread has pushed, in order: a node of a tree whose edges are texts, so that a thread's state is
 * one number, and pushing and popping are steps from node to node.
 *
 * The context of an event made under tags is site <- set <- callers: in the table of contexts a
 * set's word stands where the address of a site would.
 *
 * Any thread, signal handlers included: no locks. Sets are never freed; a forked child has those of
 * its parent.
 */
#ifndef MT_TAGS_H
#define MT_TAGS_H

#include "context.h"
#include "record.h"

#include <stdbool.h>
#include <stdint.h>

#define MT_TAGS_SETS 65536u /* the first is the empty one */
#define MT_TAGS_DEPTH 64u
#define MT_TAGS_TEXT 199u /* bytes of a tag */

/* What mt_local.tags holds: the number of a set, and how many tags more have been pushed for which
 * there was no room. */
#define MT_TAGS_SET(tags) ((uint32_t)(tags))
#define MT_TAGS_MISSED (UINT64_C(1) << 32)

/* `tags` and one more. The text is copied, and cut if it is too long. */
uint64_t mt_tags_push(uint64_t tags, const char *text);

/* `tags` without the innermost one. */
uint64_t mt_tags_pop(uint64_t tags);

/* `tags`, or 0 if that is nothing the functions above have returned. */
uint64_t mt_tags_checked(uint64_t tags);

/* Of a set that is not empty: how many tags it has, the innermost one, the set of the others, and
 * an identity that is the same in every process. */
uint32_t mt_tags_depth(uint32_t set);
const char *mt_tags_text(uint32_t set);
uint32_t mt_tags_outer(uint32_t set);
uint64_t mt_tags_hash(uint32_t set);

/* Words that stand for sets; consecutive sets lie apart like neighbouring sites, as the hashes of
 * the table of contexts expect. */
#define MT_TAGS_WORD (UINT64_C(1) << 62)
#define MT_TAGS_WORD_SHIFT 5

static inline bool mt_tags_is_word(uintptr_t word) {
    return word >> 62 == MT_TAGS_WORD >> 62;
}

static inline const struct memtrack_site *mt_tags_word(uint32_t set) {
    return (const struct memtrack_site *)(MT_TAGS_WORD | (uint64_t)set << MT_TAGS_WORD_SHIFT);
}

static inline uint32_t mt_tags_set_in(uintptr_t word) {
    return (uint32_t)((word & ~MT_TAGS_WORD) >> MT_TAGS_WORD_SHIFT);
}

/* Makes `tags` those of the thread. */
static inline void mt_tags_use(struct mt_local *local, uint64_t tags) {
    local->tags = tags;
    local->untagged_size = tags ? 0 : local->stack_size;
}

/* The thread's tags, pushed in the context `callers`; that itself if it has none. The cache may be
 * NULL. */
static inline struct mt_context_id mt_tags_context(const struct mt_local *local,
                                                   struct mt_context_slot *cache,
                                                   struct mt_context_id callers) {
    uint32_t set = MT_TAGS_SET(local->tags);

    if (!set)
        return callers;
    return cache ? mt_context_child(cache, callers, mt_tags_word(set), true)
                 : mt_context_intern(NULL, callers, mt_tags_word(set), true);
}

#endif
