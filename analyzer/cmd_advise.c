/* memtrack advise */
#include "commands.h"
#include "output/advice.h"
#include "view_options.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: memtrack advise [OPTION]... TRACE...\n"
    "\n"
    "Says what could be better about a program's use of memory, by what the trace shows: each\n"
    "finding with its figures, its calling context, what it would save and what to do.\n"
    "\n"
    "  --format text|json   default text\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --kind KIND          only findings of this kind; may be repeated\n"
    "  --min-saves PERCENT  leave out what saves less of the peak or of the threads' time\n"
    "                       (default 1)\n"
    "  --limit N            findings, those that save most; 0 for all (default 10; JSON: all)\n"
    "  --no-fold            show every frame\n" VIEW_HELP_SCOPE COMMAND_HELP_JOBS
    "  --help               this text\n"
    "\n"
    "Kinds:\n"
    "  leak             live at the end, and nothing points to it any more\n"
    "  growth           live bytes that rise from the first third of the run to its end, whether\n"
    "                   they are freed then or not; set-up, what levels off and what comes and\n"
    "                   goes is none\n"
    "  churn            10,000 and more blocks, at least half of those of the place, each freed\n"
    "                   before its thread allocates anything else\n"
    "  realloc          buffers that are made larger a thousand times and more, a little at a\n"
    "                   time, or up to the same size again and again\n"
    "  tiny             10,000 and more blocks of at most 16 bytes in the mean, which take more\n"
    "                   memory for the allocator than for themselves\n"
    "  over_allocation  100 and more blocks that realloc makes smaller than half\n"
    "  cross_thread     10,000 and more blocks that other threads free\n"
    "  thread_peak      a thread among three or more that holds three quarters of the peak\n"
    "\n"
    "What is found in several contexts of the same three innermost functions is one finding.\n"
    "Times are estimates: 20 ns for an allocation and its free, 50 ns more for a free by another\n"
    "thread, 0.1 ns for a byte that is copied. docs/advice.md tells the evidence of each kind, "
    "and\n"
    "what it cannot tell.\n"
    "\n"
    "This is a report: the exit status is 0 whether there are findings or not, 2 if it could not\n"
    "be made.\n";

struct arguments {
    struct view_options view;
    struct advice_options advice;
};

enum { KIND = VIEW_OWN, MIN_SAVES };

static int take_kind(struct advice_options *options, const char *value) {
    struct view_name names[FINDING_KINDS + 1] = {{0}};
    int kind;

    for (int i = 0; i < FINDING_KINDS; i++)
        names[i] = (struct view_name){finding_kind_name((enum finding_kind)i), i};
    kind = view_find_name("advise", names, "--kind", value);
    if (kind < 0)
        return STATUS_ERROR;
    options->kinds |= 1u << kind;
    return STATUS_OK;
}

static int take_min_saves(struct advice_options *options, const char *value) {
    char *end;
    double percent = strtod(value, &end);

    if (*end || end == value || !(percent >= 0 && percent <= 100))
        return command_error("advise: --min-saves needs a number from 0 to 100, not '%s'", value);
    options->min_share = percent / 100;
    return STATUS_OK;
}

static int take(void *data, int option, const char *value) {
    struct arguments *parsed = data;

    return option == KIND ? take_kind(&parsed->advice, value)
                          : take_min_saves(&parsed->advice, value);
}

static bool write_findings(FILE *out, const struct session *session,
                           const struct arguments *arguments, const struct advice *advice,
                           struct error *error) {
    struct report_options options = arguments->view.options;

    if (arguments->view.format != &output_json) {
        advice_print(out, &session->report, advice, &options);
        return true;
    }
    return advice_write_json(out, &session->report, advice, &options) || error_no_memory(error);
}

static bool write_advice(FILE *out, struct session *session, const void *data,
                         struct error *error) {
    const struct arguments *arguments = data;
    const struct evidence **evidence;
    struct advice advice;
    bool good;

    if (session->report.totals.profiles)
        return error_set(error, "a profile has no events to find anything in: "
                                "MEMTRACK_OPTIONS=mode=trace has them");
    evidence = calloc(session->count, sizeof(*evidence));
    if (!evidence)
        return error_no_memory(error);
    for (size_t i = 0; i < session->count; i++)
        evidence[i] = evidence_of(session->observers[i].items[0]);
    good = advice_make(&advice, &session->report, evidence, &arguments->advice, error) &&
           write_findings(out, session, arguments, &advice, error);
    advice_free(&advice);
    free(evidence);
    return good;
}

int cmd_advise(int count, char **argument_list) {
    static const struct option own[] = {{"kind", required_argument, NULL, KIND},
                                        {"min-saves", required_argument, NULL, MIN_SAVES},
                                        {NULL, 0, NULL, 0}};
    static const struct observer_request observers[] = {{&advice_observer, NULL}};
    struct arguments arguments = {.view = {.format = &output_text, .options = {.limit = SIZE_MAX}},
                                  .advice = {.min_share = 0.01}};
    struct session_request request;
    int status = view_options_parse("advise", count, argument_list, &arguments.view,
                                    VIEW_FORMAT | VIEW_OUTPUT | VIEW_LIMIT | VIEW_NO_FOLD |
                                        VIEW_PLACES | VIEW_TIMES,
                                    own, take, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments.view.options.limit == SIZE_MAX)
        arguments.view.options.limit = arguments.view.format == &output_json ? 0 : 10;
    request = (struct session_request){
        .scope = arguments.view.scope, .observers = observers, .observer_count = 1};
    return session_write("advise", argument_list + optind, (size_t)(count - optind),
                         arguments.view.output, &request, write_advice, &arguments);
}
