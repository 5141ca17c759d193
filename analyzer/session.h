/* Traces opened and analyzed for a command. */
#ifndef MT_SESSION_H
#define MT_SESSION_H

#include "model/report.h"

#include <stdio.h>

struct session {
    struct trace *traces;
    size_t count;
    struct report report;
};

/* Opens and analyzes every trace and adds them up; one line on stderr for each that is damaged.
 * False, after an error message, if one cannot be read. Always to be closed. */
bool session_load(struct session *session, char **paths, size_t count);
void session_close(struct session *session);

/* Writes what a command is for; `data` is its arguments. False for lack of memory only. */
typedef bool session_writer(FILE *out, struct report *report, const void *data,
                            struct error *error);

/* What commands that read traces and write one output do: makes sure that there are traces and that
 * the output (NULL for stdout) overwrites none of them, loads them and calls `write`. Returns the
 * exit status, after an error message if it is none of success. */
int session_write(const char *command, char **paths, size_t count, const char *output,
                  session_writer *write, const void *data);

#endif
