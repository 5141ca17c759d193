/* memtrack info */
#include "commands.h"
#include "trace/merge.h"
#include "util/progress.h"

#include <getopt.h>

static const char help[] =
    "Usage: memtrack info [--verify] [--jobs N] TRACE\n"
    "\n"
    "Says what a trace consists of: process, clock, threads, blocks, losses and damage.\n"
    "\n"
    "  --verify   also decode every block; exit 1 if anything is damaged\n"
    "  --jobs N   threads that decode, at most (default: one for each CPU)\n"
    "  --help     this text\n";

static void decode_references(struct reader *reader) {
    const struct references_visitor visitor = {.region = NULL};
    struct error error;
    uint64_t offset;

    if (!references_read(reader, &visitor, &offset, &error)) {
        struct mt_block_header header = reader_block_header(reader, offset);

        damage_note(&reader->damage, offset, sizeof(header) + header.stored_size, "%s", error.text);
    }
}

/* Decoding adds malformed blocks to the trace's damage. */
static bool decode_all(struct trace *trace, struct error *error) {
    const struct event *events;
    struct progress progress;
    struct merge merge;
    size_t count = 1;
    bool done = merge_begin(&merge, &trace->reader, error);

    progress_begin(&progress, trace->path, trace->reader.events);
    while (done && count) {
        done = merge_next(&merge, &events, &count, error);
        progress_at(&progress, merge.delivered);
    }
    progress_end(&progress);
    merge_end(&merge);
    decode_references(&trace->reader);
    return done;
}

static int show(const char *path, bool verify) {
    struct command_output output;
    struct trace trace;
    struct error error;
    int status = STATUS_OK;

    if (!trace_open(&trace, path, &error))
        return command_error("%s: %s", path, error.text);
    if (verify && !decode_all(&trace, &error)) {
        trace_close(&trace);
        return command_error("%s: %s", path, error.text);
    }
    command_output_open(&output, NULL);
    output_info(output.file, &trace, verify);
    if (!command_output_close(&output))
        status = STATUS_ERROR;
    else if (verify && (trace.reader.damage.count || trace.reader.lost_events))
        status = STATUS_DAMAGED;
    trace_close(&trace);
    return status;
}

int cmd_info(int count, char **arguments) {
    enum { VERIFY = 256, JOBS, HELP };
    static const struct option options[] = {{"verify", no_argument, NULL, VERIFY},
                                            {"jobs", required_argument, NULL, JOBS},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    bool verify = false;
    int option;

    optind = 1;
    while ((option = getopt_long(count, arguments, ":", options, NULL)) != -1) {
        if (option == HELP) {
            fputs(help, stdout);
            return STATUS_OK;
        }
        if (option == VERIFY)
            verify = true;
        else if (option != JOBS)
            return command_bad_option("info", arguments, option);
        else if (!command_jobs("info", optarg))
            return STATUS_ERROR;
    }
    if (optind + 1 != count)
        return command_error("info: give one trace; see memtrack info --help");
    return show(arguments[optind], verify);
}
