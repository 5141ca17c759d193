#define _GNU_SOURCE
#include "commands.h"
#include "util/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another file may take the place of what is at the path: it is a regular file of ours, under one
 * name, or there is none. */
static bool is_replaceable(const char *path, mode_t *mode, bool *present) {
    struct stat status;

    *present = lstat(path, &status) == 0;
    if (!*present)
        return errno == ENOENT;
    *mode = status.st_mode & 07777;
    return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == geteuid() &&
           access(path, W_OK) == 0;
}

static void forget(struct command_output *output) {
    interrupt_keeps(output->removed);
    free(output->beside);
    free(output->target);
    output->beside = output->target = NULL;
}

/* Opens a file beside the one asked for; -1 if that one is to be written itself. */
static int open_beside(struct command_output *output) {
    mode_t mode = 0;
    bool present;
    int fd = -1;

    output->target = realpath(output->path, NULL);
    if (!output->target && errno == ENOENT)
        output->target = strdup(output->path);
    if (output->target && is_replaceable(output->target, &mode, &present) &&
        asprintf(&output->beside, "%s.%d.part", output->target, (int)getpid()) >= 0) {
        output->removed = interrupt_removes(output->beside);
        fd = open(output->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (fd < 0) {
        forget(output);
        return -1;
    }
    /* Where that cannot be, the file has the rights that it would have if it were new. */
    if (present && fchmod(fd, mode) != 0)
        errno = 0;
    return fd;
}

bool command_output_open(struct command_output *output, const char *path) {
    int fd;

    *output = (struct command_output){.path = path, .file = stdout, .removed = -1};
    if (!path)
        return true;
    fd = open_beside(output);
    output->file = fd >= 0 ? fdopen(fd, "w") : fopen(path, "we");
    if (!output->file)
        command_error("%s: cannot be written: %s", path, strerror(errno));
    return output->file != NULL;
}

void command_output_discard(struct command_output *output) {
    if (output->path)
        fclose(output->file);
    output->file = NULL;
    if (output->beside)
        unlink(output->beside);
    forget(output);
}

/* The stream does not keep why a write in its midst failed, so the pipe is asked. */
static bool reader_is_gone(FILE *file, int error) {
    struct pollfd descriptor = {.fd = fileno(file), .events = POLLOUT};

    return error == EPIPE ||
           (poll(&descriptor, 1, 0) == 1 && (descriptor.revents & (POLLERR | POLLHUP)) != 0);
}

bool command_output_close(struct command_output *output) {
    int error = 0;

    errno = 0;
    if (fflush(output->file) != 0 || ferror(output->file))
        error = errno ? errno : EIO;
    if (error && !output->path && reader_is_gone(output->file, error))
        return false;
    if (output->path && fclose(output->file) != 0 && !error)
        error = errno;
    output->file = NULL;
    if (output->beside && !error && rename(output->beside, output->target) != 0)
        error = errno;
    if (output->beside && error)
        unlink(output->beside);
    forget(output);
    if (error)
        command_error("%s: cannot be written: %s", output->path ? output->path : "standard output",
                      strerror(error));
    return error == 0;
}
