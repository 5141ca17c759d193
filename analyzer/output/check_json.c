#include "output/check.h"
#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/leaks.h"

#include <math.h>
#include <stdlib.h>

/* Whole numbers are integers. */
static json_t *number(double value) {
    return value < 9e15 && value >= floor(value) && value <= floor(value)
               ? json_integer((json_int_t)value)
               : json_real(value);
}

static json_t *sentence_of(const struct check_result *result) {
    char *sentence = check_sentence(result);
    json_t *text = json_text_or_null(sentence);

    free(sentence);
    return text;
}

static json_t *offenders_array(const struct check_result *result, bool fold) {
    json_t *array = json_array();

    for (size_t i = 0; i < result->offender_count; i++) {
        const struct offender *offender = &result->offenders[i];
        json_t *object = json_row(&offender->row, REPORT_BY_CONTEXT, fold);

        JSON_SET(object, "value", number(offender->value));
        if (result->rule->baseline)
            JSON_SET(object, "baseline", number(offender->base));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *result_object(const struct check_result *result, bool fold) {
    const struct rule *rule = result->rule;
    json_t *object = json_object();

    JSON_SET(object, "rule", json_text(rule->text));
    JSON_SET(object, "metric", json_string(rule_metric_name(rule->metric)));
    JSON_SET(object, "file", json_text_or_null(rule->file));
    JSON_SET(object, "line", rule->file ? json_integer(rule->line) : json_null());
    JSON_SET(object, "verdict", json_string(check_verdict_name(result->verdict)));
    JSON_SET(object, "value", result->measured ? number(result->value) : json_null());
    JSON_SET(object, "error", result->deviation > 0 ? json_real(result->deviation) : json_null());
    JSON_SET(object, "limit", number(result->limit));
    JSON_SET(object, "baseline", rule->baseline ? number(result->base) : json_null());
    JSON_SET(object, "reason", result->reason[0] ? json_text(result->reason) : json_null());
    JSON_SET(object, "message", sentence_of(result));
    JSON_SET(object, "contexts", offenders_array(result, fold));
    JSON_SET(object, "more_contexts", json_number_of(result->more));
    return object;
}

void check_write_json(FILE *out, const struct check_view *view) {
    const struct check *check = view->check;

    json_write_head(out, view->report);
    fputs("\"suppressed\": ", out);
    json_write(out, leaks_suppressed_object(view->suppressions));
    fprintf(out, ",\n\"verdict\": \"%s\",\n\"rules\": [", check_verdict_name(check_verdict(check)));
    for (size_t i = 0; i < check->results.count; i++) {
        fputs(i ? ",\n  " : "\n  ", out);
        json_write(out, result_object(&check->results.items[i], !view->no_fold));
    }
    fputs("]}\n", out);
}
