/* A trace in which there is one finding of most kinds, and some of programs without any. */
#ifndef MAKE_ADVICE_H
#define MAKE_ADVICE_H

#include "trace_builder.h"

/* 0 if the kind is not known. */
int make_advice(struct builder *builder, const char *kind);

#endif
