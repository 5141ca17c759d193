#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/leaks.h"

static const char *const kinds[LEAK_KINDS] = {
    [LEAK_DIRECT] = "direct",
    [LEAK_INDIRECT] = "indirect",
    [LEAK_REACHABLE] = "reachable",
    [LEAK_UNKNOWN] = "unknown",
};

static json_t *rule_object(const struct suppression *rule) {
    json_t *object = json_object();

    JSON_SET(object, "name", json_text(rule->name));
    JSON_SET(object, "file", json_text(rule->file));
    JSON_SET(object, "line", json_integer(rule->line));
    JSON_SET(object, "contexts", json_number_of(rule->contexts));
    JSON_SET(object, "bytes", json_number_of(rule->bytes));
    JSON_SET(object, "blocks", json_number_of(rule->blocks));
    return object;
}

json_t *leaks_suppressed_object(const struct suppressions *suppressions) {
    json_t *object = json_object();
    json_t *rules = json_array();

    JSON_SET(object, "contexts", json_number_of(suppressions->contexts));
    JSON_SET(object, "bytes", json_number_of(suppressions->bytes));
    JSON_SET(object, "blocks", json_number_of(suppressions->blocks));
    for (size_t i = 0; i < suppressions->rules.count; i++)
        json_array_append_new(rules, rule_object(&suppressions->rules.items[i]));
    JSON_SET(object, "rules", rules);
    return object;
}

static json_t *leaks_object(const struct counters *sums) {
    json_t *object = json_object();

    for (enum leak_kind kind = 0; kind < LEAK_KINDS; kind++) {
        json_t *figures = json_object();

        JSON_SET(figures, "bytes", json_number_of(leak_bytes(sums, kind)));
        JSON_SET(figures, "blocks", json_number_of(leak_blocks(sums, kind)));
        JSON_SET(object, kinds[kind],
                 sums->scanned || kind == LEAK_UNKNOWN ? json_incref(figures) : json_null());
        json_decref(figures);
    }
    return object;
}

static void write_rows(FILE *out, const char *key, const struct report_rows *rows,
                       enum report_by by, const struct report_options *options) {
    bool first = true;

    fprintf(out, "\"%s\": [", key);
    for (size_t i = 0; i < rows->count; i++) {
        const struct counters *counters = &rows->items[i].counters;

        if (!counters->leaked_blocks ||
            counters->leaked_bytes + counters->kept_bytes < options->min_bytes)
            continue;
        fputs(first ? "\n  " : ",\n  ", out);
        json_write(out, json_row(&rows->items[i], by, !options->no_fold));
        first = false;
    }
    fputs("]", out);
}

bool leaks_write_json(FILE *out, struct report *report, const struct suppressions *suppressions,
                      const struct leaks_options *options, struct error *error) {
    enum leak_kind kind = report->totals.counters.scanned ? LEAK_DIRECT : LEAK_UNKNOWN;
    enum report_by by = options->report.by;
    struct report_rows groups;

    if (by != REPORT_BY_CONTEXT &&
        !report_group(report, by, !options->report.no_fold, &groups, error))
        return false;
    json_write_head(out, report);
    fputs("\"leaks\": ", out);
    json_write(out, leaks_object(&report->totals.counters));
    fputs(",\n\"suppressed\": ", out);
    json_write(out, leaks_suppressed_object(suppressions));
    fputs(",\n", out);
    leaks_sort(&report->contexts, kind);
    write_rows(out, "contexts", &report->contexts, REPORT_BY_CONTEXT, &options->report);
    if (by != REPORT_BY_CONTEXT) {
        leaks_sort(&groups, kind);
        fputs(",\n", out);
        write_rows(out, "groups", &groups, by, &options->report);
        report_rows_free(&groups);
    }
    fputs("}\n", out);
    return true;
}
