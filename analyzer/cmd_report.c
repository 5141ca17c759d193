/* memtrack report */
#include "commands.h"
#include "model/filter.h"
#include "model/pool_report.h"
#include "output/pools.h"
#include "session.h"

#include <getopt.h>
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
    "                       of --by function is followed by both trees\n"
    "  --sort ORDER         by peak, leaked, allocated, count or temporary; the text then shows\n"
    "                       one list instead of three. Trees show this cost (default peak)\n"
    "  --limit N            rows of a list, or children of a node, in the text; 0 for all\n"
    "                       (default 10)\n"
    "  --min-share PERCENT  leave out nodes of trees that cost less (default 0.5)\n"
    "  --no-fold            show every frame: see Folding\n"
    "  --tag TEXT           only what was allocated under this tag\n"
    "  --pools              what custom allocators handed out, by pool, and what they took from\n"
    "                       the heap\n"
    "  --pool NAME          report on the blocks of that pool instead of the heap's\n"
    "  --help               this text\n"
    "\n"
    "Definitions:\n"
    "  allocations  blocks that began to live; a realloc is one allocation and one free\n"
    "  peak         the maximum of all live bytes together; a place is charged with what it held\n"
    "               at that moment. Of several traces, the sum of their peaks. A thread's own\n"
    "               peak is the most that its allocations held, whoever freed them\n"
    "  leaked       live when the recording ended\n"
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

struct names {
    const char *name;
    int value;
};

static const struct names groups[] = {
    {"context", REPORT_BY_CONTEXT},
    {"site", REPORT_BY_SITE},
    {"function", REPORT_BY_FUNCTION},
    {"file", REPORT_BY_FILE},
    {"type", REPORT_BY_TYPE},
    {"thread", REPORT_BY_THREAD},
    {NULL, 0},
};

static const struct names views[] = {
    {"contexts", REPORT_VIEW_CONTEXTS},
    {"top-down", REPORT_VIEW_TOP_DOWN},
    {"bottom-up", REPORT_VIEW_BOTTOM_UP},
    {NULL, 0},
};

static const struct names orders[] = {
    {"peak", REPORT_ORDER_PEAK},           {"leaked", REPORT_ORDER_LEAKED},
    {"allocated", REPORT_ORDER_ALLOCATED}, {"count", REPORT_ORDER_COUNT},
    {"temporary", REPORT_ORDER_TEMPORARY}, {NULL, 0},
};

/* -1 after an error message */
static int find_name(const struct names *names, const char *option, const char *value) {
    for (; names->name; names++) {
        if (strcmp(names->name, value) == 0)
            return names->value;
    }
    command_error("report: %s does not know '%s'; see memtrack report --help", option, value);
    return -1;
}

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
    struct report_options options;
    const struct output_ops *format;
    const char *output;
    const char *tag;
    const char *pool;
    bool pools;
    bool by; /* was asked for */
    bool help;
};

/* What a view cannot show is refused rather than ignored. */
static int settle_view(struct arguments *parsed) {
    struct report_options *options = &parsed->options;

    if (parsed->tag && options->by == REPORT_BY_THREAD)
        return command_error("report: --tag does not go with --by thread");
    if (options->view != REPORT_VIEW_TOP_DOWN && options->view != REPORT_VIEW_BOTTOM_UP)
        return STATUS_OK;
    if (!parsed->by)
        options->by = REPORT_BY_FUNCTION;
    if (options->by != REPORT_BY_FUNCTION && options->by != REPORT_BY_SITE)
        return command_error("report: --view top-down and bottom-up go with --by function or site "
                             "only");
    return STATUS_OK;
}

static int parse(int count, char **arguments, struct arguments *parsed) {
    enum { FORMAT = 256, BY, VIEW, SORT, LIMIT, MIN_SHARE, NO_FOLD, TAG, POOLS, POOL, HELP };
    static const struct option options[] = {
        {"format", required_argument, NULL, FORMAT},
        {"output", required_argument, NULL, 'o'},
        {"by", required_argument, NULL, BY},
        {"sort", required_argument, NULL, SORT},
        {"limit", required_argument, NULL, LIMIT},
        {"no-fold", no_argument, NULL, NO_FOLD},
        {"tag", required_argument, NULL, TAG},
        {"pools", no_argument, NULL, POOLS},
        {"pool", required_argument, NULL, POOL},
        {"view", required_argument, NULL, VIEW},
        {"min-share", required_argument, NULL, MIN_SHARE},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int value = 0;

    optind = 1;
    for (;;) {
        int option = getopt_long(count, arguments, ":o:", options, NULL);

        switch (option) {
        case -1:
            return settle_view(parsed);
        case FORMAT:
            if (!command_format(optarg, &parsed->format))
                return STATUS_ERROR;
            break;
        case 'o':
            parsed->output = optarg;
            break;
        case BY:
            value = find_name(groups, "--by", optarg);
            parsed->options.by = (enum report_by)value;
            parsed->by = true;
            break;
        case VIEW:
            value = find_name(views, "--view", optarg);
            parsed->options.view = (enum report_view)value;
            break;
        case SORT:
            value = find_name(orders, "--sort", optarg);
            parsed->options.order = (enum report_order)value;
            parsed->options.one_order = true;
            break;
        case LIMIT:
            if (!command_limit("report", optarg, &parsed->options.limit))
                return STATUS_ERROR;
            break;
        case MIN_SHARE:
            if (!parse_share(optarg, &parsed->options.min_share))
                return STATUS_ERROR;
            break;
        case NO_FOLD:
            parsed->options.no_fold = true;
            break;
        case TAG:
            parsed->tag = optarg;
            break;
        case POOLS:
            parsed->pools = true;
            break;
        case POOL:
            parsed->pool = optarg;
            break;
        case HELP:
            parsed->help = true;
            return STATUS_OK;
        default:
            return command_bad_option("report", arguments, option);
        }
        if (value < 0)
            return STATUS_ERROR;
    }
}

static bool write_pools(FILE *out, const struct report *report, const struct arguments *arguments,
                        struct error *error) {
    struct pool_report pools;

    if (!pool_report_make(&pools, report, error))
        return false;
    if (arguments->format == &output_json)
        pools_write_json(out, &pools);
    else
        pools_print(out, &pools, arguments->options.limit);
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
           arguments->format->report(out, &selected, &arguments->options, error);
    report_free(&selected);
    return good;
}

static bool write_report(FILE *out, struct report *report, const void *data, struct error *error) {
    const struct arguments *arguments = data;

    if (arguments->tag && !filter_tag(report, arguments->tag, error))
        return false;
    if ((arguments->pools || arguments->pool) && report->totals.profiles == report->traces.count)
        return error_set(error, "a profile does not tell what custom allocators handed out; "
                                "MEMTRACK_OPTIONS=mode=trace does");
    if (arguments->pools)
        return write_pools(out, report, arguments, error);
    if (arguments->pool)
        return write_pool(out, report, arguments, error);
    return arguments->format->report(out, report, &arguments->options, error);
}

int cmd_report(int count, char **argument_list) {
    struct arguments arguments = {.format = &output_text,
                                  .options = {.limit = 10, .min_share = 0.5}};
    int status = parse(count, argument_list, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments.tag && (arguments.pools || arguments.pool))
        return command_error("report: --tag selects allocations of the heap: leave out --pools and "
                             "--pool");
    return session_write("report", argument_list + optind, (size_t)(count - optind),
                         arguments.output, write_report, &arguments);
}
