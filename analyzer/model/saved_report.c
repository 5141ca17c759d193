#include "model/saved_report.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

bool saved_report_likely(const char *text, size_t size) {
    size_t at = 0;

    while (at < size && isspace((unsigned char)text[at]))
        at++;
    return at < size && text[at] == '{';
}

/* 0 for what is not there, or is no number. */
static uint64_t number(const json_t *object, const char *key) {
    json_int_t value = json_integer_value(json_object_get(object, key));

    return value > 0 ? (uint64_t)value : 0;
}

static double squared(const json_t *object, const char *key) {
    double error = json_number_value(json_object_get(object, key));

    return error * error;
}

/* Reports have standard errors, not the terms that they consist of. */
static void read_counters(struct counters *counters, const json_t *object) {
    json_t *sampled = json_object_get(object, "recorded_allocations");

    *counters = (struct counters){
        .allocations = number(object, "allocations"),
        .frees = number(object, "frees"),
        .allocated_bytes = number(object, "allocated_bytes"),
        .peak_bytes = number(object, "peak_bytes"),
        .peak_blocks = number(object, "peak_blocks"),
        .leaked_bytes = number(object, "leaked_bytes"),
        .leaked_blocks = number(object, "leaked_blocks"),
        .temporary = number(object, "temporary"),
        .scanned = json_is_integer(json_object_get(object, "reachable_bytes")),
        .reachable_bytes = number(object, "reachable_bytes"),
        .reachable_blocks = number(object, "reachable_blocks"),
        .unreachable_bytes = number(object, "unreachable_bytes"),
        .unreachable_blocks = number(object, "unreachable_blocks"),
        .indirect_bytes = number(object, "indirect_bytes"),
        .indirect_blocks = number(object, "indirect_blocks"),
        .kept_bytes = number(object, "kept_bytes"),
        .kept_blocks = number(object, "kept_blocks"),
        .sampled = sampled != NULL,
        .recorded = sampled ? number(object, "recorded_allocations") : 0,
        .variances =
            {
                .allocations = squared(object, "allocations_error"),
                .allocated_bytes = squared(object, "allocated_bytes_error"),
                .peak_bytes = squared(object, "peak_bytes_error"),
                .leaked_bytes = squared(object, "leaked_bytes_error"),
                .leaked_blocks = squared(object, "leaked_blocks_error"),
            },
    };
}

static const char *text_of(const json_t *object, const char *key, const char *missing) {
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : missing;
}

static void read_frames(struct frame_list *list, const json_t *array) {
    size_t count = json_array_size(array);

    list->count = 0;
    list->api = MT_API_UNKNOWN;
    for (size_t i = 0; i < count && i < MT_LISTED_FRAMES; i++) {
        const json_t *frame = json_array_get(array, i);
        const char *name = text_of(frame, "function", "");

        list->items[list->count++] = (struct listed_frame){
            .symbol = text_of(frame, "symbol", name),
            .name = name,
            .file = text_of(frame, "file", ""),
            .module = text_of(frame, "module", ""),
            .line = (uint32_t)number(frame, "line"),
            .foreign = json_object_get(frame, "offset") != NULL,
        };
    }
}

static bool read_row(struct diff_item *item, const json_t *row, struct frame_list *frames) {
    const char *hash = text_of(row, "hash", "");
    const json_t *array = json_object_get(row, "frames");
    char *end;

    *item = (struct diff_item){.key = strtoull(hash, &end, 16)};
    if (end == hash || *end || !json_is_array(array))
        return false;
    read_counters(&item->counters, row);
    read_frames(frames, array);
    item->similar = frame_list_hash(frames);
    return true;
}

static bool read_rows(struct diff_side *side, const json_t *rows,
                      const struct suppressions *suppressions, struct frame_list *frames,
                      struct error *error) {
    size_t count = json_array_size(rows);

    for (size_t i = 0; i < count; i++) {
        struct diff_item *item = MT_LIST_ADD(side->items);

        if (!item)
            return error_no_memory(error);
        if (!read_row(item, json_array_get(rows, i), frames))
            return error_set(error, "its context %zu has no hash or no frames", i + 1);
        suppressions_take(suppressions, frames, &side->totals, &item->counters);
    }
    return true;
}

static bool read_root(struct diff_side *side, const json_t *root,
                      const struct suppressions *suppressions, struct error *error) {
    const json_t *summary = json_object_get(root, "summary");
    const json_t *rows = json_object_get(root, "contexts");
    struct frame_list *frames;
    bool good;

    if (!json_is_object(summary) || !json_is_array(rows) ||
        !json_is_integer(json_object_get(summary, "allocations")))
        return error_set(error, "is no report: memtrack report --format json writes them");
    read_counters(&side->totals, summary);
    side->events = number(summary, "events");
    side->duration_ns = (double)number(summary, "duration_ns");
    side->complete = json_is_true(json_object_get(summary, "complete"));
    side->saved = true;
    frames = malloc(sizeof(*frames));
    good = frames ? read_rows(side, rows, suppressions, frames, error) : error_no_memory(error);
    free(frames);
    return good;
}

bool saved_report_read(struct diff_side *side, const char *text, size_t size,
                       const struct suppressions *suppressions, struct error *error) {
    json_error_t problem;
    json_t *root = json_loadb(text, size, 0, &problem);
    bool good;

    *side = (struct diff_side){0};
    if (!root)
        return error_set(error, "is no JSON: line %d: %.100s", problem.line, problem.text);
    good = read_root(side, root, suppressions, error);
    json_decref(root);
    if (!good)
        diff_side_free(side);
    return good;
}
