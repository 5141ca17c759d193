/* What the objects of the JSON report are made of. Values may be NULL when memory is short, which
 * jansson passes on. */
#ifndef MT_OUTPUT_JSON_PARTS_H
#define MT_OUTPUT_JSON_PARTS_H

#include "model/report.h"

#include <jansson.h>
#include <stdio.h>

/* Adds to an object and gives up the reference. */
#define JSON_SET(object, key, value) json_object_set_new(object, key, value)

json_t *json_number_of(uint64_t value);
json_t *json_rounded(double value);

/* In valid UTF-8. */
json_t *json_text_of_size(const char *bytes, size_t size);
json_t *json_text(const char *text);

/* null for the unknown, which is "" or NULL */
json_t *json_text_or_null(const char *text);
json_t *json_hash(uint64_t hash);

/* What is known of threads, too; and what is known of places only. */
void json_set_counters(json_t *object, const struct counters *counters);
void json_set_all_counters(json_t *object, const struct counters *counters);

/* What is reachable of what leaked; null where no scan was made. */
void json_set_reach(json_t *object, const struct counters *counters);

/* Writes the value and gives up the reference. */
void json_write(FILE *out, json_t *value);

#endif
