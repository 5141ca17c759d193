/* Which functions are the C++ standard library's own, by their linkage names. */
#ifndef MT_MODEL_LIBRARY_H
#define MT_MODEL_LIBRARY_H

#include "trace/defs.h"

#include <stdbool.h>

/* A member of namespace std or __gnu_cxx, what is nested in one, or a global operator new or
 * delete. */
bool library_function(const char *linkage_name);

/* By what else is known of it, too. */
bool library_frame(const struct frame *frame);

#endif
