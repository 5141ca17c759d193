/* The blocks that are live, by address: open addressing, linear probing, deletion by shifting back,
 * so that its memory follows the most blocks ever live at once and lookups touch one cache line.
 */
#ifndef MT_MODEL_LIVE_TABLE_H
#define MT_MODEL_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_block {
    uint64_t address; /* 0 marks an empty slot */
    uint64_t size : 48;
    uint64_t probability : 16; /* as in struct event */
    uint64_t ticks;            /* of its allocation */
    uint32_t context;          /* index */
    uint32_t thread;           /* stream index */
};

struct live_table {
    struct live_block *slots;
    size_t mask; /* slots less 1; a power of two less 1 */
    size_t count;
    size_t limit; /* grow before count exceeds it */
    uint64_t seed;
    unsigned shift; /* of a hash, whose upper bits are the slot */
};

bool live_table_init(struct live_table *table);
void live_table_free(struct live_table *table);

/* Must succeed before live_table_add while count == limit; false when memory is short. */
bool live_table_grow(struct live_table *table);

/* Upper bits: those of a product depend on all bits of the address, and when the table is doubled
 * the order of the slots stays. */
static inline size_t live_table_slot(const struct live_table *table, uint64_t address) {
    return (size_t)((address ^ table->seed) * 0x9e3779b97f4a7c15u >> table->shift);
}

static inline void live_table_prefetch(const struct live_table *table, uint64_t address) {
    __builtin_prefetch(&table->slots[live_table_slot(table, address)], 1);
}

/* The slot of the address, or the empty one where it would go. */
static inline struct live_block *live_table_find(const struct live_table *table, uint64_t address) {
    size_t slot = live_table_slot(table, address);

    while (table->slots[slot].address != address && table->slots[slot].address != 0)
        slot = (slot + 1) & table->mask;
    return &table->slots[slot];
}

/* Empties a full slot; pointers into the table are worthless afterwards. */
static inline void live_table_remove(struct live_table *table, struct live_block *block) {
    size_t hole = (size_t)(block - table->slots);
    size_t next = (hole + 1) & table->mask;

    table->count--;
    while (table->slots[next].address != 0) {
        size_t home = live_table_slot(table, table->slots[next].address);

        if (((next - home) & table->mask) >= ((next - hole) & table->mask)) {
            table->slots[hole] = table->slots[next];
            hole = next;
        }
        next = (next + 1) & table->mask;
    }
    table->slots[hole].address = 0;
}

#endif
