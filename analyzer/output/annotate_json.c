#include "output/annotate.h"
#include "output/json_parts.h"
#include "output/json_report.h"

#include <stdlib.h>

static json_t *counters_object(const struct counters *counters) {
    json_t *object = json_object();

    json_set_all_counters(object, counters);
    return object;
}

static void set_costs(json_t *object, const struct annotated_line *line) {
    JSON_SET(object, "self", counters_object(&line->self));
    JSON_SET(object, "total", counters_object(&line->total));
}

static json_t *file_object(const struct annotated_line *file) {
    json_t *object = json_object();

    JSON_SET(object, "file", json_text(file->file));
    set_costs(object, file);
    return object;
}

static json_t *line_object(const struct annotated_line *line, const struct source *source) {
    enum { MAX_COLUMNS = 1000 };
    json_t *object = json_object();
    char *text = source_line(source, line->line, MAX_COLUMNS);

    JSON_SET(object, "line", json_integer(line->line));
    if (text)
        JSON_SET(object, "text", json_string(text));
    free(text);
    set_costs(object, line);
    return object;
}

bool annotate_write_files(FILE *out, const struct annotate_view *view, struct error *error) {
    size_t count;
    size_t *files = annotate_sort_files(view, &count);

    if (!files)
        return error_no_memory(error);
    json_write_head(out, view->report);
    fputs("\"files\": [", out);
    for (size_t i = 0; i < count; i++)
        json_write_item(out, i, file_object(&view->annotation->lines.items[files[i]]));
    fputs("]}\n", out);
    free(files);
    return true;
}

bool annotate_write(FILE *out, const struct annotate_view *view, struct error *error) {
    const struct annotated_line *file = &view->annotation->lines.items[view->whole];
    const struct source *source = view->source;
    size_t first, count = annotation_lines(view->annotation, view->whole, &first);
    size_t written = 0;

    (void)error;
    json_write_head(out, view->report);
    fputs("\"annotate\": {", out);
    json_write_member(out, "file", json_text(file->file));
    json_write_member(out, "source", source->path ? json_text(source->path) : json_null());
    json_write_member(out, "newer", json_boolean(view->newer));
    json_write_member(out, "self", counters_object(&file->self));
    json_write_member(out, "total", counters_object(&file->total));
    fputs("\"lines\": [", out);
    for (size_t i = first; i < first + count; i++) {
        const struct annotated_line *line = &view->annotation->lines.items[i];

        if (line->total.allocations &&
            !report_too_small(&line->total, view->options.order, view->options.min_bytes))
            json_write_item(out, written++, line_object(line, source));
    }
    fputs("]}}\n", out);
    return true;
}
