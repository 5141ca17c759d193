/* Arrays that grow as items are added. */
#ifndef MT_UTIL_LIST_H
#define MT_UTIL_LIST_H

#include <stddef.h>

#define MT_LIST(type)                                                                              \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

/* Makes room for one more item and counts it; NULL, and the list unchanged, when memory is
 * short. Pointers to items do not survive it. */
#define MT_LIST_ADD(list)                                                                          \
    list_add((void **)&(list).items, &(list).count, &(list).capacity, sizeof(*(list).items))
void *list_add(void **items, size_t *count, size_t *capacity, size_t size);

#endif
