/* Traces opened and analyzed for a command. */
#ifndef MT_SESSION_H
#define MT_SESSION_H

#include "model/filter.h"
#include "model/observe.h"
#include "model/report.h"

#include <stdio.h>

/* What of the traces a command wants. */
struct session_request {
    struct report_scope scope;
    struct moment at;                         /* see analysis.h */
    const struct observer_request *observers; /* one of each for each trace */
    size_t observer_count;
};

struct session {
    struct trace *traces;
    size_t count;
    size_t unread;               /* others that were asked for and cannot be read */
    struct observers *observers; /* by trace, each in the order of the request */
    struct report report;
};

/* Opens and analyzes every trace that can be read and adds them up; one line on stderr for each
 * that cannot, and for each that is damaged. False, after an error message, if there is nothing to
 * report on. Always to be closed. */
bool session_load(struct session *session, char **paths, size_t count,
                  const struct session_request *request);
void session_close(struct session *session);

/* Writes what a command is for; `data` is its arguments. False with the error set: for lack of
 * memory, or because the traces do not have what is asked for. */
typedef bool session_writer(FILE *out, struct session *session, const void *data,
                            struct error *error);

/* What commands that read traces and write one output do: makes sure that there are traces and that
 * the output (NULL for stdout) overwrites none of them, loads them and calls `write`. Returns the
 * exit status, after an error message if it is none of success: also where some were not read. */
int session_write(const char *command, char **paths, size_t count, const char *output,
                  const struct session_request *request, session_writer *write, const void *data);

#endif
