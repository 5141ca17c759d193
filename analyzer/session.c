#include "session.h"

#include "commands.h"
#include "model/analysis.h"
#include "util/progress.h"

#include <inttypes.h>
#include <stdlib.h>

static void show_progress(void *context, uint64_t events) {
    progress_at(context, events);
}

static void warn_of_damage(const struct trace *trace) {
    const struct reader *reader = &trace->reader;

    if (!reader->damage.count && !reader->lost_events)
        return;
    fprintf(stderr,
            "memtrack: %s: %s: %" PRIu64 " bytes unreadable in %" PRIu64 " place%s, %s%" PRIu64
            " events lost\n",
            trace->path, reader->cut ? "cut off" : "damaged", reader->damage.bytes,
            reader->damage.count, reader->damage.count == 1 ? "" : "s",
            trace->defs.end.present ? "" : "at least ", reader->lost_events);
}

static void warn_of_live_file(const struct trace *trace) {
    const struct reader *reader = &trace->reader;

    if (reader->live == READER_LIVE_FAULT)
        fprintf(stderr, "memtrack: %s: last events are missing: %s\n", trace->path,
                reader->live_fault.text);
    else if (reader->live == READER_LIVE_OTHER)
        fprintf(stderr,
                "memtrack: %s: last events may be missing: the live file beside it belongs to "
                "another trace\n",
                trace->path);
}

static bool load_trace(struct session *session, const char *path) {
    struct trace *trace = &session->traces[session->count];
    struct progress progress;
    struct facts facts;
    struct error error;
    bool added;

    if (!trace_open(trace, path, &error)) {
        command_error("%s: %s", path, error.text);
        return false;
    }
    session->count++;
    progress_begin(&progress, path, trace->reader.events);
    added = analysis_run(trace, &facts, show_progress, &progress, &error);
    progress_end(&progress);
    if (added) {
        warn_of_damage(trace);
        warn_of_live_file(trace);
        added = report_add(&session->report, trace, &facts, &error);
        facts_free(&facts);
    }
    if (!added)
        command_error("%s: %s", path, error.text);
    return added;
}

bool session_load(struct session *session, char **paths, size_t count) {
    *session = (struct session){0};
    session->traces = calloc(count, sizeof(*session->traces));
    if (!session->traces) {
        command_error("not enough memory");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!load_trace(session, paths[i]))
            return false;
    }
    return true;
}

void session_close(struct session *session) {
    report_free(&session->report);
    for (size_t i = 0; i < session->count; i++)
        trace_close(&session->traces[i]);
    free(session->traces);
    *session = (struct session){0};
}

static int write_output(struct session *session, const char *path, session_writer *write,
                        const void *data) {
    struct command_output output;
    struct error error;

    if (!command_output_open(&output, path))
        return STATUS_ERROR;
    if (!write(output.file, &session->report, data, &error)) {
        command_output_close(&output);
        return command_error("%s", error.text);
    }
    return command_output_close(&output) ? STATUS_OK : STATUS_ERROR;
}

int session_write(const char *command, char **paths, size_t count, const char *output,
                  session_writer *write, const void *data) {
    struct session session;
    int status = STATUS_ERROR;

    if (count == 0)
        return command_error("%s: no trace given; see memtrack %s --help", command, command);
    for (size_t i = 0; i < count; i++) {
        if (command_overwrites(command, "-o", output, paths[i]))
            return STATUS_ERROR;
    }
    if (session_load(&session, paths, count))
        status = write_output(&session, output, write, data);
    session_close(&session);
    return status;
}
