/* Why something failed, in words for a person. Functions that can fail return false and fill one;
 * only main prints them. */
#ifndef MT_UTIL_ERROR_H
#define MT_UTIL_ERROR_H

#include <stdbool.h>

struct error {
    char text[320];
};

/* Always returns false, so that a failing function can end with `return error_set(...)`. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool error_no_memory(struct error *error);

/* Whether error_no_memory set it. */
bool error_is_no_memory(const struct error *error);

#endif
