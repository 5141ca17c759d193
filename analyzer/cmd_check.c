/* memtrack check */
#include "check_run.h"
#include "commands.h"
#include "output/check.h"
#include "suppression_options.h"
#include "util/text_file.h"
#include "view_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: memtrack check [OPTION]... TRACE...\n"
    "\n"
    "Holds a recording to limits. Several traces are added up.\n"
    "\n"
    "  --max-leaked BYTES          live when the recording ended\n"
    "  --max-leaked-blocks N\n"
    "  --max-unreachable BYTES     of those, what nothing leads to\n"
    "  --max-peak BYTES            the maximum of all live bytes; of several traces, the sum\n"
    "  --max-allocations, --max-allocs N\n"
    "  --max-allocated BYTES       in all\n"
    "  --max-temporary SHARE       of the allocations, like 20%\n"
    "  --max-errors N              double, invalid and mismatched frees\n"
    "  --rules FILE                rules, one a line; may be given again: see below\n"
    "  --baseline FILE             a trace of an earlier run, may be given again, or a report "
    "that\n"
    "                              memtrack report --format json wrote: allocations, allocated\n"
    "                              bytes, peak and leaked bytes are not to grow\n"
    "  --tolerance [METRIC=]VALUE  by how much they may: 5% or 64KiB, of all four or of\n"
    "                              allocations, allocated, peak or leaked (default 0)\n"
    "  --suppressions FILE         leave out leaks that it names, in LeakSanitizer's or\n"
    "                              Valgrind's format; may be given again\n"
    "\n"
    "  --format text|json          default text\n"
    "  -o, --output FILE           write there instead of to standard output\n"
    "  --junit FILE                write JUnit's XML, too: a test case for each rule\n"
    "  --sarif FILE                write SARIF 2.1.0, too: a result for each place\n"
    "  --source-root DIR           what paths in SARIF are relative to (default: the current\n"
    "                              directory)\n"
    "  --limit N                   places of a rule in the text, at most 5 (default 3)\n"
    "  --no-fold                   show every frame\n"
    "  --verbose                   tell what each suppression matched\n"
    "  --jobs N                    threads that read and match, at most (default: one for each\n"
    "                              CPU)\n"
    "  --help                      this text\n"
    "\n"
    "Rules: max-METRIC LIMIT, the options without dashes, or forbid allocations; then, if it is\n"
    "about a part, any of: in function, file, module, tag, type, phase or thread NAME, where * "
    "and\n"
    "? are wildcards but for phases and threads. A function is meant with all it calls; file,\n"
    "module and type are those of the frame that allocates. Also tolerance [METRIC] VALUE. #\n"
    "begins a comment; what has spaces stands in quotes.\n"
    "\n"
    "  max-leaked 0\n"
    "  max-peak 64MiB in function parse_*\n"
    "  max-allocations 1000 in phase load\n"
    "  forbid allocations in function hot_loop\n"
    "\n"
    "Exit status: 0 all rules hold; 1 one is violated; 2 none is, as far as can be told, but one\n"
    "could not be: a limit that holds only because events are missing, or within two standard\n"
    "errors of an estimate; or the check could not be made.\n";

enum {
    RULES = VIEW_OWN,
    BASELINE,
    TOLERANCE,
    SUPPRESSIONS,
    JUNIT,
    SARIF,
    SOURCE_ROOT,
    VERBOSE,
    MAX, /* the first of the limits */
};

/* Options that are rules; the names without dashes. */
static const struct option own[] = {
    {"rules", required_argument, NULL, RULES},
    {"baseline", required_argument, NULL, BASELINE},
    {"tolerance", required_argument, NULL, TOLERANCE},
    {"suppressions", required_argument, NULL, SUPPRESSIONS},
    {"junit", required_argument, NULL, JUNIT},
    {"sarif", required_argument, NULL, SARIF},
    {"source-root", required_argument, NULL, SOURCE_ROOT},
    {"verbose", no_argument, NULL, VERBOSE},
    {"max-leaked", required_argument, NULL, MAX + RULE_LEAKED},
    {"max-leaked-blocks", required_argument, NULL, MAX + RULE_LEAKED_BLOCKS},
    {"max-unreachable", required_argument, NULL, MAX + RULE_UNREACHABLE},
    {"max-peak", required_argument, NULL, MAX + RULE_PEAK},
    {"max-allocations", required_argument, NULL, MAX + RULE_ALLOCATIONS},
    {"max-allocs", required_argument, NULL, MAX + RULE_ALLOCATIONS},
    {"max-allocated", required_argument, NULL, MAX + RULE_ALLOCATED},
    {"max-temporary", required_argument, NULL, MAX + RULE_TEMPORARY},
    {"max-errors", required_argument, NULL, MAX + RULE_ERRORS},
    {NULL, 0, NULL, 0},
};

enum { MAX_FILE = 64 << 20 };

struct arguments {
    struct view_options view;
    struct rules rules;
    struct suppressions suppressions;
    char **baselines;
    size_t baseline_count;
    const char *junit;
    const char *sarif;
    const char *source_root;
    bool verbose;
};

static int load_rules(struct rules *rules, const char *path) {
    struct error error;
    size_t size;
    char *text = text_file_read(path, MAX_FILE, &size, &error);
    bool good = text && rules_parse(rules, path, text, &error);

    free(text);
    return good ? STATUS_OK : command_error("%s", error.text);
}

/* "max-leaked" and the value as a line of a file of rules would have it. */
static int add_line(struct arguments *parsed, const char *option, const char *words,
                    const char *value) {
    struct error error;
    char line[256];

    if (strlen(value) > 128 || strpbrk(value, " \t\"#"))
        return command_error("check: --%s: '%s' is no value; see memtrack check --help", option,
                             value);
    snprintf(line, sizeof(line), "%s %s", words, value);
    if (!rules_parse_line(&parsed->rules, NULL, 0, line, &error))
        return command_error("check: --%s: %s", option, error.text);
    return STATUS_OK;
}

static int add_tolerance(struct arguments *parsed, const char *value) {
    const char *equals = strchr(value, '=');
    char words[160];

    if (!equals)
        return add_line(parsed, "tolerance", "tolerance", value);
    snprintf(words, sizeof(words), "tolerance %.*s",
             (int)(equals - value < 100 ? equals - value : 100), value);
    return add_line(parsed, "tolerance", words, equals + 1);
}

static int take(void *data, int option, const char *value) {
    struct arguments *parsed = data;
    char words[64];

    switch (option) {
    case RULES:
        return load_rules(&parsed->rules, value);
    case BASELINE:
        parsed->baselines[parsed->baseline_count++] = (char *)(uintptr_t)value;
        return STATUS_OK;
    case TOLERANCE:
        return add_tolerance(parsed, value);
    case SUPPRESSIONS:
        return suppressions_load(&parsed->suppressions, value);
    case JUNIT:
        parsed->junit = value;
        return STATUS_OK;
    case SARIF:
        parsed->sarif = value;
        return STATUS_OK;
    case SOURCE_ROOT:
        parsed->source_root = value;
        return STATUS_OK;
    case VERBOSE:
        parsed->verbose = true;
        return STATUS_OK;
    default:
        snprintf(words, sizeof(words), "max-%s",
                 rule_metric_name((enum rule_metric)(option - MAX)));
        return add_line(parsed, words, words, value);
    }
}

typedef bool writer(FILE *out, const struct check_view *view, struct error *error);

static bool write_usual(FILE *out, const struct check_view *view, struct error *error) {
    (void)error;
    check_print(out, view);
    return true;
}

static bool write_usual_json(FILE *out, const struct check_view *view, struct error *error) {
    (void)error;
    check_write_json(out, view);
    return true;
}

static int write_file(const char *path, writer *write, const struct check_view *view) {
    struct command_output output;
    struct error error;

    if (!command_output_open(&output, path))
        return STATUS_ERROR;
    if (!write(output.file, view, &error)) {
        command_output_discard(&output);
        return command_error("%s", error.text);
    }
    return command_output_close(&output) ? STATUS_OK : STATUS_ERROR;
}

/* The root as an absolute path; the directory is room for it. */
static const char *find_root(const char *root, char *directory) {
    size_t size;

    if (!realpath(root ? root : ".", directory))
        return NULL;
    size = strlen(directory);
    if (size > 1 && directory[size - 1] == '/')
        directory[size - 1] = '\0';
    return directory;
}

static int write_results(const struct arguments *arguments, const struct check_run *run) {
    char directory[PATH_MAX];
    struct check_view view = {.check = &run->check,
                              .report = &run->whole.report,
                              .suppressions = &arguments->suppressions,
                              .source_root = find_root(arguments->source_root, directory),
                              .limit = arguments->view.options.limit,
                              .no_fold = arguments->view.options.no_fold,
                              .verbose = arguments->verbose};
    bool json = arguments->view.format == &output_json;
    int status = STATUS_OK;

    if (arguments->junit)
        status = write_file(arguments->junit, check_write_junit, &view);
    if (status == STATUS_OK && arguments->sarif)
        status = write_file(arguments->sarif, check_write_sarif, &view);
    if (status == STATUS_OK)
        status = write_file(arguments->view.output, json ? write_usual_json : write_usual, &view);
    if (status != STATUS_OK)
        return status;
    switch (check_verdict(&run->check)) {
    case VERDICT_VIOLATED:
        return STATUS_VIOLATED;
    case VERDICT_UNSURE:
        return STATUS_UNSURE;
    default:
        /* Of traces that cannot be read nothing is known. */
        return run->whole.unread ? STATUS_UNSURE : STATUS_OK;
    }
}

static bool overwrites(const struct arguments *arguments, char **paths, size_t count) {
    const struct {
        const char *option;
        const char *path;
    } outputs[] = {{"-o", arguments->view.output},
                   {"--junit", arguments->junit},
                   {"--sarif", arguments->sarif}};

    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        for (size_t k = 0; k < i; k++) {
            if (outputs[i].path && outputs[k].path &&
                strcmp(outputs[i].path, outputs[k].path) == 0) {
                command_error("check: %s and %s would write the same file, %s", outputs[k].option,
                              outputs[i].option, outputs[i].path);
                return true;
            }
        }
        for (size_t k = 0; k < count; k++) {
            if (command_overwrites("check", outputs[i].option, outputs[i].path, paths[k]))
                return true;
        }
    }
    return false;
}

static int check_traces(struct arguments *arguments, char **paths, size_t count) {
    struct check_run run = {.rules = &arguments->rules,
                            .suppressions = &arguments->suppressions,
                            .paths = paths,
                            .count = count,
                            .baselines = arguments->baselines,
                            .baseline_count = arguments->baseline_count};
    struct error error;
    int status;

    if (count == 0)
        return command_error("check: no trace given; see memtrack check --help");
    if (arguments->baseline_count && !rules_add_baseline(&arguments->rules, &error))
        return command_error("%s", error.text);
    if (arguments->rules.list.count == 0)
        return command_error("check: there is nothing to check: give a --max-... option, --rules "
                             "or --baseline; see memtrack check --help");
    if (overwrites(arguments, paths, count) ||
        overwrites(arguments, arguments->baselines, arguments->baseline_count))
        return STATUS_ERROR;
    status = check_run(&run);
    if (status == STATUS_OK)
        status = write_results(arguments, &run);
    check_run_close(&run);
    return status;
}

static int run_command(int count, char **argument_list, struct arguments *arguments) {
    int status = view_options_parse("check", count, argument_list, &arguments->view,
                                    VIEW_FORMAT | VIEW_OUTPUT | VIEW_LIMIT | VIEW_NO_FOLD, own,
                                    take, arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments->view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    return check_traces(arguments, argument_list + optind, (size_t)(count - optind));
}

int cmd_check(int count, char **argument_list) {
    struct arguments arguments = {
        .view = {.format = &output_text, .options = {.limit = 3}},
        .baselines = calloc((size_t)count + 1, sizeof(*arguments.baselines)),
    };
    int status = arguments.baselines ? run_command(count, argument_list, &arguments)
                                     : command_error("not enough memory");

    rules_free(&arguments.rules);
    suppressions_free(&arguments.suppressions);
    free(arguments.baselines);
    return status;
}
