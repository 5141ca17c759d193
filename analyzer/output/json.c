/* The report for programs, as docs/report.schema.json describes it. Objects are written one by
 * one, so that memory does not grow with the number of contexts. */
#include "output/dump.h"
#include "output/errors.h"
#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/output.h"
#include "output/scope.h"
#include "output/tree.h"
#include "util/names.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A chain deeper than this is recursion or a hostile trace; "frames_omitted" counts the rest. */
enum { MAX_FRAMES = 512 };

static json_t *address_text(uint64_t address) {
    char text[20];

    snprintf(text, sizeof(text), "0x%" PRIx64, address);
    return json_string(text);
}

static json_t *frame_object(const struct site *site, uint32_t index) {
    const struct chain_place place = {site, index};
    const struct frame *frame = chain_frame(&place);
    json_t *object = json_object();
    char *name = names_demangle(frame->function);

    JSON_SET(object, "function", json_text(name ? name : frame->function));
    if (name && strcmp(name, frame->function) != 0)
        JSON_SET(object, "symbol", json_text(frame->function));
    free(name);
    JSON_SET(object, "file", json_text_or_null(frame->file));
    JSON_SET(object, "line", frame->line ? json_integer(frame->line) : json_null());
    JSON_SET(object, "column", frame->column ? json_integer(frame->column) : json_null());
    JSON_SET(object, "module", json_text_or_null(site->module));
    if (site->flags & MT_SITE_FOREIGN)
        JSON_SET(object, "offset", address_text(site->offset));
    JSON_SET(object, "inlined", json_boolean(chain_inlined(&place)));
    JSON_SET(object, "wrapper", json_boolean(chains_foldable(frame)));
    JSON_SET(object, "type", json_text_or_null(site->type));
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

void json_set_frames(json_t *object, const struct trace *trace, uint32_t context) {
    uint64_t omitted;

    JSON_SET(object, "frames", frames_array(trace, context, &omitted));
    if (omitted)
        JSON_SET(object, "frames_omitted", json_number_of(omitted));
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
        JSON_SET(object, keys[i], json_number_of(totals->losses[i]));
    return object;
}

static json_t *summary_object(const struct report *report) {
    const struct report_totals *totals = &report->totals;
    bool has_time = !totals->rate_unknown;
    json_t *object = json_object();

    JSON_SET(object, "threads", json_number_of(totals->threads));
    if (report->pool)
        JSON_SET(object, "pool", json_text(report->pool));
    json_set_all_counters(object, &totals->counters);
    json_set_reach(object, &totals->counters);
    JSON_SET(object, "cut_contexts", json_number_of(totals->cut_contexts));
    JSON_SET(object, "peak_ns",
             has_time && report->traces.count == 1 ? json_rounded(totals->peak_ns) : json_null());
    if (report->at.kind != MOMENT_PEAK)
        JSON_SET(object, "at", json_text(report->at.text));
    JSON_SET(object, "duration_ns", has_time ? json_rounded(totals->duration_ns) : json_null());
    JSON_SET(object, "events", json_number_of(totals->events));
    JSON_SET(object, "pool_events", json_number_of(totals->pool_events));
    JSON_SET(object, "unmatched_frees", json_number_of(totals->unmatched_frees));
    JSON_SET(object, "missed_frees", json_number_of(totals->missed_frees));
    JSON_SET(object, "inherited_frees",
             json_number_of(totals->inherited_frees + totals->orphan_frees));
    JSON_SET(object, "double_frees", json_number_of(totals->errors[MEMORY_DOUBLE_FREE]));
    JSON_SET(object, "invalid_frees", json_number_of(totals->errors[MEMORY_INVALID_FREE]));
    JSON_SET(object, "mismatched_frees", json_number_of(totals->errors[MEMORY_MISMATCHED_FREE]));
    JSON_SET(object, "dropped_events", json_number_of(totals->dropped_events));
    JSON_SET(object, "dropped", losses_object(totals));
    JSON_SET(object, "lost_events", json_number_of(totals->lost_events));
    JSON_SET(object, "damaged_bytes", json_number_of(totals->damaged_bytes));
    JSON_SET(object, "sites", json_number_of(totals->sites));
    JSON_SET(object, "sites_without_debug_info", json_number_of(totals->sites_without_debug_info));
    JSON_SET(object, "traces", json_number_of(report->traces.count));
    JSON_SET(object, "tag", report->scope.tag ? json_text(report->scope.tag) : json_null());
    if (!scope_is_all(&report->scope))
        JSON_SET(object, "scope", scope_object(&report->scope));
    JSON_SET(object, "profile", json_boolean(totals->profiles > 0));
    JSON_SET(object, "unassigned_frees", json_number_of(totals->unassigned_frees));
    JSON_SET(object, "untracked_blocks", json_number_of(totals->untracked_blocks));
    JSON_SET(object, "untracked_bytes", json_number_of(totals->untracked_bytes));
    JSON_SET(object, "estimated", json_boolean(totals->sampled > 0));
    JSON_SET(object, "complete", json_boolean(report_complete(report)));
    return object;
}

static json_t *command_array(const struct process_def *process) {
    json_t *array = json_array();
    size_t at = 0;

    while (at < process->command_size) {
        size_t size = strnlen(process->command + at, process->command_size - at);

        json_array_append_new(array, json_text_of_size(process->command + at, size));
        at += size + 1;
    }
    return array;
}

static json_t *process_object(const struct trace *trace) {
    const struct process_def *process = &trace->defs.process;
    const struct mt_file_header *header = &trace->reader.header;
    json_t *object = json_object();

    JSON_SET(object, "trace", json_text(trace->path));
    JSON_SET(object, "trace_id", json_hash(header->trace_id));
    JSON_SET(object, "parent_trace_id",
             header->parent_trace_id ? json_hash(header->parent_trace_id) : json_null());
    JSON_SET(object, "pid", json_integer(header->pid));
    JSON_SET(object, "parent_pid", json_integer(header->parent_pid));
    JSON_SET(object, "start_realtime_ns", json_number_of(header->start_realtime_ns));
    JSON_SET(object, "executable", json_text_or_null(process->executable));
    JSON_SET(object, "command", command_array(process));
    JSON_SET(object, "cwd", json_text_or_null(process->cwd));
    JSON_SET(object, "host", json_text_or_null(process->host));
    JSON_SET(object, "options", json_text_or_null(process->options));
    JSON_SET(object, "version", json_text_or_null(process->version));
    JSON_SET(object, "arch", json_text_or_null(process->arch));
    JSON_SET(object, "capture", json_text_or_null(process->capture));
    if (trace_sampled(trace))
        JSON_SET(object, "sample", json_text(process->sample));
    JSON_SET(object, "parent_trace", json_text_or_null(process->parent_trace));
    return object;
}

/* The site at which the rows of a group meet says their name. */
static json_t *group_name(const struct report_row *row, enum report_by by, bool fold) {
    struct chain_place place = chains_first(row->chains, row->context, fold);
    const struct frame *frame = chain_frame(&place);
    char *name;
    json_t *result;

    if (by == REPORT_BY_FILE)
        return json_text_or_null(frame->file);
    if (by == REPORT_BY_TYPE)
        return json_text_or_null(report_type(row, fold));
    name = names_demangle(frame->function);
    result = json_text(name ? name : frame->function);
    free(name);
    return result;
}

json_t *json_row(const struct report_row *row, enum report_by by, bool fold) {
    const struct trace *trace = row->chains->trace;
    json_t *object = json_object();

    if (by == REPORT_BY_CONTEXT) {
        JSON_SET(object, "id", json_number_of(trace->defs.contexts.items[row->context].id));
        JSON_SET(object, "hash", json_hash(row->key));
        json_set_frames(object, trace, row->context);
        JSON_SET(object, "folded", json_number_of(chains_folded(row->chains, row->context, fold)));
    } else {
        JSON_SET(object, "name", group_name(row, by, fold));
        if (by == REPORT_BY_SITE)
            JSON_SET(object, "hash", json_hash(row->key));
    }
    json_set_all_counters(object, &row->counters);
    json_set_reach(object, &row->counters);
    JSON_SET(object, "lifetime_ns", json_rounded(row->counters.lifetime_ns));
    return object;
}

void json_set_thread(json_t *object, const struct trace *trace, uint32_t id) {
    const struct thread_def *def = defs_thread(&trace->defs, id);

    JSON_SET(object, "id", json_integer(id));
    JSON_SET(object, "tid", def ? json_number_of(def->tid) : json_null());
    JSON_SET(object, "name", def ? json_text(def->name) : json_null());
    JSON_SET(object, "pid", json_integer(trace->reader.header.pid));
}

static json_t *thread_object(const struct report_thread *thread) {
    json_t *object = json_object();

    json_set_thread(object, thread->trace, thread->id);
    json_set_counters(object, &thread->counters);
    JSON_SET(object, "freed_by_others", json_number_of(thread->freed_by_others));
    return object;
}

/* null for a place that is not known or does not exist */
static json_t *place_object(const struct report_place *place) {
    json_t *object;

    if (!place->chains)
        return json_null();
    object = json_object();
    json_set_frames(object, place->chains->trace, place->context);
    JSON_SET(object, "pid", json_integer(place->chains->trace->reader.header.pid));
    return object;
}

static json_t *error_object(const struct report_error *error) {
    static const char *const kinds[MEMORY_ERROR_KINDS] = {"double_free", "invalid_free",
                                                          "mismatched_free"};
    const struct memory_error *what = &error->what;
    const struct trace *trace = what->freed_at.trace;
    json_t *object = json_object();

    JSON_SET(object, "kind", json_string(kinds[what->kind]));
    JSON_SET(object, "count", json_number_of(what->count));
    JSON_SET(object, "address", address_text(what->address));
    JSON_SET(object, "offset",
             what->block ? json_number_of(what->address - what->block) : json_null());
    JSON_SET(object, "size", error->allocated_at.chains ? json_number_of(what->size) : json_null());
    JSON_SET(object, "time_ns",
             trace->defs.rate_known ? json_rounded(trace_ns(trace, what->ticks)) : json_null());
    JSON_SET(object, "thread", json_integer(error->thread));
    if (what->kind == MEMORY_MISMATCHED_FREE) {
        JSON_SET(object, "allocated_with",
                 json_string(errors_allocator(errors_api(&error->allocated_at))));
        JSON_SET(object, "freed_with",
                 json_string(errors_deallocator(errors_api(&error->freed_at))));
    }
    JSON_SET(object, "allocated_at", place_object(&error->allocated_at));
    JSON_SET(object, "freed_at", place_object(&error->freed_at));
    JSON_SET(object, "first_freed_at", place_object(&error->first_freed_at));
    return object;
}

void json_write_member(FILE *out, const char *key, json_t *value) {
    fprintf(out, "\"%s\": ", key);
    json_write(out, value);
    fputs(",\n", out);
}

void json_write_item(FILE *out, size_t index, json_t *value) {
    fputs(index ? ",\n  " : "\n  ", out);
    json_write(out, value);
}

static json_t *phase_object(const struct trace *trace, const struct mark *mark) {
    json_t *object = json_object();

    JSON_SET(object, "name", json_text(mark->name));
    JSON_SET(object, "time_ns",
             trace->defs.rate_known ? json_rounded(trace_ns(trace, mark->ticks)) : json_null());
    JSON_SET(object, "thread", json_integer(mark->thread));
    JSON_SET(object, "pid", json_integer(trace->reader.header.pid));
    return object;
}

static void write_phases(FILE *out, const struct report *report) {
    bool first = true;

    fputs("\"phases\": [", out);
    for (size_t i = 0; i < report->traces.count; i++) {
        const struct trace *trace = report->traces.items[i]->trace;

        for (size_t k = 0; k < trace->defs.marks.count; k++) {
            const struct mark *mark = &trace->defs.marks.items[k];

            if (mark->kind != MT_MARK_PHASE)
                continue;
            json_write_item(out, !first, phase_object(trace, mark));
            first = false;
        }
    }
    fputs("],\n", out);
}

static json_t *point_object(const struct trace *trace, const struct profile_point *point) {
    json_t *object = json_object();

    JSON_SET(object, "time_ns",
             trace->defs.rate_known ? json_rounded(trace_ns(trace, point->ticks)) : json_null());
    JSON_SET(object, "live_bytes", json_number_of(point->live));
    JSON_SET(object, "live_blocks", json_number_of(point->live_blocks));
    JSON_SET(object, "allocations", json_number_of(point->allocations));
    JSON_SET(object, "pid", json_integer(trace->reader.header.pid));
    return object;
}

/* The course in time that profiles keep. */
static void write_timeline(FILE *out, const struct report *report) {
    bool first = true;

    if (!report->totals.profiles)
        return;
    fputs("\"timeline\": [", out);
    for (size_t i = 0; i < report->traces.count; i++) {
        const struct trace *trace = report->traces.items[i]->trace;

        for (size_t k = 0; k < trace->defs.profile.points.count; k++) {
            json_write_item(out, !first, point_object(trace, &trace->defs.profile.points.items[k]));
            first = false;
        }
    }
    fputs("],\n", out);
}

static void write_rows(FILE *out, const char *key, const struct report_rows *rows,
                       enum report_by by, const struct report_options *options) {
    size_t written = 0;

    fprintf(out, "\"%s\": [", key);
    for (size_t i = 0; i < rows->count; i++) {
        const struct report_row *row = &rows->items[i];

        if (!report_too_small(&row->counters, options->order, options->min_bytes))
            json_write_item(out, written++, json_row(row, by, !options->no_fold));
    }
    fputs("],\n", out);
}

static bool write_lists(FILE *out, struct report *report, const struct report_options *options,
                        struct error *error) {
    bool grouped = options->by != REPORT_BY_CONTEXT && options->by != REPORT_BY_THREAD;
    bool fold = !options->no_fold;
    struct report_rows groups;

    report_sort(&report->contexts, options->order);
    write_rows(out, "contexts", &report->contexts, REPORT_BY_CONTEXT, options);
    if (!grouped)
        return true;
    if (!report_group(report, options->by, fold, &groups, error))
        return false;
    report_sort(&groups, options->order);
    write_rows(out, "groups", &groups, options->by, options);
    report_rows_free(&groups);
    return true;
}

static bool write_tree(FILE *out, const struct report *report, const struct report_options *options,
                       struct error *error) {
    bool bottom_up = options->view == REPORT_VIEW_BOTTOM_UP;

    json_write_member(out, "view", json_string(bottom_up ? "bottom-up" : "top-down"));
    json_write_member(out, "by", json_string(options->by == REPORT_BY_SITE ? "site" : "function"));
    fputs("\"tree\": ", out);
    if (!tree_write_json(out, report, options, bottom_up, error))
        return false;
    fputs(",\n", out);
    return true;
}

void json_write_schema(FILE *out) {
    json_write_member(out, "schema", json_string("memtrack-report/1"));
}

void json_write_head(FILE *out, const struct report *report) {
    fputs("{", out);
    json_write_schema(out);
    json_write_member(out, "summary", summary_object(report));
    json_write_member(out, "process", process_object(report->traces.items[0]->trace));
    if (report->traces.count > 1) {
        fputs("\"processes\": [", out);
        for (size_t i = 0; i < report->traces.count; i++)
            json_write_item(out, i, process_object(report->traces.items[i]->trace));
        fputs("],\n", out);
    }
}

/* The last member. */
static void write_errors(FILE *out, struct report *report) {
    report_sort_errors(report);
    fputs("\"errors\": [", out);
    for (size_t i = 0; i < report->errors.count; i++)
        json_write_item(out, i, error_object(&report->errors.items[i]));
    fputs("]}\n", out);
}

static bool write_report(FILE *out, struct report *report, const struct report_options *options,
                         struct error *error) {
    bool tree = options->view == REPORT_VIEW_TOP_DOWN || options->view == REPORT_VIEW_BOTTOM_UP;

    json_write_head(out, report);
    if (!(tree ? write_tree(out, report, options, error)
               : write_lists(out, report, options, error)))
        return false;
    write_phases(out, report);
    write_timeline(out, report);
    fputs("\"threads\": [", out);
    for (size_t i = 0; i < report->threads.count; i++)
        json_write_item(out, i, thread_object(&report->threads.items[i]));
    fputs("],\n", out);
    write_errors(out, report);
    return true;
}

static bool write_errors_alone(FILE *out, struct report *report,
                               const struct report_options *options, struct error *error) {
    (void)options;
    (void)error;
    json_write_head(out, report);
    write_errors(out, report);
    return true;
}

const struct output_ops output_json = {"json", write_report, write_errors_alone, dump_event_json};
