#define _GNU_SOURCE
#include "sink.h"

#include "log.h"
#include "memtrack/trace_format.h"
#include "object.h"
#include "options.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Above what programs expect their own descriptors to be numbered, if the limit allows. */
#define PREFERRED_FD 1000
#define SUFFIX ".mtrace"

/* The trace in the program's descriptor table, and in that of the thread that has its own. */
static int files[2] = {-1, -1};
static pid_t detached_thread;
static bool regular;
static dev_t device;
static ino_t inode;
static uint64_t size;
static uint64_t size_before; /* the last append */
static bool failed;
static char start_directory[MT_OPTION_STRING_SIZE];
static char path[3 * MT_OPTION_STRING_SIZE];

static int *own_file(void) {
    return &files[detached_thread && gettid() == detached_thread];
}

const char *mt_sink_path(void) {
    return path;
}

uint64_t mt_sink_size(void) {
    return size;
}

bool mt_sink_is_file(void) {
    return regular;
}

void mt_sink_prepare(void) {
    if (!getcwd(start_directory, sizeof start_directory))
        start_directory[0] = 0;
}

static void add_program(struct mt_text *text) {
    const char *name = mt_text_base_name(mt_object_program());

    mt_text_add(text, name[0] ? name : program_invocation_short_name);
}

static void expand(struct mt_text *text, const char *pattern) {
    struct utsname host;

    for (; *pattern; pattern++) {
        if (*pattern != '%') {
            mt_text_add_bytes(text, pattern, 1);
            continue;
        }
        switch (*++pattern) {
        case 'e':
            add_program(text);
            break;
        case 'p':
            mt_text_add_number(text, (uint64_t)getpid());
            break;
        case 't':
            mt_text_add_number(text, (uint64_t)time(NULL));
            break;
        case 'h':
            if (uname(&host) == 0)
                mt_text_add(text, host.nodename);
            break;
        case '%':
            mt_text_add(text, "%");
            break;
        default:
            mt_text_add(text, "%");
            pattern--;
        }
    }
}

/* The absolute path to write to: the program may change its directory. `number` > 0 makes another
 * name. */
static void make_path(uint64_t number) {
    struct mt_text text = MT_TEXT(path);
    struct stat status;

    if (mt_options.output[0] != '/' && start_directory[0]) {
        mt_text_add(&text, start_directory);
        mt_text_add(&text, "/");
    }
    expand(&text, mt_options.output);
    if (path[text.length - 1] == '/' || (stat(path, &status) == 0 && S_ISDIR(status.st_mode))) {
        if (path[text.length - 1] != '/')
            mt_text_add(&text, "/");
        expand(&text, "memtrack.%e.%p" SUFFIX);
    }
    if (number) {
        size_t suffix = sizeof SUFFIX - 1;
        bool has_suffix = text.length > suffix && !strcmp(path + text.length - suffix, SUFFIX);

        if (has_suffix)
            text.length -= suffix;
        mt_text_add(&text, ".");
        mt_text_add_number(&text, number);
        if (has_suffix)
            mt_text_add(&text, SUFFIX);
    }
}

/* What stands in the way at `path`. */
enum obstacle { REPLACEABLE, IN_USE, FOREIGN, DEVICE };

static enum obstacle inspect(void) {
    struct mt_file_header header;
    struct stat status;
    enum obstacle found = FOREIGN;
    ssize_t length;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &status) != 0)
        goto out;
    if (S_ISCHR(status.st_mode)) {
        found = DEVICE;
        goto out;
    }
    length = read(fd, &header, sizeof header);
    if (!S_ISREG(status.st_mode) ||
        (length != 0 && (length != (ssize_t)sizeof header ||
                         memcmp(header.magic, MT_FILE_MAGIC, MT_FILE_MAGIC_SIZE))))
        goto out;
    found = REPLACEABLE;
    /* The trace of a running process, or of this one before it called exec. */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || (length && header.pid == (uint32_t)getpid()))
        found = IN_USE;
out:
    if (fd >= 0)
        close(fd);
    return found;
}

static bool is_at_path(int fd) {
    struct stat opened, named;

    return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static int create(uint64_t number) {
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;

    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        int fd;

        make_path(number);
        fd = open(path, flags | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno != EEXIST)
            return fd;
        /* Between its creation and the lock another process may have taken it for an old one. */
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at_path(fd))
            return fd;
        if (fd >= 0) {
            close(fd);
            continue;
        }
        switch (inspect()) {
        case DEVICE:
            return open(path, flags);
        case REPLACEABLE:
            unlink(path);
            break;
        case IN_USE:
            number = number ? number + 1 : (uint64_t)getpid();
            break;
        case FOREIGN:
            mt_log("no trace: ", path,
                   " exists and is not a trace; name another with "
                   "MEMTRACK_OPTIONS=output=FILE",
                   NULL);
            errno = 0;
            return -1;
        }
    }
    errno = EEXIST;
    return -1;
}

static int move_up(int fd) {
    struct rlimit limit;
    int high = PREFERRED_FD;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= PREFERRED_FD)
        high = (int)(limit.rlim_cur - limit.rlim_cur / 4);
    high = fcntl(fd, F_DUPFD_CLOEXEC, high);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

bool mt_sink_open(bool forked) {
    bool names_process = strstr(mt_options.output, "%p");
    struct stat status;
    int file;

    size = size_before = 0;
    failed = false;
    file = create(forked && !names_process ? (uint64_t)getpid() : 0);
    if (file < 0) {
        if (errno)
            mt_log("no trace: cannot create ", path, ": ", mt_log_error_name(errno));
        return false;
    }
    files[0] = file = move_up(file);
    detached_thread = 0;
    regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    device = status.st_dev;
    inode = status.st_ino;
    return true;
}

/* The program may have closed the descriptor, and opened something else under its number. */
static bool file_is_ours(int fd) {
    struct stat status;

    return fd >= 0 && fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

static bool reopen(void) {
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);

    if (fd < 0)
        return false;
    if (!file_is_ours(fd)) {
        close(fd);
        errno = ENOENT;
        return false;
    }
    *own_file() = move_up(fd);
    return true;
}

void mt_sink_detach(void) {
#ifdef SYS_close_range
    int saved = errno, file;

    /* The program may have closed the trace before this thread ran; from here on it cannot. */
    if (syscall(SYS_unshare, CLONE_FILES) == 0) {
        detached_thread = gettid();
        files[1] = files[0];
        if (!file_is_ours(files[1]) && !reopen())
            files[1] = -1;
        file = files[1];
        /* Nothing of the program's may stay open here: the reader of a pipe waits until the last
         * copy of its other end is closed. */
        if (file > 0)
            syscall(SYS_close_range, 0, file - 1, 0);
        syscall(SYS_close_range, file + 1, ~0u, 0);
    }
    errno = saved;
#endif
}

static bool write_all(const uint8_t *data, size_t length) {
    int file = *own_file();

    while (length) {
        ssize_t written = write(file, data, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        length -= (size_t)written;
    }
    return true;
}

bool mt_sink_append(const void *data, size_t length) {
    int error;

    if ((file_is_ours(*own_file()) || reopen()) && write_all(data, length)) {
        size_before = size;
        size += length;
        return true;
    }
    error = errno;
    /* Half a block would be reported as damage. */
    if (regular && file_is_ours(*own_file()) && ftruncate(*own_file(), (off_t)size) != 0)
        error = errno;
    if (!failed)
        mt_log("the trace ends early: cannot write ", path, ": ", mt_log_error_name(error));
    failed = true;
    return false;
}

bool mt_sink_take_back(void) {
    if (!regular || !size_before || !file_is_ours(*own_file()) ||
        ftruncate(*own_file(), (off_t)size_before) != 0)
        return false;
    size = size_before;
    size_before = 0;
    return true;
}

void mt_sink_close(void) {
    int *file = own_file();

    if (file_is_ours(*file))
        close(*file);
    *file = -1;
    regular = false;
}
