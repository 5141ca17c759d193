/* In which pages blocks have lived at any time: what lies there between live blocks is the
 * allocator's or left over, and no variable of the program's. Blocks that have a mapping of their
 * own, as the C library gives to large ones, leave nothing behind and are not noted. */
#ifndef MT_MODEL_LIVED_H
#define MT_MODEL_LIVED_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LIVED_PAGE_BITS = 12,
    LIVED_LEAF_BITS = 18,       /* pages of a leaf: 1 GiB, in 32 KiB */
    LIVED_LEAVES = 1 << 17,     /* addresses below 2^47 */
    LIVED_LEAVES_MAX = 1 << 11, /* that are filled: 2 TiB of heap, in 64 MiB */
    LIVED_APART = 128 << 10,    /* from this size on a block may have a mapping of its own */
};

struct lived {
    uint64_t **leaves; /* hardly any is touched */
    uint32_t *filled;  /* which are there */
    uint32_t count;
};

/* NULL when memory is short. */
struct lived *lived_create(void);
void lived_free(struct lived *lived);

/* Past the limits, or when memory is short, nothing is noted. */
void lived_note_pages(struct lived *lived, uint64_t first, uint64_t last);

bool lived_has(const struct lived *lived, uint64_t address);

static inline void lived_note(struct lived *lived, uint64_t address, uint64_t size) {
    uint64_t first = address >> LIVED_PAGE_BITS;
    uint64_t last = (address + size - (size != 0)) >> LIVED_PAGE_BITS;
    uint64_t leaf = first >> LIVED_LEAF_BITS, page = first & ((1 << LIVED_LEAF_BITS) - 1);

    if (first == last && leaf < LIVED_LEAVES && lived->leaves[leaf] &&
        lived->leaves[leaf][page / 64] >> (page % 64) & 1)
        return;
    if (size < LIVED_APART || (address & 0xfef) != 0)
        lived_note_pages(lived, first, last);
}

#endif
