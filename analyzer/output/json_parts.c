#include "output/json_parts.h"

#include "util/names.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *json_number_of(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *json_rounded(double value) {
    return json_number_of(value <= 0 ? 0 : value >= 9e18 ? INT64_MAX : (uint64_t)(value + 0.5));
}

json_t *json_text_of_size(const char *bytes, size_t size) {
    char *text = names_utf8(bytes, size);
    json_t *string = json_string(text ? text : "");

    free(text);
    return string;
}

json_t *json_text(const char *text) {
    return json_text_of_size(text, strlen(text));
}

json_t *json_text_or_null(const char *text) {
    return text && text[0] ? json_text(text) : json_null();
}

json_t *json_hash(uint64_t hash) {
    char text[20];

    snprintf(text, sizeof(text), "%016" PRIx64, hash);
    return json_string(text);
}

/* Standard errors, with one digit behind the point. */
static void set_error(json_t *object, const char *key, double variance, double largest) {
    JSON_SET(object, key, json_real(round(counters_error(variance, largest) * 10) / 10));
}

static void set_errors(json_t *object, const struct counters *counters) {
    const struct variances *variances = &counters->variances;
    const struct variances *largest = &counters->largest;

    JSON_SET(object, "recorded_allocations", json_number_of(counters->recorded));
    set_error(object, "allocations_error", variances->allocations, largest->allocations);
    set_error(object, "frees_error", variances->frees, largest->frees);
    set_error(object, "allocated_bytes_error", variances->allocated_bytes,
              largest->allocated_bytes);
    set_error(object, "peak_bytes_error", variances->peak_bytes, largest->peak_bytes);
    set_error(object, "leaked_bytes_error", variances->leaked_bytes, largest->leaked_bytes);
    set_error(object, "leaked_blocks_error", variances->leaked_blocks, largest->leaked_blocks);
}

void json_set_counters(json_t *object, const struct counters *counters) {
    JSON_SET(object, "allocations", json_number_of(counters->allocations));
    JSON_SET(object, "frees", json_number_of(counters->frees));
    JSON_SET(object, "allocated_bytes", json_number_of(counters->allocated_bytes));
    JSON_SET(object, "peak_bytes", json_number_of(counters->peak_bytes));
    JSON_SET(object, "leaked_bytes", json_number_of(counters->leaked_bytes));
    JSON_SET(object, "leaked_blocks", json_number_of(counters->leaked_blocks));
    JSON_SET(object, "temporary",
             counters->sampled ? json_null() : json_number_of(counters->temporary));
    if (counters->sampled)
        set_errors(object, counters);
}

void json_set_reach(json_t *object, const struct counters *counters) {
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {
        {"reachable_bytes", counters->reachable_bytes},
        {"reachable_blocks", counters->reachable_blocks},
        {"unreachable_bytes", counters->unreachable_bytes},
        {"unreachable_blocks", counters->unreachable_blocks},
        {"indirect_bytes", counters->indirect_bytes},
        {"indirect_blocks", counters->indirect_blocks},
        {"kept_bytes", counters->kept_bytes},
        {"kept_blocks", counters->kept_blocks},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        JSON_SET(object, figures[i].key,
                 counters->scanned ? json_number_of(figures[i].value) : json_null());
}

void json_set_all_counters(json_t *object, const struct counters *counters) {
    json_set_counters(object, counters);
    JSON_SET(object, "peak_blocks", json_number_of(counters->peak_blocks));
    JSON_SET(object, "temporary_bytes",
             counters->sampled ? json_null() : json_number_of(counters->temporary_bytes));
    if (counters->sampled)
        set_error(object, "peak_blocks_error", counters->variances.peak_blocks,
                  counters->largest.peak_blocks);
}

void json_write(FILE *out, json_t *value) {
    if (value)
        json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    else
        fputs("null", out);
    json_decref(value);
}
