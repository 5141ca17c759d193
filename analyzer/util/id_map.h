/* A hash map from 64-bit keys to 32-bit indices. Its size follows the number of keys, never their
 * values, so that a trace with an id of four billion costs no more than one with an id of four. */
#ifndef MT_UTIL_ID_MAP_H
#define MT_UTIL_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_ID_MAP_NONE UINT32_MAX

struct id_map {
    uint64_t *keys;
    uint32_t *values; /* MT_ID_MAP_NONE marks an empty slot */
    size_t capacity;  /* a power of two, or 0 */
    size_t count;
};

/* MT_ID_MAP_NONE if the key is not there. */
uint32_t id_map_get(const struct id_map *map, uint64_t key);

/* Adds or replaces; false when memory is short. The value must not be MT_ID_MAP_NONE. */
bool id_map_put(struct id_map *map, uint64_t key, uint32_t value);

void id_map_free(struct id_map *map);

/* A well-mixed hash, keyed by a number drawn once per process so that a hostile trace cannot aim
 * at collisions. */
uint64_t id_hash(uint64_t key);
uint64_t id_hash_seed(void);

#endif
