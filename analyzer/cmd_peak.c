/* memtrack peak */
#include "commands.h"
#include "output/peak.h"
#include "view_options.h"

static const char help[] =
    "Usage: memtrack peak [OPTION]... TRACE...\n"
    "\n"
    "Says who held the memory when most of it was held, or at any other moment: by how much, in\n"
    "how many blocks, how old they were then, and which threads had allocated them.\n"
    "\n"
    "  --at T               peak (default); a time since the start: seconds, or a number with ns,\n"
    "                       us, ms, s, min or h; a share of the duration, as 50%; or end\n"
    "  --format text|json   default text\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --by WHAT            tell apart by context (default), site, function, file, type or\n"
    "                       thread\n"
    "  --limit N            rows of a list in the text; 0 for all (default 10)\n"
    "  --min-bytes N        leave out rows that held less\n"
    "  --no-fold            show every frame\n" VIEW_HELP_SCOPE COMMAND_HELP_JOBS
    "  --help               this text\n"
    "\n"
    "What happened up to T, T included, counts. The peak is that of everything: of chains that\n"
    "--match, --module or --tag select, it is what they held then. Of several traces, each one's\n"
    "own moment is meant, and what was held is added up.\n";

static bool write_peak(FILE *out, struct session *session, const void *data, struct error *error) {
    const struct view_options *view = data;
    const struct report_options *options = &view->options;
    enum report_by by = options->by == REPORT_BY_THREAD ? REPORT_BY_CONTEXT : options->by;
    struct held_report held;

    if (options->by == REPORT_BY_THREAD &&
        session->report.totals.profiles == session->report.traces.count)
        return error_set(error, "a profile does not tell whose threads' memory the peak was: leave "
                                "out --by thread, or record with MEMTRACK_OPTIONS=mode=trace");
    if (!held_report_make(&held, &session->report, session->observers, 0, by, !options->no_fold,
                          error))
        return false;
    if (view->format == &output_json)
        peak_write_json(out, &session->report, &held, options);
    else
        peak_print(out, &session->report, &held, options);
    held_report_free(&held);
    return true;
}

int cmd_peak(int count, char **arguments) {
    struct view_options view = {.format = &output_text, .options = {.limit = 10}};
    struct holders_options options;
    const struct observer_request observer = {&holders_ops, &options};
    struct session_request request;
    int status =
        view_options_parse("peak", count, arguments, &view,
                           (VIEW_USUAL & ~(unsigned)VIEW_SORT) | VIEW_AT, NULL, NULL, NULL);

    if (status != STATUS_OK)
        return status;
    if (view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    options.at = view.at;
    request = (struct session_request){
        .scope = view.scope, .at = view.at, .observers = &observer, .observer_count = 1};
    return session_write("peak", arguments + optind, (size_t)(count - optind), view.output,
                         &request, write_peak, &view);
}
