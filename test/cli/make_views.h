/* A trace that has something for every view. */
#ifndef MAKE_VIEWS_H
#define MAKE_VIEWS_H

#include "trace_builder.h"

/* 0 if the kind is not known. */
int make_views(struct builder *builder, const char *kind);

#endif
