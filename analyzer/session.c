#include "session.h"

#include "commands.h"
#include "model/analysis.h"
#include "model/foreign.h"
#include "util/progress.h"

#include <inttypes.h>
#include <stdlib.h>

static void show_progress(void *context, uint64_t done, uint64_t total) {
    struct progress *progress = context;

    progress->total = total;
    progress_at(progress, done);
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

/* A glob that matches a copy, say. Made traces may have no id. */
static void warn_of_repetition(const struct session *session, const struct trace *trace) {
    for (const struct trace *other = session->traces; other < trace; other++) {
        if (trace->reader.header.trace_id &&
            other->reader.header.trace_id == trace->reader.header.trace_id) {
            fprintf(stderr, "memtrack: %s: is the same trace as %s, and counts twice\n",
                    trace->path, other->path);
            return;
        }
    }
}

/* One that cannot be read does not keep the others from being reported. */
static bool open_traces(struct session *session, char **paths, size_t count) {
    struct error error;

    for (size_t i = 0; i < count; i++) {
        if (trace_open(&session->traces[session->count], paths[i], &error)) {
            warn_of_repetition(session, &session->traces[session->count]);
            session->count++;
        } else {
            command_error("%s: %s", paths[i], error.text);
            session->unread++;
        }
    }
    return session->count != 0;
}

/* Names come first: a report prepares the chains as they are then. */
static bool begin_report(struct session *session) {
    struct error error;
    bool good = foreign_resolve(session->traces, session->count, &error);

    for (size_t i = 0; good && i < session->count; i++)
        good = report_open(&session->report, &session->traces[i], &error);
    if (!good)
        command_error("%s", error.text);
    return good;
}

static bool create_observers(struct session *session, const struct session_request *request) {
    struct error error;
    bool good = true;

    if (!request->observer_count)
        return true;
    session->observers = calloc(session->count, sizeof(*session->observers));
    if (!session->observers)
        good = error_no_memory(&error);
    for (size_t i = 0; good && i < session->count; i++) {
        struct observers *observers = &session->observers[i];
        bool *places = NULL;

        good = filter_contexts(session->report.traces.items[i], &request->scope, &places, &error) &&
               (observers_create(observers, request->observers, request->observer_count,
                                 &session->traces[i]) ||
                error_no_memory(&error));
        observers_limit(observers, places);
    }
    if (!good)
        command_error("%s", error.text);
    return good;
}

static bool check_moment(const struct session *session, const struct moment *at) {
    for (size_t i = 0; at->kind != MOMENT_PEAK && i < session->count; i++) {
        if (session->traces[i].defs.profile.present) {
            command_error("a profile knows what was held at its peak only: leave out --at, or "
                          "record with MEMTRACK_OPTIONS=mode=trace");
            return false;
        }
    }
    return true;
}

/* What no trace has is a mistake rather than an empty report. */
static bool check_selection(const struct session *session, const struct selection *selection) {
    bool phase = false, thread = false, profile = false;

    for (size_t i = 0; i < session->count; i++) {
        phase |= selection_knows_phase(selection, &session->traces[i]);
        thread |= selection_knows_thread(selection, &session->traces[i]);
        profile |= session->traces[i].defs.profile.present;
    }
    if (profile && !selection_is_empty(selection))
        command_error("a profile has no events to select from: leave out --since, --until, --phase "
                      "and --thread, or record with MEMTRACK_OPTIONS=mode=trace");
    else if (!phase)
        command_error("there is no phase '%s'; memtrack report without --phase lists them",
                      selection->phase);
    else if (!thread)
        command_error("there is no thread '%s'; memtrack report --by thread lists them",
                      selection->thread);
    return phase && thread && (!profile || selection_is_empty(selection));
}

static bool analyze(struct session *session, const struct session_request *request,
                    struct facts *facts) {
    struct progress progress;
    struct analysis_request how = {.selection = &request->scope.selection,
                                   .at = &request->at,
                                   .observers = session->observers,
                                   .progress = show_progress,
                                   .context = &progress};
    struct error error;
    bool good;

    session->report.at = request->at;
    progress_begin(&progress, session->count == 1 ? session->traces[0].path : "traces", 0);
    good = analysis_run(session->traces, session->count, facts, &how, &error);
    progress_end(&progress);
    for (size_t i = 0; good && i < session->count; i++) {
        warn_of_damage(&session->traces[i]);
        warn_of_live_file(&session->traces[i]);
        good = report_add(&session->report, &session->traces[i], &facts[i], &error);
    }
    good = good && filter_report(&session->report, &request->scope, &error);
    if (!good)
        command_error("%s", error.text);
    return good;
}

bool session_load(struct session *session, char **paths, size_t count,
                  const struct session_request *request) {
    struct facts *facts = calloc(count, sizeof(*facts));
    bool good;

    *session = (struct session){0};
    session->traces = calloc(count, sizeof(*session->traces));
    if (!session->traces || !facts) {
        free(facts);
        command_error("not enough memory");
        return false;
    }
    good = open_traces(session, paths, count) &&
           check_selection(session, &request->scope.selection) &&
           check_moment(session, &request->at) && begin_report(session) &&
           create_observers(session, request) && analyze(session, request, facts);
    for (size_t i = 0; i < session->count; i++)
        facts_free(&facts[i]);
    free(facts);
    return good;
}

void session_close(struct session *session) {
    report_free(&session->report);
    for (size_t i = 0; session->observers && i < session->count; i++)
        observers_free(&session->observers[i]);
    free(session->observers);
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
    if (!write(output.file, session, data, &error)) {
        command_output_discard(&output);
        return command_error("%s", error.text);
    }
    return command_output_close(&output) ? STATUS_OK : STATUS_ERROR;
}

int session_write(const char *command, char **paths, size_t count, const char *output,
                  const struct session_request *request, session_writer *write, const void *data) {
    struct session session;
    struct error error;
    int status = STATUS_ERROR;

    if (count == 0)
        return command_error("%s: no trace given; see memtrack %s --help", command, command);
    for (size_t i = 0; i < count; i++) {
        if (command_overwrites(command, "-o", output, paths[i]))
            return STATUS_ERROR;
    }
    if (!filter_check(&request->scope, &error))
        return command_error("%s: %s", command, error.text);
    if (session_load(&session, paths, count, request))
        status = write_output(&session, output, write, data);
    if (session.unread)
        status = STATUS_ERROR;
    session_close(&session);
    return status;
}
