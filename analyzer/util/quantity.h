/* Numbers with units, as people write them. */
#ifndef MT_UTIL_QUANTITY_H
#define MT_UTIL_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

struct quantity_unit {
    const char *name;
    double factor;
};

/* A number that is not negative, and a unit: the table of them ends with NULL. */
bool quantity_parse(const char *text, const struct quantity_unit *units, double *value);

/* "4096", "64K", "1.5MiB"; K, M and G are powers of 1024. */
bool quantity_bytes(const char *text, uint64_t *bytes);

/* Digits only. */
bool quantity_count(const char *text, uint64_t *count);

#endif
