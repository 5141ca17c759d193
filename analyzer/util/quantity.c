#include "util/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool quantity_parse(const char *text, const struct quantity_unit *units, double *value) {
    char *end;

    *value = strtod(text, &end);
    if (end == text || !isfinite(*value) || *value < 0)
        return false;
    for (; units->name; units++) {
        if (strcmp(units->name, end) == 0) {
            *value *= units->factor;
            return true;
        }
    }
    return false;
}

bool quantity_bytes(const char *text, uint64_t *bytes) {
    static const struct quantity_unit units[] = {
        {"", 1},          {"B", 1},       {"K", 1 << 10},   {"KiB", 1 << 10}, {"M", 1 << 20},
        {"MiB", 1 << 20}, {"G", 1 << 30}, {"GiB", 1 << 30}, {NULL, 0},
    };
    double value;

    if (!quantity_parse(text, units, &value) || value >= 0x1p63)
        return false;
    *bytes = (uint64_t)value;
    return true;
}

bool quantity_count(const char *text, uint64_t *count) {
    size_t size = strspn(text, "0123456789");

    errno = 0;
    *count = strtoull(text, NULL, 10);
    return size > 0 && text[size] == '\0' && errno == 0;
}
