/* Names as people know them. */
#ifndef MT_UTIL_NAMES_H
#define MT_UTIL_NAMES_H

#include <stddef.h>

/* The C++ name behind a linkage name, or a copy of it if there is none. To be freed; NULL when
 * memory is short. */
char *names_demangle(const char *linkage_name);

/* A copy in valid UTF-8 without control characters: what is not is replaced by U+FFFD. To be freed;
 * NULL when memory is short. */
char *names_utf8(const char *bytes, size_t size);

/* Leaves out of a demangled name, in place, what nobody wrote: std::__cxx11::, default template
 * arguments, and the return type that only templates' names have. */
void names_simplify(char *name);

/* Leaves out the parameters of a simplified name, and what stands behind them; in place. */
void names_drop_parameters(char *name);

/* Makes a simplified name fit the columns if leaving out parameters, then template arguments,
 * suffices or at least helps; in place. */
void names_shorten(char *name, size_t columns);

/* Columns that valid UTF-8 takes on a terminal, one per character. */
size_t names_width(const char *text);

/* The bytes of the longest beginning of at most `columns` characters. */
size_t names_prefix(const char *text, size_t columns);

/* The place where the longest end of at most `columns` characters begins. */
const char *names_suffix(const char *text, size_t columns);

#endif
