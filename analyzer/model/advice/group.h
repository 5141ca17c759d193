/* Contexts that are one place to those who read advice: those whose innermost functions are the
 * same. Who called these is then no longer told apart, so that recursion, threads and many callers
 * do not scatter one finding over many. */
#ifndef MT_MODEL_ADVICE_GROUP_H
#define MT_MODEL_ADVICE_GROUP_H

#include "trace/trace.h"

/* Of the functions that are not folded, how many make the place. One would take all users of a
 * function like luaM_malloc_ for one. */
enum { MT_GROUP_FUNCTIONS = 3 };

/* A hash of their names: equal in all traces. */
uint64_t group_key(const struct defs *defs, uint32_t context);

#endif
