/* Source files and lines with what they cost. */
#ifndef MT_OUTPUT_ANNOTATE_H
#define MT_OUTPUT_ANNOTATE_H

#include "model/annotate.h"
#include "output/output.h"
#include "util/source.h"

struct annotate_view {
    const struct report *report;
    const struct annotation *annotation;
    struct report_options options; /* the order is the cost */

    /* Of one file: */
    size_t whole; /* its place in the annotation */
    const struct source *source;
    bool newer;     /* the source is, than the recording */
    size_t context; /* lines shown before and behind one that costs something */
    bool full;      /* all lines are shown */
    bool colour;
};

/* The files, those that cost most by themselves first. Fails for lack of memory only, like the
 * others; the caller looks at the stream's error state. */
bool annotate_print_files(FILE *out, const struct annotate_view *view, struct error *error);
bool annotate_write_files(FILE *out, const struct annotate_view *view, struct error *error);

/* The lines of a file. */
bool annotate_print(FILE *out, const struct annotate_view *view, struct error *error);
bool annotate_write(FILE *out, const struct annotate_view *view, struct error *error);

/* The places of the files in the annotation, in the order of their costs, without those that are
 * too small; to be freed. NULL when memory is short. */
size_t *annotate_sort_files(const struct annotate_view *view, size_t *count);

#endif
