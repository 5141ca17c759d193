/* Traces with a scan of what is reachable at the end. */
#ifndef MAKE_LEAKS_H
#define MAKE_LEAKS_H

#include "trace_builder.h"

/* 0 if the kind is not known. */
int make_leaks(struct builder *builder, const char *kind);

#endif
