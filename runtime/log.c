#define _GNU_SOURCE
#include "log.h"

#include "lock.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What stderr was at the start, if it was a file. */
static dev_t start_device;
static ino_t start_inode;

void mt_log_prepare(void) {
    struct stat status;

    if (fstat(2, &status) == 0) {
        start_device = status.st_dev;
        start_inode = status.st_ino;
    }
}

/* 2, or a copy of it to be closed; -1 if there is nowhere to write: a file that the program has
 * opened under that number is not for our words. */
static int open_stderr(void) {
    struct stat status;
    int file = 2, process;

    if (fstat(2, &status) != 0) {
        /* The writer's thread has no descriptors but its own. The process's is shared, not opened
         * anew, so that its offset is. */
        process = (int)syscall(SYS_pidfd_open, getpid(), 0);
        file = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, 2, 0);
        if (process >= 0)
            close(process);
        if (file >= 0 && file <= 2) {
            int low = file;

            file = fcntl(low, F_DUPFD_CLOEXEC, 3);
            close(low);
        }
    }
    if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_dev != start_device || status.st_ino != start_inode)) {
        if (file > 2)
            close(file);
        return -1;
    }
    return file;
}

void mt_log(const char *a, const char *b, const char *c, const char *d) {
    const char *const parts[] = {a, b, c, d};
    char line[1024];
    struct mt_text text = MT_TEXT(line);
    struct mt_lock_quiet before;
    int saved = errno, file;

    mt_text_add(&text, "memtrack: ");
    for (size_t i = 0; i < sizeof parts / sizeof *parts && parts[i]; i++)
        mt_text_add(&text, parts[i]);
    if (text.length == sizeof line - 1)
        text.length--;
    line[text.length++] = '\n';
    mt_lock_quiet(&before);
    file = open_stderr();
    if (file >= 0 && write(file, line, text.length) < 0)
        errno = 0; /* nobody listens */
    if (file > 2)
        close(file);
    mt_lock_loud(&before);
    errno = saved;
}

const char *mt_log_error_name(int error) {
    const char *name = strerrordesc_np(error);

    return name ? name : "unknown error";
}
