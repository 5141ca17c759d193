#include "model/advice/regrowth.h"

#include <stdlib.h>

/* glibc gives blocks from this size on pages of their own (M_MMAP_THRESHOLD, at first), behind a
 * header of 16 bytes, and has the kernel move them. */
enum { MAPPED_MIN = 128 << 10, PAGE = 4096, MAPPED_OFFSET = 16 };

bool regrowth_init(struct regrowth *regrowth) {
    *regrowth = (struct regrowth){0};
    return live_table_init(&regrowth->table);
}

void regrowth_free(struct regrowth *regrowth) {
    live_table_free(&regrowth->table);
    free(regrowth->chains.items);
    free(regrowth->contexts.items);
    *regrowth = (struct regrowth){0};
}

uint32_t regrowth_take(struct regrowth *regrowth, const struct live_block *block) {
    struct live_block *slot = live_table_find(&regrowth->table, block->address);
    uint32_t chain;

    if (!slot->address)
        return 0;
    chain = slot->context;
    if (regrowth->chains.items[chain - 1].block != block->context || slot->size != block->size)
        return 0;
    live_table_remove(&regrowth->table, slot);
    return chain;
}

void regrowth_close(struct regrowth *regrowth, uint32_t index) {
    struct chain_of_blocks *chain = &regrowth->chains.items[index - 1];
    struct regrowths *figures = &regrowth->contexts.items[chain->figures - 1];

    figures->final_min =
        figures->chains && figures->final_min < chain->size ? figures->final_min : chain->size;
    figures->final_max = figures->final_max > chain->size ? figures->final_max : chain->size;
    figures->chains++;
    figures->chain_growths += chain->growths;
    figures->longest = figures->longest > chain->growths ? figures->longest : chain->growths;
    figures->final_bytes += chain->size;
    figures->volume += chain->volume;
    chain->next_free = regrowth->first_free;
    regrowth->first_free = index;
}

/* A new chain, its index from 1; 0 when memory is short. */
static uint32_t begin_chain(struct regrowth *regrowth) {
    uint32_t index = regrowth->first_free;

    if (index) {
        regrowth->first_free = regrowth->chains.items[index - 1].next_free;
    } else {
        if (!MT_LIST_ADD(regrowth->chains))
            return 0;
        index = (uint32_t)regrowth->chains.count;
    }
    regrowth->chains.items[index - 1] = (struct chain_of_blocks){0};
    return index;
}

/* A chain that is still at the address is of a block whose end was missed. */
static bool put(struct regrowth *regrowth, const struct live_block *block, uint32_t chain) {
    struct live_block *slot;

    if (regrowth->table.count >= regrowth->table.limit && !live_table_grow(&regrowth->table))
        return false;
    slot = live_table_find(&regrowth->table, block->address);
    if (slot->address)
        regrowth_close(regrowth, slot->context);
    else
        regrowth->table.count++;
    *slot = *block;
    slot->context = chain;
    return true;
}

static bool is_mapped(const struct live_block *block) {
    return block->size >= MAPPED_MIN && block->address % PAGE == MAPPED_OFFSET;
}

static void count_step(struct regrowths *figures, const struct regrowth_step *step) {
    uint64_t from = step->from->size, to = step->to->size;
    uint64_t copied = from < to ? from : to;

    figures->context = step->to->context;
    figures->by_realloc |= step->by_realloc;
    figures->steps++;
    figures->growths += to > from;
    if (step->from->address == step->to->address)
        return;
    figures->moved++;
    figures->copied_bytes += copied;
    if (step->by_realloc && is_mapped(step->from) && is_mapped(step->to))
        figures->remapped_bytes += copied;
}

static void extend(struct chain_of_blocks *chain, const struct regrowth_step *step,
                   uint32_t figures) {
    chain->block = step->to->context;
    chain->figures = figures;
    chain->size = step->to->size;
    if (step->to->size > step->from->size) {
        chain->growths++;
        chain->volume += step->from->size;
    }
}

bool regrowth_add(struct regrowth *regrowth, const struct regrowth_step *step, uint32_t *index) {
    uint32_t chain = step->chain;

    if (!*index) {
        struct regrowths *added = MT_LIST_ADD(regrowth->contexts);

        if (!added)
            return false;
        *added = (struct regrowths){0};
        *index = (uint32_t)regrowth->contexts.count;
    }
    count_step(&regrowth->contexts.items[*index - 1], step);
    /* What shrinks is done growing. */
    if (step->to->size < step->from->size) {
        if (chain)
            regrowth_close(regrowth, chain);
        return true;
    }
    if (!chain)
        chain = begin_chain(regrowth);
    if (!chain)
        return false;
    extend(&regrowth->chains.items[chain - 1], step, *index);
    return put(regrowth, step->to, chain);
}

void regrowth_finish(struct regrowth *regrowth) {
    for (size_t i = 0; regrowth->table.slots && i <= regrowth->table.mask; i++) {
        if (regrowth->table.slots[i].address)
            regrowth_close(regrowth, regrowth->table.slots[i].context);
    }
    live_table_free(&regrowth->table);
}
