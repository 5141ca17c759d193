/* Call chains in text. Used by the text format only. */
#ifndef MT_OUTPUT_FRAMES_H
#define MT_OUTPUT_FRAMES_H

#include "model/chains.h"

#include <stdio.h>

enum { MT_TEXT_COLUMNS = 100 };

/* The chain of the context, innermost frame first, one item a line. */
void frames_print_chain(FILE *out, const struct chains *chains, uint32_t context, bool fold,
                        int indent);

/* The frames of one site alone, from the place on. */
void frames_print_site(FILE *out, struct chain_place place, int indent);

/* A name in its own words and, unless the place is NULL, where it is; in that many columns. */
void frames_print_name(FILE *out, const char *name, const struct chain_place *place,
                       size_t columns);

/* A name on a line of its own, shortened to fit. */
void frames_print_label(FILE *out, const char *name, int indent);

#endif
