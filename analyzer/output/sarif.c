/* SARIF 2.1.0, as GitHub and others read it: a result for each place that violates a rule. */
#include "output/check.h"
#include "output/json_parts.h"
#include "util/names.h"
#include "util/path.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"
#define ROOT_ID "SRCROOT"

/* "message": {"text": ...} */
static json_t *message(const char *text) {
    json_t *object = json_object();

    JSON_SET(object, "text", json_text(text));
    return object;
}

/* With what is no character of a path in a URI as %XX; to be freed. */
static char *uri_path(const char *prefix, const char *path) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~/!$&'()*+,=@";
    size_t start = strlen(prefix);
    char *uri = malloc(start + 3 * strlen(path) + 1);
    char *out = uri;

    if (!uri)
        return NULL;
    memcpy(uri, prefix, start);
    for (out += start; *path; path++) {
        if (strchr(plain, *path))
            *out++ = *path;
        else
            out += sprintf(out, "%%%02X", (unsigned char)*path);
    }
    *out = '\0';
    return uri;
}

/* Below the root, a relative reference to it. */
static json_t *artifact_location(const struct check_view *view, const char *file) {
    const char *root = view->source_root ? view->source_root : "";
    size_t size = strlen(root);
    bool below = size && strncmp(file, root, size) == 0 && file[size] == '/';
    bool relative = below || file[0] != '/';
    json_t *object = json_object();
    char *uri;

    if (below)
        file += size + 1;
    while (relative && strncmp(file, "./", 2) == 0)
        file += 2;
    uri = uri_path(relative ? "" : "file://", file);
    JSON_SET(object, "uri", json_string(uri ? uri : ""));
    if (relative)
        JSON_SET(object, "uriBaseId", json_string(ROOT_ID));
    free(uri);
    return object;
}

/* NULL if the file is not known. */
static json_t *location_of(const struct check_view *view, const struct chain_place *place) {
    const struct frame *frame = chain_frame(place);
    json_t *physical, *region, *object;

    if (!frame->file[0])
        return NULL;
    object = json_object();
    physical = json_object();
    JSON_SET(physical, "artifactLocation", artifact_location(view, frame->file));
    if (frame->line) {
        region = json_object();
        JSON_SET(region, "startLine", json_integer(frame->line));
        if (frame->column)
            JSON_SET(region, "startColumn", json_integer(frame->column));
        JSON_SET(physical, "region", region);
    }
    JSON_SET(object, "physicalLocation", physical);
    return object;
}

static json_t *frame_object(const struct check_view *view, const struct chain_place *place) {
    json_t *object = json_object();
    json_t *location = location_of(view, place);
    const char *module = place->site->module;
    char *name = names_demangle(chain_frame(place)->function);

    if (!location)
        location = json_object();
    JSON_SET(location, "message", message(name ? name : chain_frame(place)->function));
    free(name);
    JSON_SET(object, "location", location);
    if (module[0])
        JSON_SET(object, "module", json_text(path_base_name(module)));
    return object;
}

static json_t *stack_object(const struct check_view *view, const struct report_place *at) {
    const struct defs *defs = &at->chains->trace->defs;
    json_t *frames = json_array();
    json_t *object = json_object();
    uint32_t context = at->context;

    do {
        const struct site *site = defs_site(defs, context);

        for (uint32_t i = 0; i < site->frame_count; i++)
            json_array_append_new(frames, frame_object(view, &(struct chain_place){site, i}));
        context = defs->contexts.items[context].parent;
    } while (context && json_array_size(frames) < MT_LISTED_FRAMES);
    JSON_SET(object, "frames", frames);
    return object;
}

/* The first frame that is not folded and has a file. */
static json_t *locations_array(const struct check_view *view, const struct report_place *at) {
    const struct defs *defs = &at->chains->trace->defs;
    struct chain_place place = chains_first(at->chains, at->context, true);
    uint32_t context = at->context;
    json_t *array = json_array();
    json_t *location = location_of(view, &place);

    while (!location && context) {
        const struct site *site = defs_site(defs, context);

        for (uint32_t i = 0; !location && i < site->frame_count; i++)
            location = location_of(view, &(struct chain_place){site, i});
        context = defs->contexts.items[context].parent;
    }
    if (location)
        json_array_append_new(array, location);
    return array;
}

static json_t *result_object(const struct check_view *view, const struct check_result *result,
                             size_t index, const char *text, const struct report_place *place) {
    json_t *object = json_object();

    JSON_SET(object, "ruleId", json_string(rule_metric_name(result->rule->metric)));
    JSON_SET(object, "ruleIndex", json_integer((json_int_t)index));
    JSON_SET(object, "level", json_string("error"));
    JSON_SET(object, "message", message(text));
    if (place && place->chains) {
        json_t *stacks = json_array();
        json_t *fingerprints = json_object();

        JSON_SET(object, "locations", locations_array(view, place));
        json_array_append_new(stacks, stack_object(view, place));
        JSON_SET(object, "stacks", stacks);
        JSON_SET(fingerprints, "memtrackContext/v1",
                 json_hash(place->chains->trace->defs.contexts.items[place->context].hash));
        JSON_SET(object, "partialFingerprints", fingerprints);
    }
    return object;
}

/* "max-leaked 0: leaked 1.00 KiB ...; here 512 B"; to be freed. */
static char *result_text(const struct check_result *result, const struct offender *offender,
                         const struct report_error *error) {
    char *sentence = check_sentence(result);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out) {
        check_print_rule(out, result->rule);
        fprintf(out, ": %s", sentence ? sentence : "");
        if (offender || error)
            fputs("; here ", out);
        if (offender)
            check_print_offender(out, result, offender);
        if (error)
            check_print_error(out, error);
        fclose(out);
    }
    free(sentence);
    return text;
}

static void add_result(json_t *results, const struct check_view *view,
                       const struct check_result *result, size_t index,
                       const struct offender *offender, const struct report_error *error) {
    struct report_place place = {NULL, 0};
    char *text = result_text(result, offender, error);

    if (offender)
        place = (struct report_place){offender->row.chains, offender->row.context};
    if (error)
        place = *check_error_place(error);
    json_array_append_new(results, result_object(view, result, index, text ? text : "", &place));
    free(text);
}

static json_t *results_array(const struct check_view *view) {
    json_t *results = json_array();

    for (size_t i = 0; i < view->check->results.count; i++) {
        const struct check_result *result = &view->check->results.items[i];
        size_t index = (size_t)result->rule->metric;

        if (result->verdict != VERDICT_VIOLATED)
            continue;
        for (size_t k = 0; k < result->offender_count; k++)
            add_result(results, view, result, index, &result->offenders[k], NULL);
        for (size_t k = 0; k < result->error_count; k++)
            add_result(results, view, result, index, NULL, result->errors[k]);
        if (!result->offender_count && !result->error_count)
            add_result(results, view, result, index, NULL, NULL);
    }
    return results;
}

static json_t *rules_array(void) {
    static const char *const meanings[RULE_METRICS] = {
        [RULE_LEAKED] = "Bytes that are live when the recording ends",
        [RULE_LEAKED_BLOCKS] = "Blocks that are live when the recording ends",
        [RULE_UNREACHABLE] = "Bytes that are live at the end and that nothing leads to",
        [RULE_PEAK] = "Bytes that are held at the peak of all memory",
        [RULE_ALLOCATIONS] = "The number of allocations",
        [RULE_ALLOCATED] = "Bytes that are allocated in all",
        [RULE_TEMPORARY] = "The share of allocations that are freed with no other in between",
        [RULE_ERRORS] = "Double, invalid and mismatched frees",
    };
    json_t *rules = json_array();

    for (enum rule_metric metric = 0; metric < RULE_METRICS; metric++) {
        json_t *rule = json_object();

        JSON_SET(rule, "id", json_string(rule_metric_name(metric)));
        JSON_SET(rule, "shortDescription", message(meanings[metric]));
        json_array_append_new(rules, rule);
    }
    return rules;
}

static json_t *tool_object(void) {
    json_t *tool = json_object();
    json_t *driver = json_object();

    JSON_SET(driver, "name", json_string("MemTrack"));
    JSON_SET(driver, "rules", rules_array());
    JSON_SET(tool, "driver", driver);
    return tool;
}

/* What could not be told is no result, but must not go unseen. */
static json_t *invocations_array(const struct check_view *view) {
    json_t *array = json_array();
    json_t *invocation = json_object();
    json_t *notifications = json_array();
    const struct check *check = view->check;

    for (size_t i = 0; i < check->results.count; i++) {
        const struct check_result *result = &check->results.items[i];
        json_t *notification;
        char *text;

        if (result->verdict != VERDICT_UNSURE)
            continue;
        notification = json_object();
        text = result_text(result, NULL, NULL);
        JSON_SET(notification, "level", json_string("warning"));
        JSON_SET(notification, "message", message(text ? text : ""));
        json_array_append_new(notifications, notification);
        free(text);
    }
    JSON_SET(invocation, "executionSuccessful", json_boolean(check->counts[VERDICT_UNSURE] == 0));
    JSON_SET(invocation, "toolExecutionNotifications", notifications);
    json_array_append_new(array, invocation);
    return array;
}

static json_t *root_object(const struct check_view *view) {
    json_t *roots = json_object();
    json_t *root = json_object();
    char *uri = uri_path("file://", view->source_root);
    size_t size = uri ? strlen(uri) : 0;
    char *directory = malloc(size + 2);

    if (directory)
        snprintf(directory, size + 2, "%s/", uri ? uri : "");
    JSON_SET(root, "uri", json_string(directory ? directory : ""));
    JSON_SET(roots, ROOT_ID, root);
    free(directory);
    free(uri);
    return roots;
}

bool check_write_sarif(FILE *out, const struct check_view *view, struct error *error) {
    json_t *log = json_object();
    json_t *runs = json_array();
    json_t *run = json_object();
    int status;

    JSON_SET(run, "tool", tool_object());
    JSON_SET(run, "invocations", invocations_array(view));
    if (view->source_root)
        JSON_SET(run, "originalUriBaseIds", root_object(view));
    JSON_SET(run, "results", results_array(view));
    json_array_append_new(runs, run);
    JSON_SET(log, "$schema", json_string(SCHEMA));
    JSON_SET(log, "version", json_string("2.1.0"));
    JSON_SET(log, "runs", runs);
    status = json_dumpf(log, out, JSON_INDENT(1));
    json_decref(log);
    if (status != 0)
        return ferror(out) || error_no_memory(error);
    fputc('\n', out);
    return true;
}
