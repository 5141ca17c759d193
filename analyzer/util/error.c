#include "util/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *error, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return false;
}

static const char no_memory[] = "not enough memory";

bool error_no_memory(struct error *error) {
    return error_set(error, "%s", no_memory);
}

bool error_is_no_memory(const struct error *error) {
    return strcmp(error->text, no_memory) == 0;
}
