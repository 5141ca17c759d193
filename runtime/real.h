/* The functions that the interposed ones stand before: the next of the same name (RTLD_NEXT), or
 * what the runtime does in their place. Only in the shared library. */
#ifndef MT_REAL_H
#define MT_REAL_H

#include "compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Each may be called at any time. Until the real ones are known they find them; what that allocates
 * is the arena's. */
struct mt_real {
#define MT_C(name, result, parameters) result(*name) parameters;
#define MT_OPERATOR(name, symbol, result, parameters) result(*name) parameters;
#include "interposed.def"
};
MT_EXTERN struct mt_real mt_real;

/* Whether the real functions may call interposed ones in turn, so that calls of them need a guard:
 * not so with allocators that are known. */
MT_EXTERN bool mt_real_nests;
MT_EXTERN bool mt_real_operators_nest;

/* Finds the real functions; false if the thread is about that. */
bool mt_real_find(void);

/* What the public symbols lead to where that is not the interposed function, NULL for the others;
 * returns whether there is any. */
bool mt_real_get_in_front(struct mt_real *functions);

/* What the trace says of how much is seen: "interposed", everything; "redirected", what comes by
 * the entries that redirect.c has found; "calls-only", in a static program. */
const char *mt_real_capture(void);

/* The next function of an operator's name after `own`: as this library sees it or, where libraries
 * keep theirs to themselves, in any object; NULL if there is none. Takes the dynamic linker's lock.
 */
void *mt_real_next_operator(const char *symbol, const void *own);

/* What the runtime does in an operator's place where that is libstdc++'s or libc++'s: the same on
 * the real allocator, and the next operator where that fails, for its new-handlers and exceptions.
 * operators.c. */
#define MT_C(name, result, parameters)
#define MT_OPERATOR(name, symbol, result, parameters) result mt_operator_##name parameters;
#include "interposed.def"

/* The interposed functions themselves, whatever object's the public symbols are. */
#define MT_C(name, result, parameters) result mt_interposed_##name parameters;
#define MT_OPERATOR(name, symbol, result, parameters) result mt_interposed_##name parameters;
#include "interposed.def"

#endif
