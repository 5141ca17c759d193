/* The commands and what they share. A command returns the program's exit status and prints its own
 * errors; only main exits. */
#ifndef MT_COMMANDS_H
#define MT_COMMANDS_H

#include "output/output.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdio.h>

enum exit_status {
    STATUS_OK = 0,
    STATUS_DAMAGED = 1,  /* info --verify found damage */
    STATUS_NO_TRACE = 1, /* run: the trace asked for was not made */
    STATUS_ERROR = 2,
};

/* Arguments begin with the command's name. */
int cmd_report(int count, char **arguments);
int cmd_flame(int count, char **arguments);
int cmd_lifetimes(int count, char **arguments);
int cmd_peak(int count, char **arguments);
int cmd_errors(int count, char **arguments);
int cmd_advise(int count, char **arguments);
int cmd_info(int count, char **arguments);
int cmd_dump(int count, char **arguments);
int cmd_run(int count, char **arguments);

/* One line on stderr; returns STATUS_ERROR. */
int command_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Names the option that getopt_long refused and the way out; returns STATUS_ERROR. */
int command_bad_option(const char *command, char **arguments, int option);

/* False, after an error message, if there is no such format. */
bool command_format(const char *name, const struct output_ops **format);

/* The value of --limit; false after an error message. */
bool command_limit(const char *command, const char *text, size_t *limit);

/* Both name one regular file, be it by links; false if either does not exist. */
bool command_same_file(const char *path, const char *other);

/* True, after an error message, if the file that an option says to write is one that is needed:
 * to be asked before anything is written. The output may be NULL. */
bool command_overwrites(const char *command, const char *option, const char *output,
                        const char *needed);

/* Where a command writes: a file, or stdout for NULL. */
struct command_output {
    const char *path;
    FILE *file;
};

bool command_output_open(struct command_output *output, const char *path);

/* False if anything could not be written: after an error message, except that a reader of stdout
 * who has gone away needs none. */
bool command_output_close(struct command_output *output);

#endif
