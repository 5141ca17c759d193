/* Single events, one a line. Used by the formats only. */
#ifndef MT_OUTPUT_DUMP_H
#define MT_OUTPUT_DUMP_H

#include "trace/decode.h"
#include "trace/trace.h"

#include <stdio.h>

void dump_event_text(FILE *out, const struct trace *trace, const struct event *event);
void dump_event_json(FILE *out, const struct trace *trace, const struct event *event);

#endif
