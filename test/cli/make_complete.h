/* Traces that have what came with complete capture: tags and phases, calls by code that is not
 * instrumented, errors, forks. */
#ifndef MAKE_COMPLETE_H
#define MAKE_COMPLETE_H

#include "trace_builder.h"

/* 0 if the kind is not known. */
int make_complete(struct builder *builder, const char *kind);

#endif
