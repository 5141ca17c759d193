#include "output/scope.h"

#include "output/json_parts.h"
#include "output/notes.h"
#include "util/format.h"

#include <string.h>

bool scope_of_places(const struct report_scope *scope) {
    return scope->tag || scope->match || scope->module;
}

bool scope_is_all(const struct report_scope *scope) {
    return !scope_of_places(scope) && selection_is_empty(&scope->selection);
}

static void print_text(FILE *out, const char *title, const char *text, const char *meaning) {
    if (!text)
        return;
    fprintf(out, "  %-12s ", title);
    notes_clean(out, text, strlen(text));
    fprintf(out, " (%s)\n", meaning);
}

static void print_time(FILE *out, const char *title, double ns) {
    struct format_buffer buffer;

    if (ns > 0)
        fprintf(out, "  %-12s %s (allocations made %s, whenever they were freed)\n", title,
                format_duration(&buffer, ns), title[0] == 's' ? "from then on" : "before");
}

void scope_print(FILE *out, const struct report_scope *scope) {
    print_text(out, "tag", scope->tag, "all figures but duration and threads are of what it holds");
    print_text(out, "match", scope->match,
               "all figures but duration and threads are of chains that it matches");
    print_text(out, "module", scope->module,
               "all figures but duration and threads are of what it allocated");
    print_text(out, "thread", scope->selection.thread, "allocations made by it");
    print_text(out, "phase", scope->selection.phase, "allocations made in it");
    print_time(out, "since", scope->selection.since_ns);
    print_time(out, "until", scope->selection.until_ns);
}

static json_t *time_or_null(double ns) {
    return ns > 0 ? json_rounded(ns) : json_null();
}

json_t *scope_object(const struct report_scope *scope) {
    json_t *object = json_object();

    JSON_SET(object, "tag", json_text_or_null(scope->tag));
    JSON_SET(object, "match", json_text_or_null(scope->match));
    JSON_SET(object, "module", json_text_or_null(scope->module));
    JSON_SET(object, "thread", json_text_or_null(scope->selection.thread));
    JSON_SET(object, "phase", json_text_or_null(scope->selection.phase));
    JSON_SET(object, "since_ns", time_or_null(scope->selection.since_ns));
    JSON_SET(object, "until_ns", time_or_null(scope->selection.until_ns));
    return object;
}
