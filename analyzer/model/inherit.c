#include "model/inherit.h"

static bool has_ended(const struct heap *heap, uint64_t address) {
    return heap->ended.slots && live_table_find(&heap->ended, address)->address != 0;
}

const struct live_block *inherit_find(const struct heap *heap, uint64_t address,
                                      const struct heap **owner) {
    for (; heap->setup.parent && !has_ended(heap, address); heap = heap->setup.parent) {
        const struct live_block *block = live_table_find(&heap->setup.parent->table, address);

        if (block->address) {
            *owner = heap->setup.parent;
            return block;
        }
    }
    return NULL;
}

bool inherit_end(struct heap *heap, uint64_t address) {
    if (!heap->ended.slots && !live_table_init(&heap->ended))
        return false;
    if (heap->ended.count >= heap->ended.limit && !live_table_grow(&heap->ended))
        return false;
    live_table_find(&heap->ended, address)->address = address;
    heap->ended.count++;
    return true;
}
