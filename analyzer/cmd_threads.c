/* memtrack threads */
#include "commands.h"
#include "output/threads.h"
#include "view_options.h"

static const char help[] =
    "Usage: memtrack threads [OPTION]... TRACE...\n"
    "\n"
    "Says what each thread allocated, held and freed, and who frees what others allocate.\n"
    "\n"
    "  --by thread|name     default thread; name: threads of one name are one, and free each\n"
    "                       other's blocks as their own\n"
    "  --sort ORDER         by peak (default), leaked, allocated or count\n"
    "  --format text|json   default text; json has all threads and all pairs\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --limit N            rows of a list in the text; 0 for all (default 10)\n"
    "  --min-bytes N        leave out rows of the text with less\n" VIEW_HELP_SCOPE
        COMMAND_HELP_JOBS "  --help               this text\n"
    "\n"
    "  own peak     the most that a thread's allocations held at once, whoever freed them\n"
    "  a second     allocations by the time that the thread ran\n"
    "  freed        blocks that it allocated and others freed, and the other way round\n";

struct arguments {
    struct view_options view;
    struct thread_matrix_options matrix;
};

enum { BY = VIEW_OWN };

static int take(void *data, int option, const char *value) {
    static const struct view_name names[] = {{"thread", 0}, {"name", 1}, {NULL, 0}};
    struct arguments *parsed = data;
    int by = view_find_name("threads", names, "--by", value);

    (void)option;
    parsed->matrix.by_name = by == 1;
    return by < 0 ? STATUS_ERROR : STATUS_OK;
}

static bool write_threads(FILE *out, struct session *session, const void *data,
                          struct error *error) {
    const struct arguments *arguments = data;
    struct threads_view view = {.by_name = arguments->matrix.by_name,
                                .order = arguments->view.options.order};

    if (session->report.totals.profiles == session->report.traces.count)
        return error_set(error, "a profile does not tell who freed whose blocks: see memtrack "
                                "report --by thread, or record with MEMTRACK_OPTIONS=mode=trace");
    if (!threads_view_make(&view, &session->report, session->observers, 0, error))
        return false;
    if (arguments->view.format == &output_json)
        threads_write_json(out, &session->report, &view);
    else
        threads_print(out, &session->report, &view, &arguments->view.options);
    threads_view_free(&view);
    return true;
}

int cmd_threads(int count, char **argument_list) {
    static const struct option own[] = {{"by", required_argument, NULL, BY}, {NULL, 0, NULL, 0}};
    struct arguments arguments = {.view = {.format = &output_text, .options = {.limit = 10}}};
    const struct observer_request observer = {&thread_matrix_ops, &arguments.matrix};
    struct session_request request;
    int status =
        view_options_parse("threads", count, argument_list, &arguments.view,
                           VIEW_USUAL & ~(unsigned)(VIEW_BY | VIEW_NO_FOLD), own, take, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments.view.options.order == REPORT_ORDER_TEMPORARY ||
        arguments.view.options.order == REPORT_ORDER_LIFETIME)
        return command_error("threads: --sort knows peak, leaked, allocated and count");
    request = (struct session_request){
        .scope = arguments.view.scope, .observers = &observer, .observer_count = 1};
    return session_write("threads", argument_list + optind, (size_t)(count - optind),
                         arguments.view.output, &request, write_threads, &arguments);
}
