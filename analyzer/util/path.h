#ifndef MT_UTIL_PATH_H
#define MT_UTIL_PATH_H

#include <string.h>

/* What stands after the last slash. */
static inline const char *path_base_name(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

#endif
