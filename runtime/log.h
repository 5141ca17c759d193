/* One-line diagnostics on the program's stderr, by a single write(2). Any thread, any time; keeps
 * errno. */
#ifndef MT_LOG_H
#define MT_LOG_H

/* At the start of the process: remembers what stderr is. */
void mt_log_prepare(void);

/* "memtrack: a b c\n"; arguments up to the first NULL. */
void mt_log(const char *a, const char *b, const char *c, const char *d);

/* The name of an errno value that a user can act on. */
const char *mt_log_error_name(int error);

#endif
