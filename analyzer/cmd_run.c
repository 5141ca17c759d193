/* memtrack run: the program keeps its standard streams, signals and exit status; what memtrack has
 * to say goes to stderr when it is over. */
#define _GNU_SOURCE
#include "child.h"
#include "commands.h"
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: memtrack run [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "\n"
    "Runs a program that was built with memtrack-cc and reports on stderr where its memory went.\n"
    "Exits with the program's status, 128 + N after signal N, 126 or 127 if it cannot be run.\n"
    "\n"
    "  -o, --output TRACE   keep the trace there\n"
    "  --keep               keep the trace as memtrack.PROGRAM.PID.mtrace in this directory\n"
    "  --report FILE        write the report there instead of to stderr\n"
    "  --help               this text\n"
    "\n"
    "MEMTRACK_OPTIONS is passed on; MEMTRACK_OPTIONS=help=1 lists what it knows. Processes that "
    "the\n"
    "program forks write traces of their own: see them with --keep and memtrack report.\n";

static const char file_pattern[] = "/memtrack.%e.%p.mtrace";

struct arguments {
    const char *trace;
    const char *report;
    char **program;
    bool keep;
    bool help;
};

struct run {
    char directory[PATH_MAX]; /* where the trace goes unless one file was named */
    char pattern[PATH_MAX];   /* for the runtime's output option */
    char found[PATH_MAX];
    size_t others; /* traces of further processes */
    bool temporary;
};

static int parse(int count, char **arguments, struct arguments *parsed) {
    enum { KEEP = 256, REPORT, HELP };
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"keep", no_argument, NULL, KEEP},
        {"report", required_argument, NULL, REPORT},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };

    optind = 1;
    for (;;) {
        int option = getopt_long(count, arguments, "+:o:", options, NULL);

        switch (option) {
        case -1:
            parsed->program = arguments + optind;
            return STATUS_OK;
        case 'o':
            parsed->trace = optarg;
            break;
        case KEEP:
            parsed->keep = true;
            break;
        case REPORT:
            parsed->report = optarg;
            break;
        case HELP:
            parsed->help = true;
            return STATUS_OK;
        default:
            return command_bad_option("run", arguments, option);
        }
    }
}

/* A path as the runtime's output option takes it: absolute, since the program may change its
 * directory first, and with its % doubled. */
static bool escape_path(const char *path, char *out, size_t size) {
    char absolute[2 * PATH_MAX] = "";
    size_t used = 0;

    if (strlen(path) >= PATH_MAX)
        return false;
    if (path[0] != '/' && getcwd(absolute, PATH_MAX))
        strcat(absolute, "/");
    strcat(absolute, path);
    for (const char *at = absolute; *at; at++) {
        if (used + 3 > size || *at == ':')
            return false;
        if (*at == '%')
            out[used++] = '%';
        out[used++] = *at;
    }
    out[used] = '\0';
    return true;
}

static bool choose_output(struct run *run, const struct arguments *arguments) {
    const char *base = getenv("TMPDIR");
    const char *path = arguments->trace ? arguments->trace : run->directory;

    if (arguments->keep) {
        strcpy(run->directory, ".");
    } else if (!arguments->trace) {
        base = base && base[0] && strlen(base) < PATH_MAX - 64 ? base : "/tmp";
        snprintf(run->directory, sizeof(run->directory), "%s/memtrack-XXXXXX", base);
        if (!mkdtemp(run->directory)) {
            command_error("%s: cannot make a directory for the trace: %s", base, strerror(errno));
            return false;
        }
        run->temporary = true;
    }
    if (!escape_path(path, run->pattern, sizeof(run->pattern) - sizeof(file_pattern))) {
        command_error("%s: a trace's path must be short and without ':' (give another with -o, or "
                      "set TMPDIR)",
                      path);
        return false;
    }
    if (!arguments->trace)
        strcat(run->pattern, file_pattern);
    return true;
}

/* The value of MEMTRACK_OPTIONS; NULL when memory is short. */
static char *runtime_options(const struct run *run) {
    const char *users = getenv("MEMTRACK_OPTIONS");
    char *options = NULL;
    bool has_users = users && users[0];

    if (asprintf(&options, "%s%soutput=%s", has_users ? users : "", has_users ? ":" : "",
                 run->pattern) < 0)
        return NULL;
    return options;
}

/* The process that wrote a trace, 0 if it is none. */
static uint32_t trace_pid(const char *path) {
    struct mt_file_header header;
    FILE *file = fopen(path, "re");
    bool whole = file && fread(&header, sizeof(header), 1, file) == 1 &&
                 memcmp(header.magic, MT_FILE_MAGIC, MT_FILE_MAGIC_SIZE) == 0;

    if (file)
        fclose(file);
    return whole ? header.pid : 0;
}

typedef void visit_trace(struct run *run, const char *path, int pid);

static void visit_traces(struct run *run, int pid, visit_trace *visit) {
    DIR *directory = opendir(run->directory);
    struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        char path[PATH_MAX + sizeof(entry->d_name)];
        size_t length = strlen(entry->d_name);

        if (length < 7 || strcmp(entry->d_name + length - 7, ".mtrace") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", run->directory, entry->d_name);
        visit(run, path, pid);
    }
    if (directory)
        closedir(directory);
}

static void pick_trace(struct run *run, const char *path, int pid) {
    const char *shown = strncmp(path, "./", 2) == 0 ? path + 2 : path;

    if (trace_pid(path) == (uint32_t)pid && strlen(shown) < sizeof(run->found))
        strcpy(run->found, shown);
    else
        run->others++;
}

static void remove_trace(struct run *run, const char *path, int pid) {
    (void)run;
    (void)pid;
    unlink(path);
}

static void find_trace(struct run *run, const struct arguments *arguments, int pid) {
    if (!arguments->trace)
        visit_traces(run, pid, pick_trace);
    else if (trace_pid(arguments->trace) == (uint32_t)pid)
        snprintf(run->found, sizeof(run->found), "%s", arguments->trace);
}

static void report_trace(struct run *run, const struct arguments *arguments) {
    static const struct report_options options = {.limit = 10};
    struct command_output output = {.file = stderr};
    struct session session;
    struct error error;
    char *paths[] = {run->found};

    if (!session_load(&session, paths, 1)) {
        session_close(&session);
        return;
    }
    if (!arguments->report || command_output_open(&output, arguments->report)) {
        if (!arguments->report)
            fputc('\n', output.file);
        if (!output_text.report(output.file, &session.report, &options, &error))
            command_error("%s", error.text);
        command_output_close(&output);
    }
    session_close(&session);
    if (arguments->trace || arguments->keep)
        fprintf(stderr, "\nmemtrack: the trace is %s\n", run->found);
    if (run->temporary && run->others)
        fprintf(stderr, "\nmemtrack: %zu further processes were traced; see them with --keep\n",
                run->others);
}

static int run_program(struct run *run, const struct arguments *arguments) {
    char *options = runtime_options(run);
    struct child_result result;

    if (!options || setenv("MEMTRACK_OPTIONS", options, 1) != 0) {
        free(options);
        return command_error("not enough memory");
    }
    free(options);
    result = child_run(arguments->program);
    if (result.error) {
        command_error("%s: cannot be run: %s", arguments->program[0], strerror(result.error));
        return result.error == ENOENT ? 127 : 126;
    }
    find_trace(run, arguments, result.pid);
    if (run->found[0])
        report_trace(run, arguments);
    else
        command_error("%s left no trace: it allocated nothing, or was not built with memtrack-cc",
                      arguments->program[0]);
    return result.status;
}

int cmd_run(int count, char **argument_list) {
    struct arguments arguments = {0};
    struct run run = {0};
    int status = parse(count, argument_list, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (!arguments.program[0])
        return command_error("run: no program given; see memtrack run --help");
    if (arguments.trace && arguments.keep)
        return command_error("run: give either --keep or -o; see memtrack run --help");
    status = choose_output(&run, &arguments) ? run_program(&run, &arguments) : STATUS_ERROR;
    if (run.temporary) {
        visit_traces(&run, 0, remove_trace);
        rmdir(run.directory);
    }
    return status;
}
