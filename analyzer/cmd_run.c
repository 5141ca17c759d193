/* memtrack run: the program keeps its standard streams, signals and exit status; what memtrack has
 * to say goes to stderr when it is over. */
#define _GNU_SOURCE
#include "child.h"
#include "commands.h"
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: memtrack run [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "\n"
    "Runs a program that was built with memtrack-cc and reports on stderr where its memory went.\n"
    "Exits with the program's status, 128 + N after signal N, 126 or 127 if it cannot be run;\n"
    "with 1 if that would be 0 but the trace asked for with -o was not made.\n"
    "\n"
    "  -o, --output TRACE   keep the trace there: a file, or a directory for --keep's name\n"
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
    uint64_t old_trace; /* id of the trace that stood at the file named, 0 for none */
    uint32_t maker;     /* the process whose trace stands there now, 0 if it is none of this run */
    size_t others;      /* traces of further processes */
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

/* Only a regular file is opened: a pipe would be waited for. */
static bool read_header(const char *path, struct mt_file_header *header) {
    struct stat status;
    FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;
    bool whole = file && fread(header, sizeof(*header), 1, file) == 1 &&
                 memcmp(header->magic, MT_FILE_MAGIC, MT_FILE_MAGIC_SIZE) == 0;

    if (file)
        fclose(file);
    return whole;
}

static bool is_directory(const char *path) {
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A directory for the trace unless a file was named. */
static bool choose_directory(struct run *run, const struct arguments *arguments) {
    const char *base = getenv("TMPDIR");

    if (arguments->keep) {
        strcpy(run->directory, ".");
    } else if (arguments->trace) {
        if (is_directory(arguments->trace) && strlen(arguments->trace) < sizeof(run->directory))
            strcpy(run->directory, arguments->trace);
    } else {
        base = base && base[0] && strlen(base) < PATH_MAX - 64 ? base : "/tmp";
        snprintf(run->directory, sizeof(run->directory), "%s/memtrack-XXXXXX", base);
        if (!mkdtemp(run->directory)) {
            command_error("%s: cannot make a directory for the trace: %s", base, strerror(errno));
            return false;
        }
        run->temporary = true;
    }
    return true;
}

static bool choose_output(struct run *run, const struct arguments *arguments) {
    struct mt_file_header header;
    const char *path;

    if (!choose_directory(run, arguments))
        return false;
    path = run->directory[0] ? run->directory : arguments->trace;
    if (!escape_path(path, run->pattern, sizeof(run->pattern) - sizeof(file_pattern))) {
        command_error("%s: a trace's path must be short and without ':' (give another with -o, or "
                      "set TMPDIR)",
                      path);
        return false;
    }
    if (run->directory[0])
        strcat(run->pattern, file_pattern);
    else if (read_header(path, &header))
        run->old_trace = header.trace_id;
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
    struct mt_file_header header;

    if (read_header(path, &header) && header.pid == (uint32_t)pid &&
        strlen(shown) < sizeof(run->found))
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
    struct mt_file_header header;

    if (run->directory[0]) {
        visit_traces(run, pid, pick_trace);
        return;
    }
    if (!read_header(arguments->trace, &header) || header.trace_id == run->old_trace)
        return;
    run->maker = header.pid;
    if (header.pid == (uint32_t)pid)
        snprintf(run->found, sizeof(run->found), "%s", arguments->trace);
}

/* Splits off the last component; the rest is "." if there is none, and else keeps its slash, so
 * that a file in the place of a directory is told as such. */
static const char *split(const char *path, char *directory, size_t size) {
    const char *slash = strrchr(path, '/');

    snprintf(directory, size, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    return slash ? slash + 1 : path;
}

/* What keeps a trace from being created, NULL if nothing is seen to. */
static const char *find_obstacle(const struct run *run, const char *trace) {
    char directory[PATH_MAX + 2];
    struct mt_file_header header;
    struct stat status;

    if (run->directory[0])
        snprintf(directory, sizeof(directory), "%s/", run->directory);
    else
        split(trace, directory, sizeof(directory));
    if (access(directory, W_OK | X_OK) != 0)
        return strerror(errno);
    if (!run->directory[0] && stat(trace, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size && !read_header(trace, &header))
        return "it exists and is not a trace";
    return NULL;
}

/* A device or a pipe, which cannot be looked at afterwards. */
static bool is_special(const char *path) {
    struct stat status;

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* The trace asked for with -o is there, whichever process made it. */
static bool trace_is_there(const struct run *run, const struct arguments *arguments) {
    return run->found[0] || run->maker || !arguments->trace || is_special(arguments->trace);
}

static void explain_missing(const struct run *run, const struct arguments *arguments) {
    const char *trace = run->directory[0] ? run->directory : arguments->trace;
    const char *obstacle = find_obstacle(run, trace);

    if (run->maker)
        command_error("%s left no trace; %s is that of process %" PRIu32
                      ": see it with memtrack report",
                      arguments->program[0], trace, run->maker);
    else if (is_special(trace))
        command_error("no report: %s is not a regular file", trace);
    else if (obstacle)
        command_error("the trace could not be created at %s: %s", trace, obstacle);
    else
        command_error("%s left no trace: it allocated nothing, or was not built with memtrack-cc",
                      arguments->program[0]);
}

static void report_trace(struct run *run, const struct arguments *arguments) {
    static const struct report_options options = {.limit = 10};
    static const struct session_request request = {0};
    struct command_output output = {.file = stderr, .removed = -1};
    struct session session;
    struct error error;
    char *paths[] = {run->found};

    if (!session_load(&session, paths, 1, &request)) {
        session_close(&session);
        return;
    }
    if (!arguments->report ||
        (!command_overwrites("run", "--report", arguments->report, run->found) &&
         command_output_open(&output, arguments->report))) {
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
        explain_missing(run, arguments);
    if (result.status == 0 && !trace_is_there(run, arguments))
        return STATUS_NO_TRACE;
    return result.status;
}

/* Neither is there yet, and creating one would create the other. */
static bool same_new_file(const char *path, const char *other) {
    char directory[PATH_MAX], others[PATH_MAX];
    struct stat status, of_other;

    if (stat(path, &status) == 0 || stat(other, &of_other) == 0)
        return false;
    return strcmp(split(path, directory, sizeof(directory)),
                  split(other, others, sizeof(others))) == 0 &&
           stat(directory, &status) == 0 && stat(others, &of_other) == 0 &&
           status.st_dev == of_other.st_dev && status.st_ino == of_other.st_ino;
}

/* An output is a file that is needed: the program's, one that it is given, or each other. */
static bool overwrites(const struct arguments *arguments) {
    char program[PATH_MAX];

    if (child_find(arguments->program[0], program, sizeof(program)) &&
        (command_overwrites("run", "-o", arguments->trace, program) ||
         command_overwrites("run", "--report", arguments->report, program)))
        return true;
    for (char **argument = arguments->program + 1; *argument; argument++) {
        if (command_overwrites("run", "-o", arguments->trace, *argument) ||
            command_overwrites("run", "--report", arguments->report, *argument))
            return true;
    }
    if (!arguments->trace || !arguments->report)
        return false;
    if (same_new_file(arguments->report, arguments->trace)) {
        command_error("run: --report %s would overwrite %s: they are the same file",
                      arguments->report, arguments->trace);
        return true;
    }
    return command_overwrites("run", "--report", arguments->report, arguments->trace);
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
    if (overwrites(&arguments))
        return STATUS_ERROR;
    status = choose_output(&run, &arguments) ? run_program(&run, &arguments) : STATUS_ERROR;
    if (run.temporary) {
        visit_traces(&run, 0, remove_trace);
        rmdir(run.directory);
    }
    return status;
}
