#include "tags.h"

#include "block.h"
#include "log.h"
#include "os_memory.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define BUCKETS 16384u
#define CHUNK_SETS 256u
#define CHUNKS (MT_TAGS_SETS / CHUNK_SETS)

struct set {
    uint64_t hash;
    uint32_t outer; /* fixed, like all the others, before */
    uint32_t next;  /* the set is published */
    uint32_t depth;
    uint32_t length;
    char text[MT_TAGS_TEXT + 1];
};

static _Atomic uint32_t buckets[BUCKETS]; /* newest set; 0 none */
static _Atomic(struct set *) chunks[CHUNKS];
static _Atomic uint32_t count; /* sets that are not empty have numbers 1 to this */
static _Atomic bool exhausted;

static struct set *set_of(uint32_t number) {
    /* Pairs with set_new(). */
    struct set *chunk = atomic_load_explicit(&chunks[number / CHUNK_SETS], memory_order_acquire);

    return chunk ? &chunk[number % CHUNK_SETS] : NULL;
}

uint32_t mt_tags_depth(uint32_t set) {
    return set ? set_of(set)->depth : 0;
}

const char *mt_tags_text(uint32_t set) {
    return set_of(set)->text;
}

uint32_t mt_tags_outer(uint32_t set) {
    return set_of(set)->outer;
}

uint64_t mt_tags_hash(uint32_t set) {
    return set ? set_of(set)->hash : 0;
}

static uint32_t out_of_sets(void) {
    if (!atomic_exchange_explicit(&exhausted, true, memory_order_relaxed))
        mt_log("no room for more tags: new ones are not shown", NULL, NULL, NULL);
    return 0;
}

/* A new set's number; 0 when there is no room. */
static uint32_t set_new(void) {
    uint32_t number = atomic_load_explicit(&count, memory_order_relaxed);
    struct set *chunk, *expected = NULL;

    do {
        if (number + 1 >= MT_TAGS_SETS)
            return out_of_sets();
    } while (!atomic_compare_exchange_weak_explicit(&count, &number, number + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    number++;
    if (set_of(number))
        return number;
    chunk = mt_os_memory_map(CHUNK_SETS * sizeof *chunk);
    if (!chunk)
        return out_of_sets();
    if (!atomic_compare_exchange_strong_explicit(&chunks[number / CHUNK_SETS], &expected, chunk,
                                                 memory_order_acq_rel, memory_order_acquire))
        mt_os_memory_unmap(chunk, CHUNK_SETS * sizeof *chunk);
    return number;
}

static uint32_t find(uint32_t number, uint32_t end, uint32_t outer, uint64_t hash, const char *text,
                     size_t length) {
    while (number != end) {
        const struct set *set = set_of(number);

        if (set->hash == hash && set->outer == outer && set->length == length &&
            memcmp(set->text, text, length) == 0)
            return number;
        number = set->next;
    }
    return 0;
}

/* A tag that is cut ends with a whole character, if it is UTF-8. */
static size_t length_of(const char *text) {
    size_t length = strnlen(text, MT_TAGS_TEXT + 1);

    if (length <= MT_TAGS_TEXT)
        return length;
    length = MT_TAGS_TEXT;
    for (unsigned i = 0; i < 4 && ((unsigned char)text[length] & 0xc0) == 0x80; i++)
        length--;
    return length;
}

/* 0 if there is no room. */
static uint32_t intern(uint32_t outer, const char *text) {
    size_t length = length_of(text);
    uint64_t parts[2] = {mt_tags_hash(outer), mt_block_checksum(text, length)};
    uint64_t hash = mt_block_checksum(parts, sizeof parts);
    _Atomic uint32_t *bucket = &buckets[hash % BUCKETS];
    uint32_t newest = atomic_load_explicit(bucket, memory_order_acquire);
    uint32_t number = find(newest, 0, outer, hash, text, length);
    struct set *set;

    if (number)
        return number;
    if (mt_tags_depth(outer) == MT_TAGS_DEPTH)
        return 0;
    number = set_new();
    if (!number)
        return 0;
    set = set_of(number);
    set->hash = hash;
    set->outer = outer;
    set->depth = mt_tags_depth(outer) + 1;
    set->length = (uint32_t)length;
    memcpy(set->text, text, length);
    for (;;) {
        uint32_t searched = newest, other;

        set->next = newest;
        /* Pairs with the load above: who finds the number finds the set filled in. */
        if (atomic_compare_exchange_weak_explicit(bucket, &newest, number, memory_order_release,
                                                  memory_order_acquire))
            return number;
        /* Others were faster: it may be among theirs. This one then stays unused. */
        other = find(newest, searched, outer, hash, text, length);
        if (other)
            return other;
    }
}

uint64_t mt_tags_push(uint64_t tags, const char *text) {
    int saved = errno;
    uint32_t set = 0;

    /* In what is not shown nothing is. */
    if (tags < MT_TAGS_MISSED)
        set = intern(MT_TAGS_SET(tags), text ? text : "");
    errno = saved;
    return set ? set : tags + MT_TAGS_MISSED;
}

uint64_t mt_tags_checked(uint64_t tags) {
    uint32_t set = MT_TAGS_SET(tags);

    return set <= atomic_load_explicit(&count, memory_order_relaxed) && (!set || set_of(set)) ? tags
                                                                                              : 0;
}

uint64_t mt_tags_pop(uint64_t tags) {
    if (tags >= MT_TAGS_MISSED)
        return tags - MT_TAGS_MISSED;
    return tags ? mt_tags_outer((uint32_t)tags) : 0;
}
