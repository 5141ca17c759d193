/* memtrack lifetimes */
#include "commands.h"
#include "output/lifetimes.h"
#include "util/terminal.h"
#include "view_options.h"

static const char help[] =
    "Usage: memtrack lifetimes [OPTION]... TRACE...\n"
    "\n"
    "Says how long blocks lived and how large they were: in all and by context, by powers of two.\n"
    "Lists what allocates large blocks that are soon freed, which could be kept and used again,\n"
    "and small ones that stay, which cost more than their size.\n"
    "\n"
    "  --format text|json   default text\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --by WHAT            tell apart by context (default), site, function, file or type\n"
    "  --sort ORDER         by peak, leaked, allocated (default), count, temporary or lifetime\n"
    "  --limit N            rows of a list in the text; 0 for all (default 10)\n"
    "  --min-bytes N        leave out rows that cost less\n"
    "  --large BYTES        blocks of so many bytes and more are large (default 16K)\n"
    "  --soon TIME          and die soon if freed before (default 1ms)\n"
    "  --small BYTES        blocks of up to so many bytes are small (default 64)\n"
    "  --stay TIME          and stay if they live so long (default: half of the recording)\n"
    "  --ascii              draw in ASCII, whatever the locale\n"
    "  --no-fold            show every frame\n" VIEW_HELP_SCOPE COMMAND_HELP_JOBS
    "  --help               this text\n"
    "\n"
    "Lifetimes are those of blocks whose free was recorded. What is live at the end counts among\n"
    "the small blocks that stay by its age.\n";

struct arguments {
    struct view_options view;
    struct histograms_options histograms;
    bool ascii;
};

enum { LARGE = VIEW_OWN, SOON, SMALL, STAY, ASCII };

static bool take_time(const char *option, const char *value, double *ns) {
    if (!view_time("lifetimes", option, value, ns))
        return false;
    if (*ns > 0)
        return true;
    command_error("lifetimes: %s needs a time that is more than 0", option);
    return false;
}

static bool take_bytes(const char *option, const char *value, uint64_t *bytes) {
    if (!view_bytes("lifetimes", option, value, bytes))
        return false;
    if (*bytes)
        return true;
    command_error("lifetimes: %s needs a number of bytes that is more than 0", option);
    return false;
}

static int take(void *data, int option, const char *value) {
    struct arguments *parsed = data;
    bool good = true;

    switch (option) {
    case LARGE:
        good = take_bytes("--large", value, &parsed->histograms.large);
        break;
    case SOON:
        good = take_time("--soon", value, &parsed->histograms.short_ns);
        break;
    case SMALL:
        good = take_bytes("--small", value, &parsed->histograms.small);
        break;
    case STAY:
        good = take_time("--stay", value, &parsed->histograms.long_ns);
        break;
    default:
        parsed->ascii = true;
        break;
    }
    return good ? STATUS_OK : STATUS_ERROR;
}

static bool write_lifetimes(FILE *out, struct session *session, const void *data,
                            struct error *error) {
    const struct arguments *arguments = data;
    const struct report_options *options = &arguments->view.options;
    struct lifetime_report lifetimes;

    if (session->report.totals.profiles == session->report.traces.count)
        return error_set(error, "a profile knows lifetimes by their sums only: see memtrack report "
                                "--sort lifetime, or record with MEMTRACK_OPTIONS=mode=trace");
    if (!lifetime_report_make(&lifetimes, &session->report, session->observers, 0, options->by,
                              !options->no_fold, error))
        return false;
    if (arguments->view.format == &output_json)
        lifetimes_write_json(out, &session->report, &lifetimes, options);
    else
        lifetimes_print(out, &session->report, &lifetimes, options,
                        arguments->ascii || !terminal_utf8());
    lifetime_report_free(&lifetimes);
    return true;
}

int cmd_lifetimes(int count, char **argument_list) {
    static const struct option own[] = {
        {"large", required_argument, NULL, LARGE}, {"soon", required_argument, NULL, SOON},
        {"small", required_argument, NULL, SMALL}, {"stay", required_argument, NULL, STAY},
        {"ascii", no_argument, NULL, ASCII},       {NULL, 0, NULL, 0}};
    struct arguments arguments = {
        .view = {.format = &output_text,
                 .options = {.limit = 10, .order = REPORT_ORDER_ALLOCATED}}};
    const struct observer_request observer = {&histograms_ops, &arguments.histograms};
    struct session_request request;
    int status = view_options_parse("lifetimes", count, argument_list, &arguments.view, VIEW_USUAL,
                                    own, take, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments.view.options.by == REPORT_BY_THREAD)
        return command_error("lifetimes: --by thread is not told apart: --thread NAME shows one");
    request = (struct session_request){
        .scope = arguments.view.scope, .observers = &observer, .observer_count = 1};
    return session_write("lifetimes", argument_list + optind, (size_t)(count - optind),
                         arguments.view.output, &request, write_lifetimes, &arguments);
}
