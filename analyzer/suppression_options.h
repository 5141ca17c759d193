/* --suppressions FILE, of several commands. */
#ifndef MT_SUPPRESSION_OPTIONS_H
#define MT_SUPPRESSION_OPTIONS_H

#include "model/suppressions.h"

#define SUPPRESSIONS_HELP                                                                          \
    "  --suppressions FILE  leave out leaks that it names, in LeakSanitizer's or Valgrind's\n"     \
    "                       format; may be given again\n"

/* Adds the file's rules; STATUS_OK, or STATUS_ERROR after an error message. */
int suppressions_load(struct suppressions *suppressions, const char *path);

#endif
