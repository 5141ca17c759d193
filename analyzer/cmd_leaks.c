/* memtrack leaks */
#include "commands.h"
#include "output/leaks.h"
#include "suppression_options.h"
#include "view_options.h"

static const char help[] =
    "Usage: memtrack leaks [OPTION]... TRACE...\n"
    "\n"
    "Lists what was live when the recording ended, by the context that allocated it.\n"
    "\n"
    "  --format text|json   default text; json: the objects of memtrack report\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --by WHAT            tell apart by context (default), site, function, file or type\n"
    "  --kind KIND          which leaks the text lists: direct (default), indirect, reachable or\n"
    "                       all; what the trace does not tell apart is always listed\n"
    "  --reachable          list what is still reachable, too\n" SUPPRESSIONS_HELP
    "  --verbose            tell what each suppression matched\n"
    "  --limit N            rows of each list of the text; 0 for all (default 10)\n"
    "  --min-bytes N        leave out rows that have less\n"
    "  --no-fold            show every frame\n" VIEW_HELP_SCOPE COMMAND_HELP_JOBS
    "  --help               this text\n"
    "\n"
    "Definitions:\n"
    "  unreachable  no root (globals, stacks, registers, thread-local memory) leads to it, be it\n"
    "               by other blocks: nothing can free it any more. Direct: no unreachable block\n"
    "               points to it; indirect: one does, and fixing the direct leak is likely to fix\n"
    "               it. A direct leak's row has what it holds, each indirect block once\n"
    "  reachable    live at the end, but the program could still have used it\n"
    "\n"
    "Whether memory is reachable is looked up when the program ends. Where that was not done, all\n"
    "that is live at the end is listed.\n"
    "\n"
    "Suppressions: leak:PATTERN fits a chain of which any function, file or module has the\n"
    "pattern in it; * is any text, ^ and $ hold it to the beginning and the end. { ... } blocks "
    "of\n"
    "Memcheck:Leak are Valgrind's. A direct leak that is suppressed takes along what it holds.\n"
    "\n"
    "This is a report: the exit status is 0 whether there are leaks or not, 2 if it could not be\n"
    "made. memtrack check --max-unreachable fails on leaks.\n";

struct arguments {
    struct view_options view;
    struct leaks_options leaks;
    struct suppressions *suppressions;
};

enum { KIND = VIEW_OWN, REACHABLE, SUPPRESSIONS, VERBOSE };

static const struct view_name kinds[] = {
    {"direct", 1 << LEAK_DIRECT},
    {"indirect", 1 << LEAK_INDIRECT},
    {"reachable", 1 << LEAK_REACHABLE},
    {"all", (1 << LEAK_KINDS) - 1},
    {NULL, 0},
};

static int take(void *data, int option, const char *value) {
    struct arguments *parsed = data;
    int kind;

    switch (option) {
    case KIND:
        kind = view_find_name("leaks", kinds, "--kind", value);
        if (kind < 0)
            return STATUS_ERROR;
        parsed->leaks.kinds = (unsigned)kind | 1u << LEAK_UNKNOWN;
        return STATUS_OK;
    case REACHABLE:
        parsed->leaks.kinds |= 1u << LEAK_REACHABLE;
        return STATUS_OK;
    case SUPPRESSIONS:
        return suppressions_load(parsed->suppressions, value);
    default:
        parsed->leaks.verbose = true;
        return STATUS_OK;
    }
}

static bool write_leaks(FILE *out, struct session *session, const void *data, struct error *error) {
    const struct arguments *arguments = data;
    bool json = arguments->view.format == &output_json;

    return suppressions_apply(arguments->suppressions, &session->report, true, error) &&
           (json ? leaks_write_json : leaks_print)(out, &session->report, arguments->suppressions,
                                                   &arguments->leaks, error);
}

static int run(int count, char **argument_list, struct arguments *arguments) {
    static const struct option own[] = {{"kind", required_argument, NULL, KIND},
                                        {"reachable", no_argument, NULL, REACHABLE},
                                        {"suppressions", required_argument, NULL, SUPPRESSIONS},
                                        {"verbose", no_argument, NULL, VERBOSE},
                                        {NULL, 0, NULL, 0}};
    struct session_request request;
    int status = view_options_parse("leaks", count, argument_list, &arguments->view,
                                    VIEW_USUAL & ~VIEW_SORT, own, take, arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments->view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments->view.options.by == REPORT_BY_THREAD)
        return command_error("leaks: --by thread is not known here; see memtrack leaks --help");
    arguments->leaks.report = arguments->view.options;
    request = (struct session_request){.scope = arguments->view.scope};
    return session_write("leaks", argument_list + optind, (size_t)(count - optind),
                         arguments->view.output, &request, write_leaks, arguments);
}

int cmd_leaks(int count, char **argument_list) {
    struct suppressions suppressions = {0};
    struct arguments arguments = {
        .view = {.format = &output_text, .options = {.limit = 10}},
        .leaks = {.kinds = 1u << LEAK_DIRECT | 1u << LEAK_UNKNOWN},
        .suppressions = &suppressions,
    };
    int status = run(count, argument_list, &arguments);

    suppressions_free(&suppressions);
    return status;
}
