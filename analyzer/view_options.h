/* The options that commands which show a part of a report have in common. */
#ifndef MT_VIEW_OPTIONS_H
#define MT_VIEW_OPTIONS_H

#include "output/output.h"
#include "session.h"

#include <getopt.h>

struct view_options {
    struct report_options options;
    struct report_scope scope;
    struct moment at;
    const struct output_ops *format;
    const char *output;
    bool by_given;
    bool help;
};

/* Which a command has; --jobs and --help all have. */
enum view_option_set {
    VIEW_FORMAT = 1 << 0, /* --format text|json */
    VIEW_OUTPUT = 1 << 1, /* -o */
    VIEW_BY = 1 << 2,
    VIEW_SORT = 1 << 3,
    VIEW_LIMIT = 1 << 4,
    VIEW_NO_FOLD = 1 << 5,
    VIEW_PLACES = 1 << 6, /* --tag, --match, --module */
    VIEW_TIMES = 1 << 7,  /* --since, --until, --phase, --thread */
    VIEW_MIN_BYTES = 1 << 8,
    VIEW_USUAL = (1 << 9) - 1,
    VIEW_AT = 1 << 9,
};

/* Values of a command's own options begin here. */
enum { VIEW_OWN = 1024 };

/* Takes an option of the command's own; a status other than STATUS_OK after an error message. */
typedef int view_option_taker(void *data, int option, const char *value);

/* Reads the arguments; `own` ends with a zero, and is NULL, like `take`, for none. optind is then
 * the first argument that is no option. STATUS_OK, or STATUS_ERROR after an error message. */
int view_options_parse(const char *command, int count, char **arguments,
                       struct view_options *parsed, unsigned set, const struct option *own,
                       view_option_taker *take, void *data);

/* What --help tells of the scope's options. */
#define VIEW_HELP_SCOPE                                                                            \
    "  --match REGEX        only chains in which it finds a function or file (extended)\n"         \
    "  --module NAME        only what that executable or library allocated\n"                      \
    "  --tag TEXT           only what was allocated under this tag\n"                              \
    "  --thread ID|NAME     only allocations made by that thread\n"                                \
    "  --phase NAME         only allocations made in that phase\n"                                 \
    "  --since, --until T   only allocations made from T on, or before it: seconds since the\n"    \
    "                       start, or a number with ns, us, ms, s, min or h\n"

struct view_name {
    const char *name;
    int value;
};

/* The value of a name, the table of which ends with NULL; -1 after an error message. */
int view_find_name(const char *command, const struct view_name *names, const char *option,
                   const char *value);

/* A time in ns: "1.5", "200ms"; false after an error message. */
bool view_time(const char *command, const char *option, const char *text, double *ns);

/* A number of bytes: "4096", "64K", "1.5MiB" (K, M and G are powers of 1024); the same. */
bool view_bytes(const char *command, const char *option, const char *text, uint64_t *bytes);

#endif
