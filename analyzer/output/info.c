/* What a trace consists of and whether it is whole. */
#include "model/leaks.h"
#include "output/cells.h"
#include "output/output.h"
#include "util/format.h"
#include "util/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_string(FILE *out, const char *label, const char *bytes, size_t size) {
    char *text = size ? names_utf8(bytes, size) : NULL;

    if (text)
        fprintf(out, "  %-12s %s\n", label, text);
    free(text);
}

static void print_parent(FILE *out, const struct trace *trace) {
    const struct process_def *process = &trace->defs.process;
    uint64_t forked = trace_fork_ticks(trace);
    uint64_t start = trace->reader.header.start_ticks;

    if (!trace->reader.header.parent_trace_id)
        return;
    fprintf(out, "  %-12s %016" PRIx64 ", forked", "parent trace",
            trace->reader.header.parent_trace_id);
    if (forked < start)
        fprintf(out, " %s before the recording began",
                DURATION((double)(start - forked) * trace->defs.ns_per_tick));
    fputc('\n', out);
    print_string(out, "", process->parent_trace, strlen(process->parent_trace));
}

static void print_header(FILE *out, const struct trace *trace) {
    const struct mt_file_header *header = &trace->reader.header;
    time_t seconds = (time_t)(header->start_realtime_ns / 1000000000);
    struct tm utc;
    char start[40] = "?";

    if (gmtime_r(&seconds, &utc))
        strftime(start, sizeof(start), "%Y-%m-%d %H:%M:%S UTC", &utc);
    fprintf(out, "%s: MemTrack trace, version %u, %s\n\n", trace->path, header->version,
            BYTES(trace->reader.size));
    fprintf(out, "  %-12s %016" PRIx64 "\n", "trace id", header->trace_id);
    print_parent(out, trace);
    fprintf(out, "  %-12s %u, child of %u\n", "pid", header->pid, header->parent_pid);
    fprintf(out, "  %-12s %s\n", "started", start);
}

static void print_process(FILE *out, const struct defs *defs) {
    const struct process_def *process = &defs->process;
    const struct {
        const char *label;
        const char *value;
    } rows[] = {
        {"cwd", process->cwd},         {"host", process->host}, {"options", process->options},
        {"runtime", process->version}, {"arch", process->arch},
    };
    char *command = malloc(process->command_size + 1);

    print_string(out, "executable", process->executable, strlen(process->executable));
    if (command) {
        size_t size = process->command_size;

        memcpy(command, process->command, size);
        while (size && command[size - 1] == '\0')
            size--;
        for (size_t i = 0; i < size; i++)
            command[i] = command[i] ? command[i] : ' ';
        print_string(out, "command", command, size);
    }
    free(command);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        print_string(out, rows[i].label, rows[i].value, strlen(rows[i].value));
}

static void print_clock(FILE *out, const struct trace *trace) {
    const struct defs *defs = &trace->defs;

    if ((trace->reader.header.flags & MT_FILE_CLOCK_TSC) == 0)
        fprintf(out, "  %-12s nanoseconds\n", "clock");
    else if (defs->rate_known)
        fprintf(out, "  %-12s time stamp counter, %.3f MHz, %zu calibration points\n", "clock",
                1e3 / defs->ns_per_tick, defs->clock_points);
    else
        fprintf(out, "  %-12s time stamp counter of unknown rate\n", "clock");
    if (defs->end.present)
        fprintf(out, "  %-12s %s after %s; %s events recorded, %s lost; writer %s of CPU\n", "end",
                defs->end.reason == MT_END_EXIT ? "exit" : "unknown reason",
                DURATION(trace_ns(trace, defs->end.ticks)), COUNT(defs->end.events),
                COUNT(defs->end.lost), DURATION((double)defs->end.writer_ns));
    else
        fprintf(out, "  %-12s none: the process %s\n", "end",
                trace->reader.running ? "still runs" : "was killed, or still runs");
}

/* What was recorded, and of whom. */
static void print_capture(FILE *out, const struct defs *defs) {
    const char *capture = defs->process.capture;

    if (strcmp(capture, "interposed") == 0)
        fprintf(out, "  %-12s interposed: calls of all code\n", "capture");
    else if (strcmp(capture, "calls-only") == 0)
        fprintf(out, "  %-12s calls-only: linked statically, instrumented code only\n", "capture");
    else if (capture[0])
        print_string(out, "capture", capture, strlen(capture));
    if (defs->process.sample[0] && strcmp(defs->process.sample, "all") != 0)
        print_string(out, "sample", defs->process.sample, strlen(defs->process.sample));
    if (defs->end.present)
        fprintf(out, "  %-12s at most %s mapped by the runtime\n", "memory",
                BYTES(defs->end.mapped_bytes));
}

static void print_live(FILE *out, const struct reader *reader) {
    if (reader->live == READER_LIVE_JOINED)
        fprintf(out, "  %-12s joined: %s events\n", "live file", COUNT(reader->joined_events));
    else if (reader->live == READER_LIVE_OTHER)
        fprintf(out, "  %-12s not used: it belongs to another trace\n", "live file");
    else if (reader->live == READER_LIVE_FAULT)
        fprintf(out, "  %-12s not used: %s\n", "live file", reader->live_fault.text);
}

static void print_profile(FILE *out, const struct defs *defs) {
    const struct profile *profile = &defs->profile;

    if (!profile->present)
        return;
    fprintf(out, "  %-12s %s events counted in the process; %s contexts, %s threads, %s points%s\n",
            "profile", COUNT(profile->totals.events), COUNT(profile->contexts.count),
            COUNT(profile->threads.count), COUNT(profile->points.count),
            profile->totals.flags & MT_PROFILE_INCOMPLETE ? "; incomplete" : "");
    if (defs->end.present && profile->totals.events)
        fprintf(out, "  %-12s %.1f ns of the writer's CPU an event\n", "",
                (double)defs->end.writer_ns / (double)profile->totals.events);
}

/* The scan at the end: what it found out, or why there was none. */
static void print_scan(FILE *out, const struct scan_def *scan) {
    if (!scan->present)
        return;
    if (scan->result != MT_SCAN_DONE) {
        fprintf(out, "  %-12s %s%s\n", "leak scan",
                scan->result == MT_SCAN_OFF ? "" : "none: ", leaks_scan_obstacle(scan));
        return;
    }
    fprintf(out, "  %-12s %s for %s, %s pointers", "leak scan", DURATION((double)scan->ns),
            BYTES(scan->bytes), COUNT(scan->words));
    if (scan->threads)
        fprintf(out, "; registers of %s of %s other threads", COUNT(scan->stopped),
                COUNT(scan->threads));
    if (scan->flags & MT_SCAN_ALL_STACKS)
        fputs("; all of all stacks", out);
    fputc('\n', out);
}

static void print_blocks(FILE *out, const struct reader *reader) {
    static const char *const names[MT_KNOWN_KINDS] = {
        "other", "events", "sites",       "contexts", "threads", "process",   "clock",
        "loss",  "end",    "definitions", "marks",    "profile", "references"};

    fprintf(out, "\n  %-11s %10s %14s %12s %12s %14s\n", "blocks", "number", "records", "stored",
            "raw", "bytes/record");
    for (int i = 1; i <= MT_KNOWN_KINDS; i++) {
        const struct kind_totals *kind = &reader->kinds[i % MT_KNOWN_KINDS];

        if (!kind->blocks)
            continue;
        fprintf(out, "  %-11s %10s %14s %12s %12s", names[i % MT_KNOWN_KINDS], COUNT(kind->blocks),
                COUNT(kind->records), BYTES(kind->stored), BYTES(kind->raw));
        if (kind->records)
            fprintf(out, " %14.2f", (double)kind->stored / (double)kind->records);
        fputc('\n', out);
    }
    if (reader->events)
        fprintf(out, "\n  %.3f bytes of file an event\n",
                (double)reader->size / (double)reader->events);
}

static void print_thread(FILE *out, const struct trace *trace, uint32_t id, uint64_t events) {
    const struct thread_def *def = defs_thread(&trace->defs, id);
    char *name = def ? names_utf8(def->name, strlen(def->name)) : NULL;

    fprintf(out, "  %8u %10" PRIu64 "  %-16s %14s", id, def ? def->tid : 0, name ? name : "?",
            COUNT(events));
    if (def)
        fprintf(out, " %14s %14s", DURATION(trace_ns(trace, def->first_ticks)),
                def->last_ticks ? DURATION(trace_ns(trace, def->last_ticks)) : "-");
    fputc('\n', out);
    free(name);
}

static void print_threads(FILE *out, const struct trace *trace) {
    const struct profile *profile = &trace->defs.profile;

    fprintf(out, "\n  %8s %10s  %-16s %14s %14s %14s\n", "thread", "tid", "name", "events",
            "first seen", "ended");
    for (size_t i = 0; i < trace->reader.stream_count; i++)
        print_thread(out, trace, trace->reader.streams[i].thread, trace->reader.streams[i].events);
    for (size_t i = 0; i < profile->threads.count; i++)
        print_thread(out, trace, (uint32_t)profile->threads.items[i].id,
                     profile->threads.items[i].events);
}

enum { MARKS_SHOWN = 100 };

static void print_marks(FILE *out, const struct trace *trace) {
    static const char *const kinds[] = {"other", "phase", "pause", "resume", "snapshot"};
    const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);
    size_t count = trace->defs.marks.count;
    size_t shown = count < MARKS_SHOWN ? count : MARKS_SHOWN;

    if (!count)
        return;
    fprintf(out, "\n  %14s %8s  %-8s  %s\n", "mark at", "thread", "kind", "name");
    for (size_t i = 0; i < shown; i++) {
        const struct mark *mark = &trace->defs.marks.items[i];
        const char *kind = kinds[mark->kind < kind_count ? mark->kind : 0];
        char *name = names_utf8(mark->name, strlen(mark->name));

        fprintf(out, "  %14s %8u  ", DURATION(trace_ns(trace, mark->ticks)), mark->thread);
        if (name && name[0])
            fprintf(out, "%-8s  %s\n", kind, name);
        else
            fprintf(out, "%s\n", kind);
        free(name);
    }
    if (shown < count)
        fprintf(out, "  %14s and %s more\n", "", COUNT(count - shown));
}

static void print_integrity(FILE *out, const struct trace *trace, bool verified) {
    static const char *const reasons[MT_LOSS_REASONS] = {
        "unknown reason", "buffers full", "trace limit", "write error", "signal handlers"};
    const struct reader *reader = &trace->reader;
    const struct damage *damage = &reader->damage;
    uint64_t kept = damage->count < MT_DAMAGE_KEPT ? damage->count : MT_DAMAGE_KEPT;

    fputc('\n', out);
    for (int i = 0; i < MT_LOSS_REASONS; i++) {
        if (trace->defs.losses[i])
            fprintf(out, "  dropped while recording: %s events, %s\n", COUNT(trace->defs.losses[i]),
                    reasons[i]);
    }
    for (uint64_t i = 0; i < kept; i++)
        fprintf(out, "  damaged at byte %" PRIu64 ", %" PRIu64 " bytes: %s\n",
                damage->places[i].offset, damage->places[i].size, damage->places[i].rule);
    if (damage->count > kept)
        fprintf(out, "  damaged in %s places more\n", COUNT(damage->count - kept));
    if (reader->lost_events)
        fprintf(out, "  %s recorded events are lost\n", COUNT(reader->lost_events));
    if (!damage->count && !reader->lost_events)
        fprintf(out, "  integrity: %s\n",
                verified ? "every block is sound and was decoded"
                         : "all checksums are right (--verify also decodes every block)");
    else
        fprintf(out, "  integrity: DAMAGED\n");
}

void output_info(FILE *out, const struct trace *trace, bool verified) {
    print_header(out, trace);
    print_process(out, &trace->defs);
    print_clock(out, trace);
    print_live(out, &trace->reader);
    print_profile(out, &trace->defs);
    print_capture(out, &trace->defs);
    print_scan(out, &trace->defs.scan);
    fprintf(out, "  %-12s %s sites, %s contexts, %s threads\n", "defines",
            COUNT(trace->defs.sites.count - 1), COUNT(trace->defs.contexts.count - 1),
            COUNT(trace->defs.threads.count));
    print_blocks(out, &trace->reader);
    print_threads(out, trace);
    print_marks(out, trace);
    print_integrity(out, trace, verified);
}
