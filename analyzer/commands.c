#include "commands.h"

#include "trace/crew.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int command_error(const char *format, ...) {
    va_list arguments;

    fputs("memtrack: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return STATUS_ERROR;
}

int command_bad_option(const char *command, char **arguments, int option) {
    const char *problem = option == ':' ? "needs an argument" : "is not an option of it";

    /* A bundle of short options is one argument; name the letter that was meant. */
    if (optopt > 0 && optopt < 256)
        return command_error("%s: -%c %s; see memtrack %s --help", command, optopt, problem,
                             command);
    return command_error("%s: %s %s; see memtrack %s --help", command, arguments[optind - 1],
                         problem, command);
}

bool command_format(const char *name, const struct output_ops **format) {
    *format = output_find(name);
    if (!*format)
        command_error("unknown format '%s': text and json are known", name);
    return *format != NULL;
}

bool command_limit(const char *command, const char *text, size_t *limit) {
    char *end;

    errno = 0;
    *limit = strtoul(text, &end, 10);
    if (errno || *end || end == text || text[0] == '-') {
        command_error("%s: --limit needs a number, not '%s'", command, text);
        return false;
    }
    return true;
}

bool command_jobs(const char *command, const char *text) {
    char *end;
    unsigned long jobs;

    errno = 0;
    jobs = strtoul(text, &end, 10);
    if (errno || *end || end == text || text[0] == '-' || jobs < 1 || jobs > MT_MAX_JOBS) {
        command_error("%s: --jobs needs a number from 1 to %d, not '%s'", command, MT_MAX_JOBS,
                      text);
        return false;
    }
    crew_set_jobs((unsigned)jobs);
    return true;
}

/* Both name one regular file, be it by links; false if either does not exist. */
static bool is_same_file(const char *path, const char *other) {
    struct stat status, others;

    return stat(path, &status) == 0 && stat(other, &others) == 0 && S_ISREG(status.st_mode) &&
           status.st_dev == others.st_dev && status.st_ino == others.st_ino;
}

bool command_overwrites(const char *command, const char *option, const char *output,
                        const char *needed) {
    if (!output || !is_same_file(output, needed))
        return false;
    command_error("%s: %s %s would overwrite %s: they are the same file", command, option, output,
                  needed);
    return true;
}
