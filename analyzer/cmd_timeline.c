/* memtrack timeline */
#include "commands.h"
#include "model/family.h"
#include "output/scope.h"
#include "output/timeline.h"
#include "util/terminal.h"
#include "view_options.h"

#include <stdlib.h>

static const char help[] =
    "Usage: memtrack timeline [OPTION]... TRACE...\n"
    "\n"
    "Shows the course in time: live bytes, what was allocated a second, and phase by phase.\n"
    "\n"
    "  --by WHAT            total (default); thread: each thread's own, too; context: those that\n"
    "                       held most at any time, too\n"
    "  --limit N            threads, contexts or processes; 0 for all (default 10)\n"
    "  --points N           in the JSON: parts that the time is divided into (default 200)\n"
    "  --width N            columns of the text (default: the terminal's, else 100)\n"
    "  --height N           lines of the chart (default 12)\n"
    "  --ascii              draw in ASCII, whatever the locale\n"
    "  --format text|json   default text; json: arrays, one figure a part of the time\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --no-fold            show every frame\n" VIEW_HELP_SCOPE COMMAND_HELP_JOBS
    "  --help               this text\n"
    "\n"
    "A column shows the most that was live in its time, so that the peak is always to be seen. Of\n"
    "chains that --match, --module or --tag select, the peak is their own. Processes of one tree\n"
    "are shown on one axis, others each on its own. A profile knows at most 512 points.\n";

enum { MIN_WIDTH = 40, MAX_WIDTH = 1000, MAX_HEIGHT = 200, MAX_POINTS = 100000 };

struct arguments {
    struct view_options view;
    struct timeline_options timeline;
    int by;
    long points, width, height;
    bool ascii;
};

enum { BY = VIEW_OWN, POINTS, WIDTH, HEIGHT, ASCII };

static bool take_number(const char *option, const char *text, long least, long most, long *number) {
    char *end;

    *number = strtol(text, &end, 10);
    if (end != text && !*end && *number >= least && *number <= most)
        return true;
    command_error("timeline: %s needs a number from %ld to %ld, not '%s'", option, least, most,
                  text);
    return false;
}

static int take(void *data, int option, const char *value) {
    static const struct view_name names[] = {{"total", TIMELINE_TOTAL},
                                             {"thread", TIMELINE_BY_THREAD},
                                             {"context", TIMELINE_BY_CONTEXT},
                                             {NULL, 0}};
    struct arguments *parsed = data;
    bool good = true;

    switch (option) {
    case BY:
        parsed->by = view_find_name("timeline", names, "--by", value);
        good = parsed->by >= 0;
        break;
    case POINTS:
        good = take_number("--points", value, 1, MAX_POINTS, &parsed->points);
        break;
    case WIDTH:
        good = take_number("--width", value, MIN_WIDTH, MAX_WIDTH, &parsed->width);
        break;
    case HEIGHT:
        good = take_number("--height", value, 1, MAX_HEIGHT, &parsed->height);
        break;
    default:
        parsed->ascii = true;
        break;
    }
    return good ? STATUS_OK : STATUS_ERROR;
}

/* Whether all processes are of one, or descend from it. */
static bool find_tree(const struct session *session, bool *one, struct error *error) {
    struct family_member *members = family_find(session->traces, session->count);
    size_t roots = 0;

    if (!members)
        return error_no_memory(error);
    for (size_t i = 0; i < session->count; i++)
        roots += members[i].parent == MT_NO_MEMBER;
    *one = roots == 1;
    free(members);
    return true;
}

static bool check(const struct session *session, const struct arguments *arguments,
                  struct error *error) {
    for (size_t i = 0; i < session->count; i++) {
        const struct defs *defs = &session->traces[i].defs;

        if (!defs->rate_known)
            return error_set(error, "%s does not tell the rate of its clock: there are no times",
                             session->traces[i].path);
        if (defs->profile.present && arguments->by != TIMELINE_TOTAL)
            return error_set(error, "a profile keeps the course of the total only: leave out --by, "
                                    "or record with MEMTRACK_OPTIONS=mode=trace");
        if (defs->profile.present && scope_of_places(&session->report.scope))
            return error_set(error, "a profile keeps the course of the total only: leave out "
                                    "--match, --module and --tag");
    }
    return true;
}

static bool write_timeline(FILE *out, struct session *session, const void *data,
                           struct error *error) {
    const struct arguments *arguments = data;
    struct timeline_view view = {
        .report = &session->report,
        .observers = session->observers,
        .traces = session->traces,
        .by = (enum timeline_by)arguments->by,
        .limit = arguments->view.options.limit,
        .fold = !arguments->view.options.no_fold,
        .width = (int)arguments->width,
        .height = (int)arguments->height,
        .ascii = arguments->ascii || !terminal_utf8(),
    };

    if (!check(session, arguments, error) || !find_tree(session, &view.aligned, error))
        return false;
    return arguments->view.format == &output_json ? timeline_write_json(out, &view, error)
                                                  : timeline_print(out, &view, error);
}

/* What is drawn needs no more than a point a column. */
static void settle(struct arguments *arguments) {
    if (!arguments->width) {
        int columns = arguments->view.output ? 0 : terminal_columns(stdout);

        arguments->width = columns ? columns : 100;
        arguments->width = arguments->width < MIN_WIDTH   ? MIN_WIDTH
                           : arguments->width > MAX_WIDTH ? MAX_WIDTH
                                                          : arguments->width;
    }
    if (!arguments->height)
        arguments->height = 12;
    arguments->timeline.by = (enum timeline_by)arguments->by;
    arguments->timeline.points = (uint32_t)(arguments->view.format == &output_json
                                                ? arguments->points
                                                : timeline_columns((int)arguments->width));
}

int cmd_timeline(int count, char **argument_list) {
    static const struct option own[] = {
        {"by", required_argument, NULL, BY},       {"points", required_argument, NULL, POINTS},
        {"width", required_argument, NULL, WIDTH}, {"height", required_argument, NULL, HEIGHT},
        {"ascii", no_argument, NULL, ASCII},       {NULL, 0, NULL, 0}};
    struct arguments arguments = {.view = {.format = &output_text, .options = {.limit = 10}}};
    const struct observer_request observer = {&timeline_ops, &arguments.timeline};
    struct session_request request;
    int status = view_options_parse("timeline", count, argument_list, &arguments.view,
                                    VIEW_USUAL & ~(unsigned)(VIEW_BY | VIEW_SORT | VIEW_MIN_BYTES),
                                    own, take, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    settle(&arguments);
    request = (struct session_request){
        .scope = arguments.view.scope, .observers = &observer, .observer_count = 1};
    return session_write("timeline", argument_list + optind, (size_t)(count - optind),
                         arguments.view.output, &request, write_timeline, &arguments);
}
