#define XXH_INLINE_ALL
#include "util/intern.h"

#include "util/id_map.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint64_t hash_of(const char *text, size_t size) {
    return XXH3_64bits_withSeed(text, size, id_hash_seed());
}

static size_t find_slot(const struct intern *intern, const char *text, size_t size) {
    size_t slot = hash_of(text, size) & (intern->capacity - 1);
    const char *found;

    while ((found = intern->slots[slot]) &&
           (strncmp(found, text, size) != 0 || found[size] != '\0'))
        slot = (slot + 1) & (intern->capacity - 1);
    return slot;
}

static bool grow(struct intern *intern) {
    struct intern bigger = {.capacity = intern->capacity ? intern->capacity * 2 : 256};

    bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < intern->capacity; i++) {
        const char *text = intern->slots[i];

        if (text)
            bigger.slots[find_slot(&bigger, text, strlen(text))] = text;
    }
    free(intern->slots);
    intern->slots = bigger.slots;
    intern->capacity = bigger.capacity;
    return true;
}

const char *intern_add(struct intern *intern, const void *bytes, size_t size) {
    size_t length = size ? strnlen(bytes, size) : 0;
    size_t slot;

    if (length == 0)
        return "";
    if (intern->count * 2 >= intern->capacity && !grow(intern))
        return NULL;
    slot = find_slot(intern, bytes, length);
    if (!intern->slots[slot]) {
        intern->slots[slot] = arena_copy(intern->arena, bytes, length);
        if (!intern->slots[slot])
            return NULL;
        intern->count++;
    }
    return intern->slots[slot];
}

void intern_free(struct intern *intern) {
    free(intern->slots);
    intern->slots = NULL;
    intern->capacity = 0;
    intern->count = 0;
}
