#include "model/suspects.h"

#include <stdlib.h>
#include <string.h>

/* Far more than programs cost; it bounds what a made-up trace with blocks of exabytes can. */
static const uint64_t max_work = UINT64_C(1) << 30;

bool suspects_add(struct suspects *suspects, uint64_t address) {
    uint64_t *added;

    if (suspects->addresses.count == MT_SUSPECTS_KEPT ||
        id_map_get(&suspects->of_address, address) != MT_ID_MAP_NONE)
        return true;
    added = MT_LIST_ADD(suspects->addresses);
    if (!added || !id_map_put(&suspects->of_address, address, 0))
        return false;
    *added = address;
    return true;
}

static int compare(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

bool suspects_sort(struct suspects *suspects) {
    if (suspects->addresses.count)
        qsort(suspects->addresses.items, suspects->addresses.count,
              sizeof(*suspects->addresses.items), compare);
    for (uint32_t i = 0; i < suspects->addresses.count; i++) {
        if (!id_map_put(&suspects->of_address, suspects->addresses.items[i], i))
            return false;
    }
    return true;
}

void suspects_free(struct suspects *suspects) {
    free(suspects->addresses.items);
    id_map_free(&suspects->of_address);
    *suspects = (struct suspects){0};
}

bool history_init(struct history *history, const struct suspects *suspects,
                  const struct history *before) {
    size_t count = suspects->addresses.count;

    *history = (struct history){.suspects = suspects};
    history->items = calloc(count + 1, sizeof(*history->items));
    if (history->items && before)
        memcpy(history->items, before->items, count * sizeof(*history->items));
    return history->items != NULL;
}

void history_free(struct history *history) {
    free(history->items);
    history->items = NULL;
}

struct past *history_find(const struct history *history, uint64_t address) {
    uint32_t index = id_map_get(&history->suspects->of_address, address);

    return index == MT_ID_MAP_NONE ? NULL : &history->items[index];
}

/* The first suspect above the address. */
static size_t first_above(const struct suspects *suspects, uint64_t address) {
    size_t low = 0;
    size_t high = suspects->addresses.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (suspects->addresses.items[middle] > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Goes through the suspects inside the block, from `first_above` on. */
static bool is_inside(const struct history *history, size_t index, const struct live_block *block) {
    return index < history->suspects->addresses.count &&
           history->suspects->addresses.items[index] - block->address < block->size;
}

void history_begins(struct history *history, const struct live_block *block, struct origin at) {
    size_t index = first_above(history->suspects, block->address);

    for (; is_inside(history, index, block) && history->work < max_work; index++) {
        struct past *past = &history->items[index];

        past->around = block->address;
        past->around_size = block->size;
        past->around_at = at;
        history->work++;
    }
}

void history_ends(struct history *history, const struct live_block *block) {
    size_t index = first_above(history->suspects, block->address);

    for (; is_inside(history, index, block) && history->work < 2 * max_work; index++) {
        if (history->items[index].around == block->address)
            history->items[index].around = 0;
        history->work++;
    }
}
