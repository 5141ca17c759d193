/* Patterns with wildcards. */
#ifndef MT_UTIL_GLOB_H
#define MT_UTIL_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* `*` is any text, also none; `?` any one byte, unless it is to stand for itself. The whole text
 * has to match. Takes no longer than the product of the two lengths. */
bool glob_match(const char *pattern, const char *text);
bool glob_match_stars(const char *pattern, const char *text);

#endif
