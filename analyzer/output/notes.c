#include "output/notes.h"

#include "output/cells.h"
#include "util/format.h"
#include "util/names.h"
#include "util/path.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void notes_clean(FILE *out, const char *bytes, size_t size) {
    char *text = names_utf8(bytes, size);

    if (text)
        fprintf(out, "%.*s%s", (int)names_prefix(text, 76), text,
                names_width(text) > 76 ? "..." : "");
    free(text);
}

/* The arguments in one line. */
static void print_command(FILE *out, const struct process_def *process) {
    char *line = malloc(process->command_size + 1);
    size_t size = process->command_size;

    if (!line)
        return;
    memcpy(line, process->command, size);
    while (size && line[size - 1] == '\0')
        size--;
    for (size_t i = 0; i < size; i++) {
        if (line[i] == '\0')
            line[i] = ' ';
    }
    notes_clean(out, line, size);
    free(line);
}

void notes_name(FILE *out, const char *name, int columns) {
    char *clean = names_utf8(name, strlen(name));
    size_t width;

    if (clean)
        clean[names_prefix(clean, (size_t)columns)] = '\0';
    width = clean ? names_width(clean) : 0;
    fprintf(out, "%s%*s", clean ? clean : "", columns - (int)width, "");
    free(clean);
}

void notes_title(FILE *out, const char *what, const struct report *report) {
    const struct trace *trace = report->traces.items[0]->trace;
    const struct process_def *process = &trace->defs.process;

    if (report->traces.count > 1) {
        fprintf(out, "MemTrack %s of %s traces\n\n", what, COUNT(report->traces.count));
        return;
    }
    fprintf(out, "MemTrack %s: ", what);
    if (process->executable[0])
        notes_clean(out, path_base_name(process->executable),
                    strlen(path_base_name(process->executable)));
    else
        fputs("unknown program", out);
    fprintf(out, " (pid %u)\n\n", trace->reader.header.pid);
    if (process->command_size) {
        fputs("  command      ", out);
        print_command(out, process);
        fputc('\n', out);
    }
}

static void print_losses(FILE *out, const struct report_totals *totals) {
    static const char *const reasons[MT_LOSS_REASONS] = {
        [0] = "unknown reason",
        [MT_LOSS_BUFFERS_FULL] = "buffers full",
        [MT_LOSS_TRACE_LIMIT] = "max_trace_mb reached",
        [MT_LOSS_WRITE_ERROR] = "write error",
        [MT_LOSS_SIGNAL] = "signal handlers",
    };
    const char *separator = " (";

    if (!totals->dropped_events)
        return;
    fprintf(out, "  ! %s events were not recorded", COUNT(totals->dropped_events));
    for (int i = 0; i < MT_LOSS_REASONS; i++) {
        if (totals->losses[i]) {
            fprintf(out, "%s%s: %s", separator, reasons[i], COUNT(totals->losses[i]));
            separator = ", ";
        }
    }
    fprintf(out, "%s: all figures are too low\n", separator[0] == ',' ? ")" : "");
}

static void print_damage(FILE *out, const struct report_totals *totals) {
    if (!totals->damaged_places && !totals->lost_events)
        return;
    fprintf(out, "  ! the trace is %s: %s unreadable, ", totals->cut ? "cut off" : "damaged",
            BYTES(totals->damaged_bytes));
    if (totals->lost_events)
        fprintf(out, "%s recorded events lost", COUNT(totals->lost_events));
    else
        fputs("events lost if any are not known", out);
    fputs("\n    (memtrack info --verify tells the places)\n", out);
}

static void print_no_end(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;

    if (!totals->without_end)
        return;
    fprintf(out,
            "  ! no END%s: the program was killed, or runs still%s:\n"
            "    what its threads had not handed to the writer is missing; the figures are a lower "
            "bound,\n"
            "    but \"leaked\" is what was live then, and what was freed in events that are "
            "missing\n",
            report->traces.count > 1 ? " in some traces" : "",
            totals->damaged_places ? ", or its END is unreadable" : "");
}

/* What was live when a process was killed has leaked as little as what was freed later in one that
 * still runs. */
static void print_joined(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    bool several = report->traces.count > 1;

    if (totals->joined > totals->running)
        fprintf(out,
                "  - %s: its %slast %s events come from the live file beside the trace,\n"
                "    none is missing; \"leaked\" is what was live then\n",
                several ? "a program did not end by exit" : "the program did not end by exit",
                totals->profiles ? "totals and " : "", COUNT(totals->joined_events));
    if (totals->unassigned_frees)
        fprintf(out,
                "  ! %s of these events are frees of blocks that the totals count as live:\n"
                "    what they held is in \"leaked\"\n",
                COUNT(totals->unassigned_frees));
    if (totals->running)
        fprintf(out, "  - %s runs still; \"leaked\" is what is live now\n",
                several ? "a program" : "the program");
}

/* An explanation has to hold of all that it counts. */
static void print_unmatched(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    const struct {
        bool applies;
        const char *text;
    } places[] = {
        {totals->interposed < report->traces.count, "by code that is not instrumented"},
        {totals->paused > 0, "while recording was paused"},
        {totals->forked > 0, "before the fork"},
        {totals->sampled > 0, "without being sampled"},
    };
    const char *before = " that was allocated ";

    if (!totals->unmatched_frees)
        return;
    fprintf(out, "  - %s frees of memory", COUNT(totals->unmatched_frees));
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!places[i].applies)
            continue;
        fprintf(out, "%s%s", before, places[i].text);
        before = ", or ";
    }
    if (!report_complete(report))
        fputs(before[0] == ',' ? ",\n    or whose allocation was lost"
                               : " whose allocation was lost",
              out);
    else if (before[0] != ',')
        fputs(" that is not known, at more addresses than are looked into", out);
    fputc('\n', out);
}

static void print_missed(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;
    bool lost = !report_complete(report);

    if (!totals->missed_frees)
        return;
    fprintf(out, "  - %s blocks ", COUNT(totals->missed_frees));
    if (totals->interposed < report->traces.count)
        fprintf(out, "were freed by code that is not instrumented%s\n",
                lost ? ", or their free was lost" : "");
    else
        fprintf(out, "had their address given out again without a free that %s\n",
                lost ? "is not lost" : "was recorded");
}

static void print_inherited(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;

    if (totals->inherited_frees)
        fprintf(out,
                "  - %s frees of memory that the parent process allocated and is charged with\n",
                COUNT(totals->inherited_frees));
    if (totals->orphan_frees)
        fprintf(out, "  - %s frees of memory inherited from the parent\n",
                COUNT(totals->orphan_frees));
    if (totals->orphan) {
        const char *path = totals->orphan->defs.process.parent_trace;

        fputs("    (give its trace, too: ", out);
        if (path[0])
            notes_clean(out, path, strlen(path));
        else
            fprintf(out, "that of process %u", totals->orphan->reader.header.parent_pid);
        fputs(")\n", out);
    }
}

void notes_error_kinds(FILE *out, const struct report *report) {
    static const char *const names[MEMORY_ERROR_KINDS] = {"double free", "invalid free",
                                                          "mismatched free"};
    const char *separator = "";

    for (int i = 0; i < MEMORY_ERROR_KINDS; i++) {
        uint64_t count = report->totals.errors[i];

        if (!count)
            continue;
        fprintf(out, "%s%s %s%s", separator, COUNT(count), names[i], count == 1 ? "" : "s");
        separator = ", ";
    }
}

static void print_cut_contexts(FILE *out, const struct report_totals *totals) {
    if (totals->cut_contexts)
        fprintf(
            out,
            "  - of %s allocations only the outer calls are known: the runtime had no room for\n"
            "    more contexts (MEMTRACK_OPTIONS=max_contexts=N makes room)\n",
            COUNT(totals->cut_contexts));
}

static void print_profile(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;

    if (!totals->profiles)
        return;
    fprintf(out,
            "  - %sa profile: exact totals that the process kept itself, without events; it does "
            "not\n    tell errors%s\n",
            totals->profiles < report->traces.count ? "some are " : "",
            totals->pool_events ? " and custom allocators" : "");
    if (totals->incomplete_profiles)
        fprintf(out,
                "  ! it is incomplete: for want of memory %s allocations of %s were counted but "
                "not\n    followed: peak, leaked and frees are too low\n",
                COUNT(totals->untracked_blocks), BYTES(totals->untracked_bytes));
}

static void print_errors(FILE *out, const struct report *report) {
    uint64_t count = report_error_count(report);

    if (!count)
        return;
    fprintf(out, "  ! %s error%s: ", COUNT(count), count == 1 ? "" : "s");
    notes_error_kinds(out, report);
    fputs(" (see memtrack errors)\n", out);
}

void notes_print(FILE *out, const struct report *report, bool errors) {
    const struct report_totals *totals = &report->totals;

    print_profile(out, report);
    print_losses(out, totals);
    print_damage(out, totals);
    print_no_end(out, report);
    print_joined(out, report);
    if (errors)
        print_errors(out, report);
    if (totals->calls_only)
        fprintf(out,
                "  - %slinked statically: what code that is not instrumented allocates is not "
                "recorded\n",
                totals->calls_only < report->traces.count ? "some are " : "");
    print_unmatched(out, report);
    print_missed(out, report);
    print_inherited(out, report);
    print_cut_contexts(out, totals);
    if (totals->pool_events && totals->profiles < report->traces.count)
        fputs("  - what custom allocators handed out is not in these figures: memtrack report "
              "--pools\n",
              out);
    if (totals->sites_without_debug_info)
        fprintf(out,
                "  - %s of the sites have no debug information: compile with -g for file "
                "and line\n",
                SHARE(totals->sites_without_debug_info, totals->sites));
}
