#define _GNU_SOURCE
#include "log.h"

#include "text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void mt_log(const char *a, const char *b, const char *c, const char *d) {
    const char *const parts[] = {a, b, c, d};
    char line[1024];
    struct mt_text text = MT_TEXT(line);
    int saved = errno;

    mt_text_add(&text, "memtrack: ");
    for (size_t i = 0; i < sizeof parts / sizeof *parts && parts[i]; i++)
        mt_text_add(&text, parts[i]);
    if (text.length == sizeof line - 1)
        text.length--;
    line[text.length++] = '\n';
    if (write(2, line, text.length) < 0)
        errno = 0; /* stderr is closed: there is nobody to tell */
    errno = saved;
}

const char *mt_log_error_name(int error) {
    const char *name = strerrordesc_np(error);

    return name ? name : "unknown error";
}
