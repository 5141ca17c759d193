/* What of the blocks that are live at the end the program can still reach, by the scan that the
 * trace holds: docs/leaks.md. Told apart as LeakSanitizer does: a block that is pointed to by a
 * variable, a stack, a register or a reachable block, be it into its midst, is reachable; of the
 * others, those that another one points to are indirect. */
#ifndef MT_MODEL_REACH_H
#define MT_MODEL_REACH_H

#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;

struct reach_counts {
    uint64_t reachable_bytes;
    uint64_t reachable_blocks;
    uint64_t unreachable_bytes;
    uint64_t unreachable_blocks;
    uint64_t indirect_bytes; /* of those */
    uint64_t indirect_blocks;
    uint64_t kept_bytes; /* indirect ones of any context that direct ones of this one hold */
    uint64_t kept_blocks;
};

struct reach {
    struct reach_counts *contexts;
    size_t context_count;
    struct reach_counts sums;
};

/* After the last event. *reach is NULL if the scan cannot be used; false when memory is short. */
bool reach_find(const struct heap *heap, struct reach **reach, struct error *error);
void reach_free(struct reach *reach);

#endif
