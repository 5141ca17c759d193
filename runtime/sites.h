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

/* Path of the object the site is in; NULL if its table is not registered (yet). Valid until the
 * table is unregistered. Any thread. */
const char *mt_sites_module(const struct memtrack_site *site);

/* The same by the dynamic linker's knowledge, whose lock it takes, "" if nothing is known; returns
 * whether it is the program itself. */
#define MT_SITES_PATH_SIZE 4096
bool mt_sites_find_path(const struct memtrack_site *site, char path[MT_SITES_PATH_SIZE]);

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
