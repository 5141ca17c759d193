/* memtrack diff */
#include "commands.h"
#include "output/diff.h"
#include "view_options.h"

#include <stdlib.h>

static const char help[] =
    "Usage: memtrack diff [OPTION]... BASE NEW\n"
    "       memtrack diff [OPTION]... --base BASE [--base BASE]... NEW...\n"
    "\n"
    "Says what changed from one recording to another. Several traces of a side are added up.\n"
    "\n"
    "  --base TRACE         a trace of the older side, may be given again; all others are new\n"
    "  --format text|json   default text\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --by WHAT            tell apart by context (default), site, function, file or type\n"
    "  --sort ORDER         what has changed most comes first, by peak (default), leaked,\n"
    "                       allocated, count or temporary\n"
    "  --normalize UNIT     compare as if both had run as long (second), or made as many events\n"
    "                       (event) or allocations (allocation): figures of the new side are\n"
    "                       multiplied by one factor; the peak, which is a level, is not\n"
    "  --limit N            rows of the text; 0 for all (default 10)\n"
    "  --min-bytes N        leave out what has changed by less\n"
    "  --no-fold            show every frame\n" VIEW_HELP_SCOPE COMMAND_HELP_JOBS
    "  --help               this text\n"
    "\n"
    "Joining: contexts are the same if their hashes are, which builds of the same source have in\n"
    "common, wherever they are loaded. What has no partner then is joined by the names of its\n"
    "functions, inlined ones too, and modules, whatever the lines and directories; if several\n"
    "are alike in that, those that cost most are taken for the same. They are marked as moved.\n"
    "\n"
    "This is a report: the exit status is 0 whether anything changed or not, 2 if it could not be\n"
    "made. memtrack check --baseline fails on what grew.\n";

struct arguments {
    struct view_options view;
    enum diff_unit unit;
    char **base;
    size_t base_count;
};

enum { BASE = VIEW_OWN, NORMALIZE };

static const struct view_name unit_names[] = {
    {"second", DIFF_PER_SECOND},
    {"event", DIFF_PER_EVENT},
    {"allocation", DIFF_PER_ALLOCATION},
    {NULL, 0},
};

static int take(void *data, int option, const char *value) {
    struct arguments *parsed = data;
    int unit;

    if (option == BASE) {
        parsed->base[parsed->base_count++] = (char *)(uintptr_t)value;
        return STATUS_OK;
    }
    unit = view_find_name("diff", unit_names, "--normalize", value);
    parsed->unit = (enum diff_unit)unit;
    return unit < 0 ? STATUS_ERROR : STATUS_OK;
}

static int write_diff(const struct arguments *arguments, struct session *sessions) {
    const struct report_options *options = &arguments->view.options;
    struct diff_side sides[2] = {{.events = 0}};
    struct diff diff = {0};
    struct diff_view view = {.base = &sessions[0].report,
                             .new = &sessions[1].report,
                             .sides = {&sides[0], &sides[1]},
                             .diff = &diff,
                             .unit = arguments->unit,
                             .options = options};
    struct command_output output;
    struct error error;
    int status = STATUS_ERROR;
    bool good = true;

    for (int i = 0; good && i < 2; i++)
        good =
            diff_side_make(&sides[i], &sessions[i].report, options->by, !options->no_fold, &error);
    good = good && diff_make(&diff, &sides[0], &sides[1], arguments->unit, &error);
    if (!good) {
        command_error("diff: %s", error.text);
    } else if (command_output_open(&output, arguments->view.output)) {
        (arguments->view.format == &output_json ? diff_write_json : diff_print)(output.file, &view);
        status = command_output_close(&output) ? STATUS_OK : STATUS_ERROR;
    }
    diff_free(&diff);
    diff_side_free(&sides[0]);
    diff_side_free(&sides[1]);
    return status;
}

static bool overwrites(const char *output, char **paths, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (command_overwrites("diff", "-o", output, paths[i]))
            return true;
    }
    return false;
}

static int load_and_write(const struct arguments *arguments, char **new, size_t new_count) {
    struct session_request request = {.scope = arguments->view.scope};
    struct session sessions[2] = {{.count = 0}};
    struct error error;
    int status = STATUS_ERROR;

    if (overwrites(arguments->view.output, arguments->base, arguments->base_count) ||
        overwrites(arguments->view.output, new, new_count))
        return STATUS_ERROR;
    if (!filter_check(&request.scope, &error))
        return command_error("diff: %s", error.text);
    if (session_load(&sessions[0], arguments->base, arguments->base_count, &request) &&
        session_load(&sessions[1], new, new_count, &request) && !sessions[0].unread &&
        !sessions[1].unread)
        status = write_diff(arguments, sessions);
    session_close(&sessions[0]);
    session_close(&sessions[1]);
    return status;
}

static int run(int count, char **argument_list, struct arguments *arguments) {
    static const struct option own[] = {{"base", required_argument, NULL, BASE},
                                        {"normalize", required_argument, NULL, NORMALIZE},
                                        {NULL, 0, NULL, 0}};
    int status = view_options_parse("diff", count, argument_list, &arguments->view, VIEW_USUAL, own,
                                    take, arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments->view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments->view.options.by == REPORT_BY_THREAD)
        return command_error("diff: --by thread is not known here: threads of two runs have no "
                             "more than their numbers in common");
    if (arguments->view.options.order == REPORT_ORDER_LIFETIME)
        return command_error("diff: --sort lifetime is not known here; see memtrack diff --help");
    if (!arguments->base_count && count - optind == 2)
        arguments->base[arguments->base_count++] = argument_list[optind++];
    if (!arguments->base_count || optind == count)
        return command_error("diff: two traces are needed, or --base for each of the older side; "
                             "see memtrack diff --help");
    return load_and_write(arguments, argument_list + optind, (size_t)(count - optind));
}

int cmd_diff(int count, char **argument_list) {
    struct arguments arguments = {
        .view = {.format = &output_text, .options = {.limit = 10}},
        .base = calloc((size_t)count + 1, sizeof(*arguments.base)),
    };
    int status;

    if (!arguments.base)
        return command_error("not enough memory");
    status = run(count, argument_list, &arguments);
    free(arguments.base);
    return status;
}
