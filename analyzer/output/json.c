/* The report for programs; docs/report.schema.json is to describe it. Objects are written one by
 * one, so that memory does not grow with the number of contexts. */
#include "output/dump.h"
#include "output/names.h"
#include "output/output.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A chain deeper than this is recursion or a hostile trace; "frames_omitted" counts the rest. */
enum { MAX_FRAMES = 512 };

static json_t *number(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *real_number(double value) {
    return number(value <= 0 ? 0 : value >= 9e18 ? INT64_MAX : (uint64_t)(value + 0.5));
}

static json_t *string_of_size(const char *bytes, size_t size) {
    char *text = names_utf8(bytes, size);
    json_t *string = json_string(text ? text : "");

    free(text);
    return string;
}

static json_t *string(const char *text) {
    return string_of_size(text, strlen(text));
}

/* null for the unknown */
static json_t *string_or_null(const char *text) {
    return text[0] ? string(text) : json_null();
}

static json_t *hash_string(uint64_t hash) {
    char text[20];

    snprintf(text, sizeof(text), "%016" PRIx64, hash);
    return json_string(text);
}

/* Adds to an object or array and gives up the reference; NULL values are ignored by jansson. */
#define SET(object, key, value) json_object_set_new(object, key, value)

static json_t *frame_object(const struct site *site, uint32_t index) {
    const struct frame *frame = &site->frames[index];
    json_t *object = json_object();
    char *name = names_demangle(frame->function);

    SET(object, "function", string(name ? name : frame->function));
    if (name && strcmp(name, frame->function) != 0)
        SET(object, "symbol", string(frame->function));
    free(name);
    SET(object, "file", string_or_null(frame->file));
    SET(object, "line", frame->line ? json_integer(frame->line) : json_null());
    SET(object, "column", frame->column ? json_integer(frame->column) : json_null());
    SET(object, "module", string_or_null(site->module));
    SET(object, "inlined", json_boolean(index + 1 < site->frame_count));
    SET(object, "wrapper", json_boolean(chains_foldable(frame)));
    SET(object, "type", string_or_null(site->type));
    return object;
}

/* The frames of a context's chain, innermost first; sets how many are left out. */
static json_t *frames_array(const struct trace *trace, uint32_t context, uint64_t *omitted) {
    const struct context *contexts = trace->defs.contexts.items;
    json_t *array = json_array();

    *omitted = 0;
    for (;;) {
        const struct site *site = defs_site(&trace->defs, context);

        for (uint32_t i = 0; i < site->frame_count; i++) {
            if (json_array_size(array) < MAX_FRAMES)
                json_array_append_new(array, frame_object(site, i));
            else
                ++*omitted;
        }
        context = contexts[context].parent;
        if (context == 0 || json_array_size(array) >= MAX_FRAMES)
            break;
    }
    if (context)
        *omitted += contexts[context].depth;
    return array;
}

static void set_frames(json_t *object, const struct trace *trace, uint32_t context) {
    uint64_t omitted;

    SET(object, "frames", frames_array(trace, context, &omitted));
    if (omitted)
        SET(object, "frames_omitted", number(omitted));
}

static void set_counters(json_t *object, const struct counters *counters) {
    SET(object, "allocations", number(counters->allocations));
    SET(object, "frees", number(counters->frees));
    SET(object, "allocated_bytes", number(counters->allocated_bytes));
    SET(object, "peak_bytes", number(counters->peak_bytes));
    SET(object, "leaked_bytes", number(counters->leaked_bytes));
    SET(object, "leaked_blocks", number(counters->leaked_blocks));
    SET(object, "temporary", number(counters->temporary));
}

static json_t *losses_object(const struct report_totals *totals) {
    static const char *const keys[MT_LOSS_REASONS] = {
        [0] = "unknown",
        [MT_LOSS_BUFFERS_FULL] = "buffers_full",
        [MT_LOSS_TRACE_LIMIT] = "trace_limit",
        [MT_LOSS_WRITE_ERROR] = "write_error",
        [MT_LOSS_SIGNAL] = "signal_handlers",
    };
    json_t *object = json_object();

    for (int i = 0; i < MT_LOSS_REASONS; i++)
        SET(object, keys[i], number(totals->losses[i]));
    return object;
}

static json_t *summary_object(const struct report *report) {
    const struct report_totals *totals = &report->totals;
    bool has_time = !totals->rate_unknown;
    json_t *object = json_object();

    SET(object, "threads", number(totals->threads));
    set_counters(object, &totals->counters);
    SET(object, "peak_blocks", number(totals->counters.peak_blocks));
    SET(object, "temporary_bytes", number(totals->counters.temporary_bytes));
    SET(object, "cut_contexts", number(totals->cut_contexts));
    SET(object, "peak_ns",
        has_time && report->traces.count == 1 ? real_number(totals->peak_ns) : json_null());
    SET(object, "unreachable_bytes", json_null());
    SET(object, "unreachable_blocks", json_null());
    SET(object, "duration_ns", has_time ? real_number(totals->duration_ns) : json_null());
    SET(object, "events", number(totals->events));
    SET(object, "unmatched_frees", number(totals->unmatched_frees));
    SET(object, "missed_frees", number(totals->missed_frees));
    SET(object, "mismatched_frees", number(totals->mismatched_frees));
    SET(object, "dropped_events", number(totals->dropped_events));
    SET(object, "dropped", losses_object(totals));
    SET(object, "lost_events", number(totals->lost_events));
    SET(object, "damaged_bytes", number(totals->damaged_bytes));
    SET(object, "sites", number(totals->sites));
    SET(object, "sites_without_debug_info", number(totals->sites_without_debug_info));
    SET(object, "traces", number(report->traces.count));
    SET(object, "estimated", json_false());
    SET(object, "complete", json_boolean(report_complete(report)));
    return object;
}

static json_t *command_array(const struct process_def *process) {
    json_t *array = json_array();
    size_t at = 0;

    while (at < process->command_size) {
        size_t size = strnlen(process->command + at, process->command_size - at);

        json_array_append_new(array, string_of_size(process->command + at, size));
        at += size + 1;
    }
    return array;
}

static json_t *process_object(const struct trace *trace) {
    const struct process_def *process = &trace->defs.process;
    const struct mt_file_header *header = &trace->reader.header;
    json_t *object = json_object();

    SET(object, "trace", string(trace->path));
    SET(object, "trace_id", hash_string(header->trace_id));
    SET(object, "parent_trace_id",
        header->parent_trace_id ? hash_string(header->parent_trace_id) : json_null());
    SET(object, "pid", json_integer(header->pid));
    SET(object, "parent_pid", json_integer(header->parent_pid));
    SET(object, "start_realtime_ns", number(header->start_realtime_ns));
    SET(object, "executable", string_or_null(process->executable));
    SET(object, "command", command_array(process));
    SET(object, "cwd", string_or_null(process->cwd));
    SET(object, "host", string_or_null(process->host));
    SET(object, "options", string_or_null(process->options));
    SET(object, "version", string_or_null(process->version));
    SET(object, "arch", string_or_null(process->arch));
    return object;
}

/* The site at which the rows of a group meet says their name. */
static json_t *group_name(const struct report_row *row, enum report_by by, bool fold) {
    struct chain_place place = chains_first(row->chains, row->context, fold);
    const struct frame *frame = chain_frame(&place);
    char *name;
    json_t *result;

    if (by == REPORT_BY_FILE)
        return string_or_null(frame->file);
    if (by == REPORT_BY_TYPE)
        return string_or_null(report_type(row, fold));
    name = names_demangle(frame->function);
    result = string(name ? name : frame->function);
    free(name);
    return result;
}

static json_t *row_object(const struct report_row *row, enum report_by by, bool fold) {
    const struct trace *trace = row->chains->trace;
    json_t *object = json_object();

    if (by == REPORT_BY_CONTEXT) {
        SET(object, "id", number(trace->defs.contexts.items[row->context].id));
        SET(object, "hash", hash_string(row->key));
        set_frames(object, trace, row->context);
        SET(object, "folded", number(chains_folded(row->chains, row->context, fold)));
    } else {
        SET(object, "name", group_name(row, by, fold));
        if (by == REPORT_BY_SITE)
            SET(object, "hash", hash_string(row->key));
    }
    set_counters(object, &row->counters);
    SET(object, "peak_blocks", number(row->counters.peak_blocks));
    SET(object, "temporary_bytes", number(row->counters.temporary_bytes));
    SET(object, "lifetime_ns", real_number(row->counters.lifetime_ns));
    return object;
}

static json_t *thread_object(const struct report_thread *thread) {
    json_t *object = json_object();

    SET(object, "id", json_integer(thread->id));
    SET(object, "tid", thread->def ? number(thread->def->tid) : json_null());
    SET(object, "name", thread->def ? string(thread->def->name) : json_null());
    SET(object, "pid", json_integer(thread->trace->reader.header.pid));
    set_counters(object, &thread->counters);
    SET(object, "freed_by_others", number(thread->freed_by_others));
    return object;
}

static json_t *mismatch_object(const struct report_mismatch *mismatch) {
    json_t *object = json_object();
    json_t *allocated = json_object();
    json_t *freed = json_object();

    set_frames(allocated, mismatch->chains->trace, mismatch->allocated_at);
    set_frames(freed, mismatch->chains->trace, mismatch->freed_at);
    SET(object, "kind", json_string("mismatched_free"));
    SET(object, "count", number(mismatch->count));
    SET(object, "allocated_at", allocated);
    SET(object, "freed_at", freed);
    return object;
}

static void write_value(FILE *out, json_t *value) {
    if (value)
        json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY);
    else
        fputs("null", out);
    json_decref(value);
}

static void write_member(FILE *out, const char *key, json_t *value) {
    fprintf(out, "\"%s\": ", key);
    write_value(out, value);
    fputs(",\n", out);
}

static void write_item(FILE *out, size_t index, json_t *value) {
    fputs(index ? ",\n  " : "\n  ", out);
    write_value(out, value);
}

static void write_rows(FILE *out, const char *key, const struct report_rows *rows,
                       enum report_by by, bool fold) {
    fprintf(out, "\"%s\": [", key);
    for (size_t i = 0; i < rows->count; i++)
        write_item(out, i, row_object(&rows->items[i], by, fold));
    fputs("],\n", out);
}

static bool write_report(FILE *out, struct report *report, const struct report_options *options,
                         struct error *error) {
    bool grouped = options->by != REPORT_BY_CONTEXT && options->by != REPORT_BY_THREAD;
    bool fold = !options->no_fold;
    struct report_rows groups;

    if (grouped && !report_group(report, options->by, fold, &groups, error))
        return false;
    fputs("{", out);
    write_member(out, "summary", summary_object(report));
    write_member(out, "process", process_object(report->traces.items[0]->trace));
    if (report->traces.count > 1) {
        fputs("\"processes\": [", out);
        for (size_t i = 0; i < report->traces.count; i++)
            write_item(out, i, process_object(report->traces.items[i]->trace));
        fputs("],\n", out);
    }
    report_sort(&report->contexts, options->order);
    write_rows(out, "contexts", &report->contexts, REPORT_BY_CONTEXT, fold);
    if (grouped) {
        report_sort(&groups, options->order);
        write_rows(out, "groups", &groups, options->by, fold);
        report_rows_free(&groups);
    }
    fputs("\"threads\": [", out);
    for (size_t i = 0; i < report->threads.count; i++)
        write_item(out, i, thread_object(&report->threads.items[i]));
    fputs("],\n\"errors\": [", out);
    for (size_t i = 0; i < report->mismatches.count; i++)
        write_item(out, i, mismatch_object(&report->mismatches.items[i]));
    fputs("]}\n", out);
    return true;
}

const struct output_ops output_json = {"json", write_report, dump_event_json};
