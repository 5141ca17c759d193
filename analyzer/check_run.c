#include "check_run.h"

#include "commands.h"
#include "model/saved_report.h"
#include "util/text_file.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_REPORT = 1 << 30 };

/* A phase and thread, which several rules may have in common. */
struct check_part {
    const char *phase;
    const char *thread;
    struct session session;
};

static bool same_text(const char *left, const char *right) {
    return left == right || (left && right && strcmp(left, right) == 0);
}

/* Of what is suppressed, only that of the whole recording is to be counted. */
static int suppress(struct suppressions *suppressions, struct report *report, bool counted) {
    struct error error;

    if (!suppressions_apply(suppressions, report, counted, &error))
        return command_error("%s", error.text);
    return STATUS_OK;
}

/* NULL after an error message. */
static struct check_part *find_part(struct check_run *run, const struct selection *selection) {
    struct session_request request = {.scope = {.selection = *selection}};
    struct check_part *part;
    struct check_part **added;

    for (size_t i = 0; i < run->parts.count; i++) {
        part = run->parts.items[i];
        if (same_text(part->phase, selection->phase) && same_text(part->thread, selection->thread))
            return part;
    }
    part = calloc(1, sizeof(*part));
    added = part ? MT_LIST_ADD(run->parts) : NULL;
    if (!added) {
        free(part);
        command_error("not enough memory");
        return NULL;
    }
    *added = part;
    part->phase = selection->phase;
    part->thread = selection->thread;
    if (!session_load(&part->session, run->paths, run->count, &request) ||
        suppress(run->suppressions, &part->session.report, false) != STATUS_OK)
        return NULL;
    return part;
}

/* What the traces have nothing of is no error here: the program may not have come that far. */
static const char *missing(const struct session *session, const struct selection *selection) {
    bool phase = false, thread = false;

    for (size_t i = 0; i < session->count; i++) {
        if (session->traces[i].defs.profile.present)
            return "a profile has no events to select phases and threads from";
        phase |= selection_knows_phase(selection, &session->traces[i]);
        thread |= selection_knows_thread(selection, &session->traces[i]);
    }
    if (!phase)
        return "the recording has no such phase";
    return thread ? NULL : "the recording has no such thread";
}

static int check_part_rule(struct check_run *run, const struct rule *rule) {
    struct selection selection = {.phase = rule->scope.phase, .thread = rule->scope.thread};
    const char *reason = missing(&run->whole, &selection);
    const struct check_part *part = NULL;
    struct error error;
    bool good;

    if (!reason) {
        part = find_part(run, &selection);
        if (!part)
            return STATUS_ERROR;
    }
    good = part ? check_rule(&run->check, rule, &part->session.report, &error)
                : check_unsure(&run->check, rule, reason, &error);
    return good ? STATUS_OK : command_error("%s", error.text);
}

static int run_rule(struct check_run *run, const struct rule *rule) {
    const struct report *report = &run->whole.report;
    struct error error;
    bool good;

    if (rule->scope.phase || rule->scope.thread)
        return check_part_rule(run, rule);
    good = rule->baseline ? check_baseline(&run->check, rule, &run->rules->tolerances[rule->metric],
                                           report, &run->base, &run->new, &error)
                          : check_rule(&run->check, rule, report, &error);
    return good ? STATUS_OK : command_error("%s", error.text);
}

/* Whether it is one saved report, which is then read; else the status is as before. */
static bool load_saved(struct check_run *run, int *status) {
    const char *path = run->baselines[0];
    char beginning[64];
    FILE *file = run->baseline_count == 1 ? fopen(path, "re") : NULL;
    size_t size = file ? fread(beginning, 1, sizeof(beginning), file) : 0;
    struct error error;
    char *text;

    if (file)
        fclose(file);
    if (!saved_report_likely(beginning, size))
        return false;
    text = text_file_read(path, MAX_REPORT, &size, &error);
    if (!text)
        *status = command_error("%s", error.text);
    else if (!saved_report_read(&run->base, text, size, run->suppressions, &error))
        *status = command_error("%s: %s", path, error.text);
    free(text);
    return true;
}

static int load_baseline(struct check_run *run) {
    struct session_request request = {.observer_count = 0};
    struct session *session = &run->base_session;
    struct error error;
    int status = STATUS_OK;

    if (!run->baseline_count || load_saved(run, &status))
        return status;
    /* To a part of the baseline everything would have grown. */
    if (!session_load(session, run->baselines, run->baseline_count, &request) || session->unread)
        return STATUS_ERROR;
    if (session->unread || suppress(run->suppressions, &session->report, false) != STATUS_OK)
        return STATUS_ERROR;
    if (!diff_side_make(&run->base, &session->report, REPORT_BY_CONTEXT, true, &error))
        return command_error("%s", error.text);
    return STATUS_OK;
}

int check_run(struct check_run *run) {
    struct session_request request = {.observer_count = 0};
    struct error error;
    int status = load_baseline(run);

    if (status == STATUS_OK && !session_load(&run->whole, run->paths, run->count, &request))
        status = STATUS_ERROR;
    if (status == STATUS_OK)
        status = suppress(run->suppressions, &run->whole.report, true);
    report_sort_errors(&run->whole.report);
    if (status == STATUS_OK && run->baseline_count &&
        !diff_side_make(&run->new, &run->whole.report, REPORT_BY_CONTEXT, true, &error))
        status = command_error("%s", error.text);
    for (size_t i = 0; status == STATUS_OK && i < run->rules->list.count; i++)
        status = run_rule(run, &run->rules->list.items[i]);
    if (run->whole.unread)
        check_doubt(&run->check, "not every trace could be read");
    return status;
}

void check_run_close(struct check_run *run) {
    check_free(&run->check);
    diff_side_free(&run->base);
    diff_side_free(&run->new);
    session_close(&run->base_session);
    for (size_t i = 0; i < run->parts.count; i++) {
        session_close(&run->parts.items[i]->session);
        free(run->parts.items[i]);
    }
    free(run->parts.items);
    session_close(&run->whole);
}
