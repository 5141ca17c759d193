/* memtrack report */
#include "commands.h"
#include "model/pool_report.h"
#include "output/leaks.h"
#include "output/pools.h"
#include "view_options.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: memtrack report [OPTION]... TRACE...\n"
    "\n"
    "Says where the memory of a program went. Several traces are added up.\n"
    "\n"
    "  --format text|json   default text\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --by WHAT            tell apart by context (default), site, function, file, type or\n"
    "                       thread\n"
    "  --view VIEW          contexts (default): lists; top-down: a tree from the outermost calls\n"
    "                       down; bottom-up: a tree from what allocates to its callers. Trees go\n"
    "                       with --by function (their default) and site. Without --view, the text\n"
    "                       of --by function is followed by both trees. leaks: as memtrack leaks\n"
    "  --sort ORDER         by peak, leaked, allocated, count, temporary or lifetime; the text\n"
    "                       then shows one list instead of three. Trees show this cost (default\n"
    "                       peak)\n"
    "  --at T               what was held at T instead of at the peak: a time since the start, as\n"
    "                       of --since; a share of the duration, as 50%; or end\n"
    "  --limit N            rows of a list, or children of a node, in the text; 0 for all\n"
    "                       (default 10)\n"
    "  --min-share PERCENT  leave out nodes of trees that cost less (default 0.5)\n"
    "  --min-bytes N        leave out rows of lists by bytes that cost less; of the JSON, those\n"
    "                       that cost less by --sort\n"
    "  --no-fold            show every frame: see Folding\n" VIEW_HELP_SCOPE
    "  --pools              what custom allocators handed out, by pool, and what they took from\n"
    "                       the heap\n"
    "  --pool NAME          report on the blocks of that pool instead of the "
    "heap's\n" COMMAND_HELP_JOBS "  --help               this text\n"
    "\n"
    "Definitions:\n"
    "  allocations  blocks that began to live; a realloc is one allocation and one free\n"
    "  peak         the maximum of all live bytes together; a place is charged with what it held\n"
    "               at that moment. Of several traces, the sum of their peaks. A thread's own\n"
    "               peak is the most that its allocations held, whoever freed them\n"
    "  leaked       live when the recording ended\n"
    "  lifetime     how long blocks lived until they were freed, in the mean\n"
    "  temporary    freed by the thread that allocated it with no other allocation of that thread\n"
    "               in between\n"
    "  context      the call site and the chain of calls that led there; copies that inlining and\n"
    "               unrolling made of a site are one\n"
    "  inlined      the function's code was copied into the caller, the next frame of the chain\n"
    "  unmatched    frees of memory whose allocation was not recorded: uninstrumented code made "
    "it,\n"
    "               a forked process inherited it, or the event was lost. Where none of that can "
    "be,\n"
    "               they are errors: see memtrack errors --help\n"
    "  missed       blocks whose address was given out again without a recorded free:\n"
    "               uninstrumented code freed them, or the event was lost; they are not leaked\n"
    "  mismatched   freed by another family (malloc, new, new[]) than allocated\n"
    "  +-           of a sampled trace, whose figures are estimates: the standard error; the "
    "truth\n"
    "               is within two of them in about 95 % of cases\n"
    "\n"
    "Folding: the innermost frames of a chain that only tell how the memory was got become one\n"
    "line: wrappers, which only return memory they got from an allocator, and the C++ standard\n"
    "library's internals. The first frame after them is what function, file, site and type mean.\n"
    "Further out, library frames in a row become one line, and so do repetitions of up to 8 calls\n"
    "(recursion).\n"
    "\n"
    "Events of different threads that the clock tells apart by less than 2 us may be taken in the\n"
    "other order where only that makes sense.\n";

/* No view of the formats: it is what memtrack leaks shows. */
enum { LEAKS_VIEW = 100 };

static const struct view_name views[] = {
    {"contexts", REPORT_VIEW_CONTEXTS},
    {"top-down", REPORT_VIEW_TOP_DOWN},
    {"bottom-up", REPORT_VIEW_BOTTOM_UP},
    {"leaks", LEAKS_VIEW},
    {NULL, 0},
};

static bool parse_share(const char *text, double *share) {
    char *end;

    *share = strtod(text, &end);
    if (*end || end == text || !(*share >= 0 && *share <= 100)) {
        command_error("report: --min-share needs a number from 0 to 100, not '%s'", text);
        return false;
    }
    return true;
}

struct arguments {
    struct view_options view;
    const char *pool;
    bool pools;
    bool leaks;
};

enum { VIEW = VIEW_OWN, MIN_SHARE, POOLS, POOL };

static int take(void *data, int option, const char *value) {
    struct arguments *parsed = data;
    int view;

    switch (option) {
    case VIEW:
        view = view_find_name("report", views, "--view", value);
        parsed->leaks = view == LEAKS_VIEW;
        if (!parsed->leaks)
            parsed->view.options.view = (enum report_view)view;
        return view < 0 ? STATUS_ERROR : STATUS_OK;
    case MIN_SHARE:
        return parse_share(value, &parsed->view.options.min_share) ? STATUS_OK : STATUS_ERROR;
    case POOLS:
        parsed->pools = true;
        return STATUS_OK;
    default:
        parsed->pool = value;
        return STATUS_OK;
    }
}

/* What a view cannot show is refused rather than ignored. */
static int settle(struct arguments *parsed) {
    struct report_options *options = &parsed->view.options;
    const struct report_scope *scope = &parsed->view.scope;
    bool places = scope->tag || scope->match || scope->module;
    bool trees = options->view == REPORT_VIEW_TOP_DOWN || options->view == REPORT_VIEW_BOTTOM_UP;

    if (options->order == REPORT_ORDER_LIFETIME && (trees || options->by == REPORT_BY_THREAD))
        return command_error("report: --sort lifetime goes with lists of places only: leave out %s",
                             trees ? "--view" : "--by thread");
    if ((parsed->pools || parsed->pool) && parsed->view.at.kind != MOMENT_PEAK)
        return command_error("report: --at is of the heap: leave out --pools and --pool");

    if (places && options->by == REPORT_BY_THREAD)
        return command_error("report: --tag, --match and --module do not go with --by thread");
    if ((parsed->pools || parsed->pool) && (places || !selection_is_empty(&scope->selection)))
        return command_error("report: --tag, --match, --module, --thread, --phase, --since and "
                             "--until select allocations of the heap: leave out --pools and "
                             "--pool");
    if (parsed->leaks && (parsed->pools || parsed->pool || options->by == REPORT_BY_THREAD))
        return command_error("report: --view leaks does not go with --pools, --pool and --by "
                             "thread");
    if (!trees)
        return STATUS_OK;
    if (!parsed->view.by_given)
        options->by = REPORT_BY_FUNCTION;
    if (options->by != REPORT_BY_FUNCTION && options->by != REPORT_BY_SITE)
        return command_error("report: --view top-down and bottom-up go with --by function or site "
                             "only");
    return STATUS_OK;
}

static bool write_pools(FILE *out, const struct report *report, const struct arguments *arguments,
                        struct error *error) {
    struct pool_report pools;

    if (!pool_report_make(&pools, report, error))
        return false;
    if (arguments->view.format == &output_json)
        pools_write_json(out, &pools);
    else
        pools_print(out, &pools, arguments->view.options.limit);
    pool_report_free(&pools);
    return true;
}

static bool write_pool(FILE *out, const struct report *report, const struct arguments *arguments,
                       struct error *error) {
    struct report selected;
    bool good;

    if (!pool_report_knows(report, arguments->pool))
        return error_set(error, "there is no pool '%s'; memtrack report --pools lists them",
                         arguments->pool);
    good = pool_report_select(&selected, report, arguments->pool, error) &&
           arguments->view.format->report(out, &selected, &arguments->view.options, error);
    report_free(&selected);
    return good;
}

static bool write_leaks(FILE *out, struct report *report, const struct arguments *arguments,
                        struct error *error) {
    const struct suppressions none = {.contexts = 0};
    const struct leaks_options options = {.report = arguments->view.options,
                                          .kinds = 1u << LEAK_DIRECT | 1u << LEAK_UNKNOWN};

    if (arguments->view.format == &output_json)
        return leaks_write_json(out, report, &none, &options, error);
    return leaks_print(out, report, &none, &options, error);
}

static bool write_report(FILE *out, struct session *session, const void *data,
                         struct error *error) {
    const struct arguments *arguments = data;
    struct report *report = &session->report;

    if ((arguments->pools || arguments->pool) && report->totals.profiles == report->traces.count)
        return error_set(error, "a profile does not tell what custom allocators handed out; "
                                "MEMTRACK_OPTIONS=mode=trace does");
    if (arguments->pools)
        return write_pools(out, report, arguments, error);
    if (arguments->pool)
        return write_pool(out, report, arguments, error);
    if (arguments->leaks)
        return write_leaks(out, report, arguments, error);
    return arguments->view.format->report(out, report, &arguments->view.options, error);
}

int cmd_report(int count, char **argument_list) {
    static const struct option own[] = {{"view", required_argument, NULL, VIEW},
                                        {"min-share", required_argument, NULL, MIN_SHARE},
                                        {"pools", no_argument, NULL, POOLS},
                                        {"pool", required_argument, NULL, POOL},
                                        {NULL, 0, NULL, 0}};
    struct arguments arguments = {
        .view = {.format = &output_text, .options = {.limit = 10, .min_share = 0.5}}};
    struct session_request request;
    int status = view_options_parse("report", count, argument_list, &arguments.view,
                                    VIEW_USUAL | VIEW_AT, own, take, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    status = settle(&arguments);
    if (status != STATUS_OK)
        return status;
    request = (struct session_request){.scope = arguments.view.scope, .at = arguments.view.at};
    return session_write("report", argument_list + optind, (size_t)(count - optind),
                         arguments.view.output, &request, write_report, &arguments);
}
