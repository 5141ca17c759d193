#include "model/lived.h"

#include <stdlib.h>

enum { LEAF_PAGES = 1 << LIVED_LEAF_BITS };

struct lived *lived_create(void) {
    struct lived *lived = calloc(1, sizeof(*lived));

    if (!lived)
        return NULL;
    lived->leaves = calloc(LIVED_LEAVES, sizeof(*lived->leaves));
    lived->filled = calloc(LIVED_LEAVES_MAX, sizeof(*lived->filled));
    if (lived->leaves && lived->filled)
        return lived;
    lived_free(lived);
    return NULL;
}

void lived_free(struct lived *lived) {
    if (!lived)
        return;
    for (uint32_t i = 0; i < lived->count; i++)
        free(lived->leaves[lived->filled[i]]);
    free(lived->filled);
    free(lived->leaves);
    free(lived);
}

/* NULL past the limits. */
static uint64_t *leaf_of(struct lived *lived, uint64_t page) {
    uint64_t leaf = page >> LIVED_LEAF_BITS;

    if (leaf >= LIVED_LEAVES)
        return NULL;
    if (!lived->leaves[leaf] && lived->count < LIVED_LEAVES_MAX) {
        lived->leaves[leaf] = calloc(LEAF_PAGES / 64, sizeof(**lived->leaves));
        if (lived->leaves[leaf])
            lived->filled[lived->count++] = (uint32_t)leaf;
    }
    return lived->leaves[leaf];
}

void lived_note_pages(struct lived *lived, uint64_t first, uint64_t last) {
    const uint64_t end = (uint64_t)LIVED_LEAVES << LIVED_LEAF_BITS;

    while (first <= last && first < end) {
        uint64_t *leaf = leaf_of(lived, first);
        uint64_t place = first % LEAF_PAGES, left = last - first + 1;
        uint64_t in_word = 64 - place % 64;
        uint64_t count = left < in_word ? left : in_word;

        if (!leaf) {
            first += LEAF_PAGES - place;
            continue;
        }
        leaf[place / 64] |= (count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1) << place % 64;
        first += count;
    }
}

bool lived_has(const struct lived *lived, uint64_t address) {
    uint64_t page = address >> LIVED_PAGE_BITS, leaf = page >> LIVED_LEAF_BITS;
    uint64_t place = page % LEAF_PAGES;

    return leaf < LIVED_LEAVES && lived->leaves[leaf] &&
           lived->leaves[leaf][place / 64] >> (place % 64) & 1;
}
