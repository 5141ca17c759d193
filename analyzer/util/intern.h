/* One copy of each distinct string: a big program's sites name the same few thousand functions and
 * files over and over. Equal strings have equal addresses. */
#ifndef MT_UTIL_INTERN_H
#define MT_UTIL_INTERN_H

#include "util/arena.h"

#include <stddef.h>

struct intern {
    struct arena *arena; /* holds the strings */
    const char **slots;
    size_t capacity;
    size_t count;
};

/* A NUL-terminated copy that lives as long as the arena; NULL when memory is short. A NUL within
 * the bytes ends the string. */
const char *intern_add(struct intern *intern, const void *bytes, size_t size);

/* Frees the table, not the strings. */
void intern_free(struct intern *intern);

#endif
