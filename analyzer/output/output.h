/* Facts to bytes: one ops struct a format. Nothing here reads a trace's file. */
#ifndef MT_OUTPUT_OUTPUT_H
#define MT_OUTPUT_OUTPUT_H

#include "model/report.h"
#include "trace/decode.h"

#include <stdio.h>

/* The usual report shows lists; with REPORT_BY_FUNCTION the text shows both trees, too. */
enum report_view {
    REPORT_VIEW_USUAL,
    REPORT_VIEW_CONTEXTS, /* lists only */
    REPORT_VIEW_TOP_DOWN,
    REPORT_VIEW_BOTTOM_UP,
};

struct report_options {
    enum report_by by; /* of a tree: REPORT_BY_FUNCTION or REPORT_BY_SITE */
    enum report_view view;
    enum report_order order;
    bool one_order;     /* the order was asked for; else the text shows several */
    double min_share;   /* of a tree: smaller nodes are left out, per cent */
    size_t limit;       /* rows of a section of the text; 0 all */
    uint64_t min_bytes; /* rows of a list that cost less are left out */
    bool no_fold;       /* chains as they were recorded */
};

struct output_ops {
    const char *name; /* as in --format */

    /* Writes the whole report. Fails for lack of memory only; the caller looks at the stream's
     * error state. Sorts the report's threads. */
    bool (*report)(FILE *out, struct report *report, const struct report_options *options,
                   struct error *error);

    /* Writes the errors alone, with what tells how many are seen. Like `report`. */
    bool (*errors)(FILE *out, struct report *report, const struct report_options *options,
                   struct error *error);

    /* Writes one event. */
    void (*event)(FILE *out, const struct trace *trace, const struct event *event);
};

extern const struct output_ops output_text;
extern const struct output_ops output_json;

/* NULL if there is no such format. */
const struct output_ops *output_find(const char *name);

/* What `memtrack info` shows; `verified` says that every block was decoded. */
void output_info(FILE *out, const struct trace *trace, bool verified);

#endif
