#include "view_options.h"

#include "commands.h"
#include "util/quantity.h"

#include <stdlib.h>
#include <string.h>

static const struct view_name groups[] = {
    {"context", REPORT_BY_CONTEXT},
    {"site", REPORT_BY_SITE},
    {"function", REPORT_BY_FUNCTION},
    {"file", REPORT_BY_FILE},
    {"type", REPORT_BY_TYPE},
    {"thread", REPORT_BY_THREAD},
    {NULL, 0},
};

static const struct view_name orders[] = {
    {"peak", REPORT_ORDER_PEAK},
    {"leaked", REPORT_ORDER_LEAKED},
    {"allocated", REPORT_ORDER_ALLOCATED},
    {"count", REPORT_ORDER_COUNT},
    {"temporary", REPORT_ORDER_TEMPORARY},
    {"lifetime", REPORT_ORDER_LIFETIME},
    {NULL, 0},
};

int view_find_name(const char *command, const struct view_name *names, const char *option,
                   const char *value) {
    for (; names->name; names++) {
        if (strcmp(names->name, value) == 0)
            return names->value;
    }
    command_error("%s: %s does not know '%s'; see memtrack %s --help", command, option, value,
                  command);
    return -1;
}

static const struct quantity_unit times[] = {
    {"", 1e9},  {"ns", 1},     {"us", 1e3},   {"ms", 1e6},
    {"s", 1e9}, {"min", 60e9}, {"h", 3.6e12}, {NULL, 0},
};

bool view_time(const char *command, const char *option, const char *text, double *ns) {
    if (quantity_parse(text, times, ns))
        return true;
    command_error("%s: %s needs a time like 1.5, 200ms or 2min, not '%s'", command, option, text);
    return false;
}

/* "peak", "end", a time, or "50%" of the duration; false after an error message. */
static bool take_moment(const char *command, const char *option, const char *text,
                        struct moment *moment) {
    static const struct quantity_unit shares[] = {{"%", 0.01}, {NULL, 0}};

    *moment = (struct moment){.text = text};
    if (strcmp(text, "peak") == 0)
        return true;
    moment->kind = strcmp(text, "end") == 0 ? MOMENT_END : MOMENT_TIME;
    if (moment->kind == MOMENT_END || quantity_parse(text, times, &moment->value))
        return true;
    moment->kind = MOMENT_SHARE;
    if (quantity_parse(text, shares, &moment->value) && moment->value <= 1)
        return true;
    command_error("%s: %s needs peak, end, a time like 1.5 or 200ms, or a share like 50%%, not "
                  "'%s'",
                  command, option, text);
    return false;
}

bool view_bytes(const char *command, const char *option, const char *text, uint64_t *bytes) {
    if (quantity_bytes(text, bytes))
        return true;
    command_error("%s: %s needs a number of bytes like 4096, 64K or 1.5MiB, not '%s'", command,
                  option, text);
    return false;
}

enum option_value {
    FORMAT = 256,
    BY,
    SORT,
    LIMIT,
    NO_FOLD,
    TAG,
    MATCH,
    MODULE,
    SINCE,
    UNTIL,
    PHASE,
    THREAD,
    MIN_BYTES,
    JOBS,
    AT,
    HELP,
};

static const struct {
    unsigned set; /* 0: of all commands */
    struct option option;
} common[] = {
    {VIEW_FORMAT, {"format", required_argument, NULL, FORMAT}},
    {VIEW_OUTPUT, {"output", required_argument, NULL, 'o'}},
    {VIEW_BY, {"by", required_argument, NULL, BY}},
    {VIEW_SORT, {"sort", required_argument, NULL, SORT}},
    {VIEW_LIMIT, {"limit", required_argument, NULL, LIMIT}},
    {VIEW_NO_FOLD, {"no-fold", no_argument, NULL, NO_FOLD}},
    {VIEW_PLACES, {"tag", required_argument, NULL, TAG}},
    {VIEW_PLACES, {"match", required_argument, NULL, MATCH}},
    {VIEW_PLACES, {"module", required_argument, NULL, MODULE}},
    {VIEW_TIMES, {"since", required_argument, NULL, SINCE}},
    {VIEW_TIMES, {"until", required_argument, NULL, UNTIL}},
    {VIEW_TIMES, {"phase", required_argument, NULL, PHASE}},
    {VIEW_TIMES, {"thread", required_argument, NULL, THREAD}},
    {VIEW_MIN_BYTES, {"min-bytes", required_argument, NULL, MIN_BYTES}},
    {0, {"jobs", required_argument, NULL, JOBS}},
    {VIEW_AT, {"at", required_argument, NULL, AT}},
    {0, {"help", no_argument, NULL, HELP}},
};

enum { COMMON = sizeof(common) / sizeof(common[0]), MAX_OWN = 32 };

static int collect(struct option *options, unsigned set, const struct option *own) {
    int count = 0;

    for (int i = 0; i < COMMON; i++) {
        if (!common[i].set || (common[i].set & set))
            options[count++] = common[i].option;
    }
    for (int i = 0; own && own->name && i < MAX_OWN; i++)
        options[count++] = *own++;
    options[count] = (struct option){0};
    return count;
}

static bool take_until(const char *command, const char *text, double *ns) {
    if (!view_time(command, "--until", text, ns))
        return false;
    if (*ns > 0)
        return true;
    command_error("%s: --until 0 would leave nothing", command);
    return false;
}

static bool take_name(const char *command, const struct view_name *names, const char *option,
                      int *value) {
    *value = view_find_name(command, names, option, optarg);
    return *value >= 0;
}

/* False after an error message. */
static bool take_common(const char *command, struct view_options *parsed, int option) {
    struct selection *selection = &parsed->scope.selection;
    int value = 0;

    switch (option) {
    case FORMAT:
        return command_format(optarg, &parsed->format);
    case 'o':
        parsed->output = optarg;
        return true;
    case BY:
        if (!take_name(command, groups, "--by", &value))
            return false;
        parsed->options.by = (enum report_by)value;
        parsed->by_given = true;
        return true;
    case SORT:
        if (!take_name(command, orders, "--sort", &value))
            return false;
        parsed->options.order = (enum report_order)value;
        parsed->options.one_order = true;
        return true;
    case LIMIT:
        return command_limit(command, optarg, &parsed->options.limit);
    case NO_FOLD:
        parsed->options.no_fold = true;
        return true;
    case TAG:
        parsed->scope.tag = optarg;
        return true;
    case MATCH:
        parsed->scope.match = optarg;
        return true;
    case MODULE:
        parsed->scope.module = optarg;
        return true;
    case SINCE:
        return view_time(command, "--since", optarg, &selection->since_ns);
    case UNTIL:
        return take_until(command, optarg, &selection->until_ns);
    case PHASE:
        selection->phase = optarg;
        return true;
    case THREAD:
        selection->thread = optarg;
        return true;
    case MIN_BYTES:
        return view_bytes(command, "--min-bytes", optarg, &parsed->options.min_bytes);
    case JOBS:
        return command_jobs(command, optarg);
    case AT:
        return take_moment(command, "--at", optarg, &parsed->at);
    default:
        parsed->help = true;
        return true;
    }
}

/* The list of short options: -o or none. */
static const char *short_options(unsigned set) {
    return set & VIEW_OUTPUT ? ":o:" : ":";
}

int view_options_parse(const char *command, int count, char **arguments,
                       struct view_options *parsed, unsigned set, const struct option *own,
                       view_option_taker *take, void *data) {
    struct option options[COMMON + MAX_OWN + 1];
    const struct selection *selection = &parsed->scope.selection;
    int option;

    collect(options, set, own);
    optind = 1;
    while (!parsed->help &&
           (option = getopt_long(count, arguments, short_options(set), options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return command_bad_option(command, arguments, option);
        if (option >= VIEW_OWN && take) {
            int status = take(data, option, optarg);

            if (status != STATUS_OK)
                return status;
        } else if (!take_common(command, parsed, option)) {
            return STATUS_ERROR;
        }
    }
    if (selection->until_ns > 0 && selection->until_ns <= selection->since_ns)
        return command_error("%s: --until is not after --since: nothing would be left", command);
    return STATUS_OK;
}
