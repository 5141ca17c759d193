/* Traces opened and analyzed for a command. */
#ifndef MT_SESSION_H
#define MT_SESSION_H

#include "model/report.h"

struct session {
    struct trace *traces;
    size_t count;
    struct report report;
};

/* Opens and analyzes every trace and adds them up; one line on stderr for each that is damaged.
 * False, after an error message, if one cannot be read. Always to be closed. */
bool session_load(struct session *session, char **paths, size_t count);
void session_close(struct session *session);

#endif
