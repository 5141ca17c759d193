/* What the static library has in the place of interpose.c, real.c and redirect.c. */
#include "callee.h"
#include "real.h"
#include "record.h"
#include "redirect.h"

__attribute__((weak)) const bool mt_interposed = false;

__attribute__((weak)) const char *mt_real_capture(void) {
    return "calls-only";
}

__attribute__((weak)) const void *mt_callee_find(const void *target) {
    return target;
}

__attribute__((weak)) void mt_redirect_objects(void) {
}
