/* What the terminal, or whatever reads the text, can show. */
#ifndef MT_UTIL_TERMINAL_H
#define MT_UTIL_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Whether the locale in the environment is one of UTF-8. */
bool terminal_utf8(void);

/* Columns of the terminal that the stream goes to; 0 if it goes elsewhere or they are not known. */
int terminal_columns(FILE *stream);

#endif
