/* memtrack annotate */
#define _GNU_SOURCE
#include "commands.h"
#include "memtrack/trace_format.h"
#include "output/annotate.h"
#include "util/names.h"
#include "view_options.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: memtrack annotate [OPTION]... TRACE... [FILE]\n"
    "\n"
    "Shows the lines of a source file with what was allocated on them and in calls from them, or\n"
    "without FILE which source files there are. FILE is a path as in reports, or the end of one.\n"
    "\n"
    "  --format text|json   default text\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --sort COST          what is shown: peak (default), leaked, allocated, count or temporary\n"
    "  --source DIR         look for sources there first: for the longest end of their path that\n"
    "                       is there. May be given several times\n"
    "  --function NAME      only lines in that function; FILE can be left out if one file has it\n"
    "  --file FILE          the same as FILE, whatever it looks like\n"
    "  --context N          lines shown around one that costs something (default 3)\n"
    "  --full               show all lines of the file\n"
    "  --limit N            files in the text; 0 for all (default 20)\n"
    "  --min-bytes N        leave out lines and files that cost less\n"
    "  --no-fold            count what wrappers and the C++ standard library allocate as their\n"
    "                       own, not as their caller's\n" VIEW_HELP_SCOPE COMMAND_HELP_JOBS
    "  --help               this text\n"
    "\n"
    "  self    allocated on the line itself\n"
    "  total   that, and all that was allocated in calls from the line. In a recursion a line\n"
    "          counts once\n"
    "\n"
    "memtrack report --help defines the costs. Lines come from the debug information (-g); what\n"
    "was inlined counts for its own lines, too. Nothing needs the sources: lines of files that "
    "are\n"
    "not found are listed without their text.\n";

enum { SOURCES = 64 };

struct arguments {
    struct view_options view;
    const char *file;
    const char *function;
    const char *sources[SOURCES];
    size_t source_count;
    size_t context;
    bool full;
    bool colour;
};

enum { SOURCE = VIEW_OWN, FUNCTION, FILE_NAME, CONTEXT, FULL };

static int take_source(struct arguments *parsed, const char *value) {
    if (parsed->source_count == SOURCES)
        return command_error("annotate: --source can be given %d times", SOURCES);
    parsed->sources[parsed->source_count++] = value;
    return STATUS_OK;
}

static int take_file(struct arguments *parsed, const char *value) {
    if (parsed->file)
        return command_error("annotate: give one source file, not both '%s' and '%s'", parsed->file,
                             value);
    parsed->file = value;
    return STATUS_OK;
}

static int take(void *data, int option, const char *value) {
    struct arguments *parsed = data;

    switch (option) {
    case SOURCE:
        return take_source(parsed, value);
    case FUNCTION:
        parsed->function = value;
        return STATUS_OK;
    case FILE_NAME:
        return take_file(parsed, value);
    case CONTEXT: {
        char *end;

        parsed->context = strtoul(value, &end, 10);
        if (*end || end == value || value[0] == '-')
            return command_error("annotate: --context needs a number, not '%s'", value);
        return STATUS_OK;
    }
    default:
        parsed->full = true;
        return STATUS_OK;
    }
}

/* By its name or its first bytes, so that a trace that is damaged there is not taken for a source.
 */
static bool is_trace(const char *path) {
    static const char suffix[] = ".mtrace";
    size_t size = strlen(path);
    char magic[MT_FILE_MAGIC_SIZE];
    bool found = size >= sizeof(suffix) && strcmp(path + size - (sizeof(suffix) - 1), suffix) == 0;
    int fd = found ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0) {
        found = read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
                memcmp(magic, MT_FILE_MAGIC, sizeof(magic)) == 0;
        close(fd);
    }
    return found;
}

/* Moves the traces among the arguments to their front, and takes the one that is none. */
static int split_arguments(struct arguments *parsed, char **paths, size_t *count) {
    size_t traces = 0;

    for (size_t i = 0; i < *count; i++) {
        if (is_trace(paths[i])) {
            paths[traces++] = paths[i];
            continue;
        }
        if (parsed->file && !traces && *count > 1)
            return command_error("annotate: %s is no trace", parsed->file);
        if (take_file(parsed, paths[i]) != STATUS_OK)
            return STATUS_ERROR;
    }
    if (!traces && *count)
        return command_error("annotate: %s is no trace; give one before the source file",
                             parsed->file);
    *count = traces;
    return STATUS_OK;
}

/* Names a few of the files that are meant. */
static bool ambiguous(const struct annotation *annotation, const char *path, size_t count,
                      struct error *error) {
    char names[200] = "";
    size_t used = 0, shown = 0;

    for (size_t i = 0; i < annotation->lines.count && shown < 3; i++) {
        const struct annotated_line *line = &annotation->lines.items[i];
        char *clean;

        if (line->line || (path && !annotation_is_end(line->file, path)))
            continue;
        clean = names_utf8(line->file, strlen(line->file));
        if (clean && strlen(clean) + 3 < sizeof(names) - used)
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
                                     shown++ ? ", " : "", clean);
        free(clean);
    }
    if (!path)
        return error_set(error, "the function is in %zu files: %s%s; give one of them", count,
                         names, shown < count ? ", ..." : "");
    return error_set(error, "'%.60s' is the end of %zu paths: %s%s; give more of it", path, count,
                     names, shown < count ? ", ..." : "");
}

/* The only file there is, or the one that was asked for. */
static bool find_file(const struct annotation *annotation, const struct arguments *arguments,
                      size_t *whole, struct error *error) {
    size_t count = 0;

    if (arguments->file) {
        count = annotation_find(annotation, arguments->file, whole);
    } else {
        for (size_t i = annotation->lines.count; i-- > 0;) {
            if (annotation->lines.items[i].line == 0) {
                *whole = i;
                count++;
            }
        }
    }
    if (count > 1)
        return ambiguous(annotation, arguments->file, count, error);
    if (count == 1)
        return true;
    if (arguments->function)
        return error_set(error,
                         "there is no function '%.100s'%s%.100s in the chains with lines; memtrack "
                         "report --by function lists some",
                         arguments->function, arguments->file ? " of " : "",
                         arguments->file ? arguments->file : "");
    return error_set(
        error,
        "'%.150s' is no trace, and no source file in its chains; memtrack annotate TRACE "
        "lists those",
        arguments->file);
}

static bool is_newer(const struct source *source, const struct report *report) {
    uint64_t changed =
        (uint64_t)source->changed.tv_sec * 1000000000 + (uint64_t)source->changed.tv_nsec;

    for (size_t i = 0; source->path && i < report->traces.count; i++) {
        uint64_t began = report->traces.items[i]->trace->reader.header.start_realtime_ns;

        if (began && changed > began)
            return true;
    }
    return false;
}

static bool write_file(FILE *out, struct annotate_view *view, const struct arguments *arguments,
                       struct error *error) {
    const struct source_search search = {
        .directories = arguments->sources,
        .directory_count = arguments->source_count,
        .base = view->report->traces.items[0]->trace->defs.process.cwd,
    };
    struct source source;
    const char *file;
    bool good;

    if (!find_file(view->annotation, arguments, &view->whole, error))
        return false;
    file = view->annotation->lines.items[view->whole].file;
    /* A longer path than is recorded says where the file is. */
    if (arguments->file && strlen(arguments->file) > strlen(file))
        file = arguments->file;
    good = source_read(&source, file, &search) || error_no_memory(error);
    if (good) {
        view->source = &source;
        view->newer = is_newer(&source, view->report);
        good = arguments->view.format == &output_json ? annotate_write(out, view, error)
                                                      : annotate_print(out, view, error);
    }
    source_free(&source);
    return good;
}

static bool write_annotation(FILE *out, struct session *session, const void *data,
                             struct error *error) {
    const struct arguments *arguments = data;
    const struct annotation_options options = {.fold = !arguments->view.options.no_fold,
                                               .function = arguments->function};
    struct annotation annotation;
    struct annotate_view view = {.report = &session->report,
                                 .annotation = &annotation,
                                 .options = arguments->view.options,
                                 .context = arguments->context,
                                 .full = arguments->full,
                                 .colour = arguments->colour};
    bool good;

    if (!annotation_make(&annotation, &session->report, &options, error))
        return false;
    if (arguments->file || arguments->function)
        good = write_file(out, &view, arguments, error);
    else
        good = arguments->view.format == &output_json ? annotate_write_files(out, &view, error)
                                                      : annotate_print_files(out, &view, error);
    annotation_free(&annotation);
    return good;
}

/* See no-color.org. */
static bool wants_colour(const struct view_options *view) {
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return !view->output && !(no && no[0]) && isatty(STDOUT_FILENO) == 1 &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

int cmd_annotate(int count, char **argument_list) {
    static const struct option own[] = {{"source", required_argument, NULL, SOURCE},
                                        {"function", required_argument, NULL, FUNCTION},
                                        {"file", required_argument, NULL, FILE_NAME},
                                        {"context", required_argument, NULL, CONTEXT},
                                        {"full", no_argument, NULL, FULL},
                                        {NULL, 0, NULL, 0}};
    struct arguments arguments = {.view = {.format = &output_text, .options = {.limit = 20}},
                                  .context = 3};
    struct session_request request;
    size_t paths;
    int status = view_options_parse("annotate", count, argument_list, &arguments.view,
                                    VIEW_USUAL & ~(unsigned)VIEW_BY, own, take, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments.view.options.order == REPORT_ORDER_LIFETIME)
        return command_error("annotate: --sort lifetime is not known here; see memtrack annotate "
                             "--help");
    paths = (size_t)(count - optind);
    status = split_arguments(&arguments, argument_list + optind, &paths);
    if (status != STATUS_OK)
        return status;
    arguments.colour = wants_colour(&arguments.view);
    request = (struct session_request){.scope = arguments.view.scope};
    return session_write("annotate", argument_list + optind, paths, arguments.view.output, &request,
                         write_annotation, &arguments);
}
