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
    STATUS_VIOLATED = 1, /* check: a rule is */
    STATUS_NO_TRACE = 1, /* run: the trace asked for was not made */
    STATUS_ERROR = 2,
    STATUS_UNSURE = 2, /* check: no rule is violated that could be told */
};

/* Arguments begin with the command's name. */
int cmd_report(int count, char **arguments);
int cmd_annotate(int count, char **arguments);
int cmd_flame(int count, char **arguments);
int cmd_lifetimes(int count, char **arguments);
int cmd_threads(int count, char **arguments);
int cmd_timeline(int count, char **arguments);
int cmd_peak(int count, char **arguments);
int cmd_leaks(int count, char **arguments);
int cmd_check(int count, char **arguments);
int cmd_diff(int count, char **arguments);
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

/* Takes the value of --jobs; false after an error message. */
bool command_jobs(const char *command, const char *text);

#define COMMAND_HELP_JOBS                                                                          \
    "  --jobs N             threads that read and match, at most (default: one for each CPU)\n"

/* True, after an error message, if the file that an option says to write is one that is needed:
 * to be asked before anything is written. The output may be NULL. */
bool command_overwrites(const char *command, const char *option, const char *output,
                        const char *needed);

/* Where a command writes: a file, or stdout for NULL. A regular file is written beside the one
 * there is, whose place it takes when it is complete; a signal that ends the program leaves nothing
 * of it. */
struct command_output {
    const char *path;
    FILE *file;
    char *target; /* what `path` names, behind links; NULL: that is what is being written */
    char *beside; /* written instead */
    int removed;  /* by a signal: see util/interrupt.h */
};

bool command_output_open(struct command_output *output, const char *path);

/* Closes what is not complete: the file that was there stays as it was. */
void command_output_discard(struct command_output *output);

/* False if anything could not be written: after an error message, except that a reader of stdout
 * who has gone away needs none. */
bool command_output_close(struct command_output *output);

#endif
