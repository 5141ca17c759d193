#define XXH_INLINE_ALL
#include "model/errors.h"

#include <stdlib.h>
#include <xxhash.h>

static uint64_t key_of(const struct memory_error *error) {
    uint64_t parts[] = {
        error->kind,
        error->inner,
        (uintptr_t)error->allocated_at.trace,
        error->allocated_at.context,
        (uintptr_t)error->freed_at.trace,
        error->freed_at.context,
        (uintptr_t)error->first_freed_at.trace,
        error->first_freed_at.context,
    };

    return XXH3_64bits(parts, sizeof(parts));
}

void errors_add(struct errors *errors, const struct memory_error *occurrence) {
    uint64_t key = key_of(occurrence);
    uint32_t index = id_map_get(&errors->of_key, key);

    errors->counts[occurrence->kind]++;
    if (index == MT_ID_MAP_NONE) {
        struct memory_error *added;

        if (errors->list.count == MT_ERRORS_KEPT)
            return;
        added = MT_LIST_ADD(errors->list);
        if (!added)
            return;
        *added = *occurrence;
        added->count = 0;
        index = (uint32_t)(errors->list.count - 1);
        if (!id_map_put(&errors->of_key, key, index)) {
            errors->list.count--;
            return;
        }
    }
    errors->list.items[index].count++;
}

void errors_free(struct errors *errors) {
    free(errors->list.items);
    id_map_free(&errors->of_key);
    *errors = (struct errors){0};
}
