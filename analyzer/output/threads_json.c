/* memtrack threads for programs. */
#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/threads.h"

static void set_sum(json_t *object, const char *blocks, const char *bytes,
                    const struct thread_sum *sum) {
    JSON_SET(object, blocks, json_rounded(sum->blocks));
    JSON_SET(object, bytes, json_rounded(sum->bytes));
}

/* By name: whose they are says the name, and the number is that of the threads. */
static void set_group(json_t *object, const struct threads_view *view,
                      const struct thread_matrix *matrix, const struct thread_group *group) {
    const struct trace *trace = matrix->trace;

    if (!view->by_name) {
        json_set_thread(object, trace, trace->reader.streams[group->stream].thread);
        return;
    }
    JSON_SET(object, "name", json_text(thread_matrix_name(matrix, group)));
    JSON_SET(object, "threads", json_integer(group->threads));
    JSON_SET(object, "pid", json_integer(trace->reader.header.pid));
}

static json_t *rate(double figure, double ns) {
    return ns > 0 ? json_rounded(figure / ns * 1e9) : json_null();
}

static json_t *row_object(const struct threads_view *view, const struct threads_row *row) {
    const struct thread_group *group = threads_group(row);
    const struct trace *trace = row->matrix->trace;
    const struct thread_sum frees = {group->freed_by_itself.blocks + group->freed_for_others.blocks,
                                     0};
    json_t *object = json_object();

    set_group(object, view, row->matrix, group);
    set_sum(object, "allocations", "allocated_bytes", &group->allocated);
    JSON_SET(object, "frees", json_rounded(frees.blocks));
    JSON_SET(object, "peak_bytes", json_rounded(group->peak));
    JSON_SET(object, "peak_ns",
             trace->defs.rate_known && group->peak > 0
                 ? json_rounded(trace_ns(trace, group->peak_ticks))
                 : json_null());
    set_sum(object, "leaked_blocks", "leaked_bytes", &group->live);
    set_sum(object, "freed_by_itself", "freed_by_itself_bytes", &group->freed_by_itself);
    set_sum(object, "freed_by_others", "freed_by_others_bytes", &group->freed_by_others);
    set_sum(object, "freed_for_others", "freed_for_others_bytes", &group->freed_for_others);
    JSON_SET(object, "ran_ns", row->ran_ns > 0 ? json_rounded(row->ran_ns) : json_null());
    JSON_SET(object, "allocations_per_second", rate(group->allocated.blocks, row->ran_ns));
    JSON_SET(object, "allocated_bytes_per_second", rate(group->allocated.bytes, row->ran_ns));
    return object;
}

static json_t *end_of_pair(const struct threads_view *view, const struct thread_matrix *matrix,
                           uint32_t group) {
    const struct thread_group *which = &matrix->groups[group];

    return view->by_name ? json_text(thread_matrix_name(matrix, which))
                         : json_integer(matrix->trace->reader.streams[which->stream].thread);
}

static json_t *pair_object(const struct threads_view *view, const struct threads_pair *pair) {
    json_t *object = json_object();

    JSON_SET(object, "allocated_by", end_of_pair(view, pair->matrix, pair->pair->owner));
    JSON_SET(object, "freed_by", end_of_pair(view, pair->matrix, pair->pair->freer));
    JSON_SET(object, "pid", json_integer(pair->matrix->trace->reader.header.pid));
    set_sum(object, "blocks", "bytes", &pair->pair->freed);
    return object;
}

void threads_write_json(FILE *out, const struct report *report, const struct threads_view *view) {
    json_t *beyond = json_object();

    json_write_head(out, report);
    json_write_member(out, "by", json_string(view->by_name ? "name" : "thread"));
    fputs("\"threads\": [", out);
    for (size_t i = 0; i < view->rows.count; i++)
        json_write_item(out, i, row_object(view, &view->rows.items[i]));
    fputs("],\n\"thread_pairs\": [", out);
    for (size_t i = 0; i < view->pairs.count; i++)
        json_write_item(out, i, pair_object(view, &view->pairs.items[i]));
    fputs("],\n\"thread_pairs_beyond\": ", out);
    set_sum(beyond, "blocks", "bytes", &view->beyond);
    json_write(out, beyond);
    fputs("}\n", out);
}
