/* Calls made by code that is not instrumented: where they are, by their return address. */
#ifndef MT_FOREIGN_H
#define MT_FOREIGN_H

#include "memtrack/abi.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether what stands in the place of a site is mt_call_foreign(). */
static inline bool mt_foreign_is(const struct memtrack_site *site) {
    return (uintptr_t)site >> 63 && (uintptr_t)site >> 32 != UINT32_MAX;
}

struct mt_foreign {
    const char *path; /* of the object, while that is loaded; "" if the code is in none */
    uint64_t offset;  /* of the return address in it, as its ELF file counts */
    uint64_t hash;
    enum memtrack_api api;
};

/* Finds out what such a word means while its code is loaded. Any thread; takes no lock of the
 * dynamic linker's. */
void mt_foreign_find(const struct memtrack_site *site, struct mt_foreign *found);

/* Objects may have been unloaded: forgets the words of their calls, whose addresses will mean
 * others. */
void mt_foreign_forget_unloaded(void);

void mt_foreign_before_fork(void);
void mt_foreign_after_fork(void);

#endif
