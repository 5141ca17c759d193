/* Registered site tables: which executable or library a call site belongs to. */
#ifndef MT_SITES_H
#define MT_SITES_H

#include "memtrack/abi.h"

#include <stdbool.h>
#include <stddef.h>

/* What the pass's constructors and destructors call, see abi.h. */
void __memtrack_register_sites_v3(const struct memtrack_site *start,
                                  const struct memtrack_site *stop);
void __memtrack_unregister_sites_v3(const struct memtrack_site *start,
                                    const struct memtrack_site *stop);

/* Whether an ordinary call's site lies there: in a table that is registered or, since a library's
 * constructor may call a program whose own have not run, by all that can be seen. Any thread,
 * signal handlers too. */
bool mt_sites_is_call(const struct memtrack_site *site);

void mt_sites_before_fork(void);
void mt_sites_after_fork(void);

/* What a self-relative field of a site or frame names; NULL for none. */
static inline const void *mt_sites_follow(const int32_t *field) {
    return *field ? (const char *)field + *field : NULL;
}

#endif
