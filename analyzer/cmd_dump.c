/* memtrack dump */
#include "commands.h"
#include "model/foreign.h"
#include "trace/merge.h"
#include "util/progress.h"

#include <getopt.h>
#include <inttypes.h>

static const char help[] =
    "Usage: memtrack dump [--format text|json] [-o FILE] [--jobs N] TRACE\n"
    "\n"
    "Prints the events of all threads in order of time, one a line: nanoseconds since the start,\n"
    "thread, operation, address, size, context id, and the innermost function of its call site.\n"
    "\n"
    "  --format text|json   json: one object a line\n"
    "  -o, --output FILE    write there instead of to standard output\n" COMMAND_HELP_JOBS
    "  --help               this text\n";

static bool dump_events(struct trace *trace, const struct output_ops *format, FILE *out,
                        struct progress *progress, struct error *error) {
    const struct event *events;
    struct merge merge;
    size_t count = 1;
    bool done = merge_begin(&merge, &trace->reader, error);

    /* Nobody reads on after a write error. */
    while (done && count && !ferror(out)) {
        done = merge_next(&merge, &events, &count, error);
        for (size_t i = 0; done && i < count; i++)
            format->event(out, trace, &events[i]);
        if (progress)
            progress_at(progress, merge.delivered);
    }
    merge_end(&merge);
    return done;
}

/* Events on a terminal are progress enough. */
static bool dump_to(struct command_output *output, struct trace *trace,
                    const struct output_ops *format, struct error *error) {
    struct progress progress;
    bool good;

    if (!foreign_resolve(trace, 1, error))
        return false;
    progress_begin(&progress, trace->path, trace->reader.events);
    good = dump_events(trace, format, output->file, output->path ? &progress : NULL, error);
    progress_end(&progress);
    return good;
}

static int dump(const char *path, const struct output_ops *format, const char *output_path) {
    struct command_output output;
    struct trace trace;
    struct error error;
    int status = STATUS_OK;

    if (!trace_open(&trace, path, &error))
        return command_error("%s: %s", path, error.text);
    if (!command_output_open(&output, output_path)) {
        status = STATUS_ERROR;
    } else {
        if (!dump_to(&output, &trace, format, &error)) {
            command_output_discard(&output);
            status = command_error("%s: %s", path, error.text);
        } else if (!command_output_close(&output)) {
            status = STATUS_ERROR;
        }
        if (trace.defs.profile.present)
            command_error("%s: is a profile: there are no events but those after it", path);
        if (trace.reader.damage.count)
            command_error("%s: damaged: %" PRIu64 " bytes unreadable, %" PRIu64
                          " events known to be lost",
                          path, trace.reader.damage.bytes, trace.reader.lost_events);
    }
    trace_close(&trace);
    return status;
}

int cmd_dump(int count, char **arguments) {
    enum { FORMAT = 256, JOBS, HELP };
    static const struct option options[] = {{"format", required_argument, NULL, FORMAT},
                                            {"output", required_argument, NULL, 'o'},
                                            {"jobs", required_argument, NULL, JOBS},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    const struct output_ops *format = &output_text;
    const char *output_path = NULL;
    int option;

    optind = 1;
    while ((option = getopt_long(count, arguments, ":o:", options, NULL)) != -1) {
        switch (option) {
        case FORMAT:
            if (!command_format(optarg, &format))
                return STATUS_ERROR;
            break;
        case 'o':
            output_path = optarg;
            break;
        case JOBS:
            if (!command_jobs("dump", optarg))
                return STATUS_ERROR;
            break;
        case HELP:
            fputs(help, stdout);
            return STATUS_OK;
        default:
            return command_bad_option("dump", arguments, option);
        }
    }
    if (optind + 1 != count)
        return command_error("dump: give one trace; see memtrack dump --help");
    if (command_overwrites("dump", "-o", output_path, arguments[optind]))
        return STATUS_ERROR;
    return dump(arguments[optind], format, output_path);
}
