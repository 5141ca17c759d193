/* What the JSON of all commands has in common with the report's: its parts, one by one. */
#ifndef MT_OUTPUT_JSON_REPORT_H
#define MT_OUTPUT_JSON_REPORT_H

#include "model/report.h"

#include <jansson.h>
#include <stdio.h>

/* The first member of every outermost object: what docs/report.schema.json describes, and its
 * version, which changes when members go or mean something else. */
void json_write_schema(FILE *out);

/* Begins the outermost object: schema, summary and processes. A member has to follow. */
void json_write_head(FILE *out, const struct report *report);

/* A member and the comma behind it; gives up the reference. */
void json_write_member(FILE *out, const char *key, json_t *value);

/* One of an array, the index of which says whether a comma stands before it. */
void json_write_item(FILE *out, size_t index, json_t *value);

/* A row with its names and counters. */
json_t *json_row(const struct report_row *row, enum report_by by, bool fold);

/* Members "frames" and "frames_omitted": the chain of a context, innermost first. */
void json_set_frames(json_t *object, const struct trace *trace, uint32_t context);

/* Which thread it is. */
void json_set_thread(json_t *object, const struct trace *trace, uint32_t id);

#endif
