#include "util/id_map.h"

#include <stdlib.h>
#include <sys/random.h>

uint64_t id_hash_seed(void) {
    static uint64_t seed;

    if (!seed) {
        if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
            seed = (uintptr_t)&seed;
        seed |= 1;
    }
    return seed;
}

uint64_t id_hash(uint64_t key) {
    key ^= id_hash_seed();
    key = (key ^ (key >> 32)) * 0x9fb21c651e98df25u;
    key = (key ^ (key >> 29)) * 0xd6e8feb86659fd93u;
    return key ^ (key >> 32);
}

static size_t find_slot(const struct id_map *map, uint64_t key) {
    size_t slot = id_hash(key) & (map->capacity - 1);

    while (map->values[slot] != MT_ID_MAP_NONE && map->keys[slot] != key)
        slot = (slot + 1) & (map->capacity - 1);
    return slot;
}

uint32_t id_map_get(const struct id_map *map, uint64_t key) {
    return map->count ? map->values[find_slot(map, key)] : MT_ID_MAP_NONE;
}

static bool grow(struct id_map *map) {
    struct id_map bigger = {.capacity = map->capacity ? map->capacity * 2 : 64};

    bigger.keys = malloc(bigger.capacity * sizeof(*bigger.keys));
    bigger.values = malloc(bigger.capacity * sizeof(*bigger.values));
    if (!bigger.keys || !bigger.values) {
        id_map_free(&bigger);
        return false;
    }
    for (size_t i = 0; i < bigger.capacity; i++)
        bigger.values[i] = MT_ID_MAP_NONE;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->values[i] != MT_ID_MAP_NONE) {
            size_t slot = find_slot(&bigger, map->keys[i]);

            bigger.keys[slot] = map->keys[i];
            bigger.values[slot] = map->values[i];
            bigger.count++;
        }
    }
    id_map_free(map);
    *map = bigger;
    return true;
}

bool id_map_put(struct id_map *map, uint64_t key, uint32_t value) {
    size_t slot;

    if (map->count * 2 >= map->capacity && !grow(map))
        return false;
    slot = find_slot(map, key);
    if (map->values[slot] == MT_ID_MAP_NONE)
        map->count++;
    map->keys[slot] = key;
    map->values[slot] = value;
    return true;
}

void id_map_free(struct id_map *map) {
    free(map->keys);
    free(map->values);
    *map = (struct id_map){0};
}
