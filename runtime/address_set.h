/* A set of addresses of blocks, each as often as it was added; without locks, for all threads and
 * signal handlers. Zero is an empty one. */
#ifndef MT_ADDRESS_SET_H
#define MT_ADDRESS_SET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MT_ADDRESS_SET_TABLES 12u

struct mt_address_set {
    _Atomic unsigned count; /* of tables that there are */
    _Atomic(_Atomic uintptr_t *) tables[MT_ADDRESS_SET_TABLES];
};

/* False if there is no memory for it. */
bool mt_address_set_add(struct mt_address_set *set, const void *block);

/* Takes it out again; false if it is not in there. */
bool mt_address_set_remove(struct mt_address_set *set, const void *block);

#endif
