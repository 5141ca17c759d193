#include "output/json_parts.h"
#include "output/json_report.h"
#include "output/pools.h"
#include "util/names.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { INSTANCES_SHOWN = 1024 };

static json_t *address(uint64_t value) {
    char text[32];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    return json_string(text);
}

static void set_counters(json_t *object, const struct pool_counters *counters) {
    JSON_SET(object, "allocations", json_number_of(counters->allocations));
    JSON_SET(object, "allocated_bytes", json_number_of(counters->allocated_bytes));
    JSON_SET(object, "peak_bytes", json_number_of(counters->peak));
    JSON_SET(object, "leaked_bytes", json_number_of(counters->live));
    JSON_SET(object, "leaked_blocks", json_number_of(counters->live_blocks));
    JSON_SET(object, "frees", json_number_of(counters->ended[POOL_END_FREED]));
    JSON_SET(object, "freed_with_pool", json_number_of(counters->ended[POOL_END_WITH_POOL]));
    JSON_SET(object, "freed_with_heap_block", json_number_of(counters->ended[POOL_END_WITH_HEAP]));
    JSON_SET(object, "reused", json_number_of(counters->ended[POOL_END_REUSED]));
}

static json_t *instances_array(const struct pool_report *pools, size_t row) {
    json_t *array = json_array();

    for (size_t i = 0; i < pools->instances.count; i++) {
        const struct pool_report_instance *instance = &pools->instances.items[i];
        json_t *object;

        if (instance->row != row || json_array_size(array) == INSTANCES_SHOWN)
            continue;
        object = json_object();
        JSON_SET(object, "identity", address(instance->identity));
        JSON_SET(object, "pid", json_integer(instance->trace->reader.header.pid));
        set_counters(object, &instance->counters);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *pool_object(const struct pool_report *pools, size_t index) {
    const struct pool_row *row = &pools->rows.items[index];
    json_t *object = json_object();
    json_t *heap = json_object();
    char *name = names_demangle(row->name);

    JSON_SET(object, "name", json_text_or_null(name ? name : row->name));
    if (name && strcmp(name, row->name) != 0)
        JSON_SET(object, "symbol", json_text(row->name));
    free(name);
    set_counters(object, &row->counters);
    JSON_SET(object, "unmatched_frees", json_number_of(row->unmatched_frees));
    json_set_all_counters(heap, &row->heap);
    JSON_SET(object, "heap", heap);
    JSON_SET(object, "instances_total", json_number_of(row->instances));
    JSON_SET(object, "instances", instances_array(pools, index));
    return object;
}

void pools_write_json(FILE *out, const struct pool_report *pools) {
    fputs("{", out);
    json_write_schema(out);
    if (pools->sampled)
        fputs("\"sampled\": true,\n", out);
    fputs("\"pools\": [", out);
    for (size_t i = 0; i < pools->rows.count; i++) {
        fputs(i ? ",\n  " : "\n  ", out);
        json_write(out, pool_object(pools, i));
    }
    fputs("]}\n", out);
}
