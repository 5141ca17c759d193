/* Source files: where they are now, and their lines. Paths may come from a hostile trace: what is
 * no regular file, too large or no text is not read. Knows nothing of traces. */
#ifndef MT_UTIL_SOURCE_H
#define MT_UTIL_SOURCE_H

#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct source {
    char *path; /* that was read; NULL: not found */
    struct timespec changed;
    const char *fault; /* why a file that was found cannot be shown; NULL: nothing */
    char *text;
    size_t size;
    MT_LIST(size_t) lines; /* where they begin */
};

struct source_search {
    const char *const *directories; /* each is tried with the longest end of the path that it has */
    size_t directory_count;
    const char *base; /* of relative paths, besides the current directory; "" none */
};

/* Looks in the directories, then where the path says, and reads what is there. False for lack of
 * memory only; always to be freed. */
bool source_read(struct source *source, const char *path, const struct source_search *search);
void source_free(struct source *source);

/* A line by its number, from 1 on: a copy in valid UTF-8 with tabs expanded and without control
 * characters, of at most `columns` columns, cut with "..."; to be freed. NULL if there is none, or
 * memory is short. */
char *source_line(const struct source *source, size_t number, size_t columns);

#endif
