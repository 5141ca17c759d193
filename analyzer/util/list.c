#include "util/list.h"

#include <stdlib.h>

void *list_add(void **items, size_t *count, size_t *capacity, size_t size) {
    if (*count == *capacity) {
        size_t grown_capacity = *capacity ? *capacity * 2 : 64;
        void *grown = realloc(*items, grown_capacity * size);

        if (!grown)
            return NULL;
        *items = grown;
        *capacity = grown_capacity;
    }
    return (char *)*items + (*count)++ * size;
}
