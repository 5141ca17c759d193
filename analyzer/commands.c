#include "commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

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

bool command_output_open(struct command_output *output, const char *path) {
    output->path = path;
    output->file = path ? fopen(path, "we") : stdout;
    if (!output->file)
        command_error("%s: cannot be written: %s", path, strerror(errno));
    return output->file != NULL;
}

bool command_output_close(struct command_output *output) {
    int error = 0;

    errno = 0;
    if (fflush(output->file) != 0 || ferror(output->file))
        error = errno ? errno : EIO;
    if (output->path && fclose(output->file) != 0 && !error)
        error = errno;
    output->file = NULL;
    if (error)
        command_error("%s: cannot be written: %s", output->path ? output->path : "standard output",
                      strerror(error));
    return error == 0;
}
