/* Call chains in text. Used by the text format only. */
#ifndef MT_OUTPUT_FRAMES_H
#define MT_OUTPUT_FRAMES_H

#include "trace/trace.h"

#include <stdio.h>

enum { MT_TEXT_COLUMNS = 100 };

/* The frames of the context's site, innermost first, then those of its callers' sites, one a
 * line. */
void frames_print_chain(FILE *out, const struct trace *trace, uint32_t context, int indent);

/* The frames of one site alone. */
void frames_print_site(FILE *out, const struct site *site, int indent);

/* A name on a line of its own, shortened to fit. */
void frames_print_label(FILE *out, const char *name, int indent);

#endif
