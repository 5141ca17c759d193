/* Small files that people write: read as a whole. */
#ifndef MT_UTIL_TEXT_FILE_H
#define MT_UTIL_TEXT_FILE_H

#include "util/error.h"

#include <stddef.h>

/* The content with a NUL behind it, to be freed; NULL with a message that names the file if it
 * cannot be read, or has more than `limit` bytes. */
char *text_file_read(const char *path, size_t limit, size_t *size, struct error *error);

/* The lines of such a text, one after the other. */
struct text_lines {
    char *next;
    unsigned number; /* of the line that was given last, from 1 */
};

/* The next line without white space around it, in place; NULL after the last one. */
char *text_next_line(struct text_lines *lines);

/* Without white space around it, in place. */
char *text_trim(char *text);

#endif
