/* What stands around every text: the title, and notes on what the figures do not cover. Used by the
 * text format only. */
#ifndef MT_OUTPUT_NOTES_H
#define MT_OUTPUT_NOTES_H

#include "model/report.h"

#include <stdio.h>

/* Text of a trace in one line, sanitized and shortened. */
void notes_clean(FILE *out, const char *bytes, size_t size);

/* A name of a trace, cleaned, in exactly so many columns. */
void notes_name(FILE *out, const char *name, int columns);

/* "MemTrack WHAT: program", and its command. */
void notes_title(FILE *out, const char *what, const struct report *report);

/* `errors`: also how many there are. */
void notes_print(FILE *out, const struct report *report, bool errors);

/* "2 double frees, 1 mismatched free" */
void notes_error_kinds(FILE *out, const struct report *report);

#endif
