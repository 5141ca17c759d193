#define _GNU_SOURCE
#include "log.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
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
    if (write(2, line, text.length) < 0) {
        /* The writer's thread has no descriptors but its own; the process's may still be there. */
        int file = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

        if (file >= 0) {
            if (write(file, line, text.length) < 0)
                errno = 0; /* stderr is closed or full: there is nobody to tell */
            close(file);
        }
    }
    errno = saved;
}

const char *mt_log_error_name(int error) {
    const char *name = strerrordesc_np(error);

    return name ? name : "unknown error";
}
