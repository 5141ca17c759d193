/* Traces of deep calling contexts; part of make_trace. */
#ifndef MAKE_CHAINS_H
#define MAKE_CHAINS_H

#include "trace_builder.h"

/* False if there is no such kind. `count` is how many contexts the large ones have. */
int make_chains(struct builder *builder, const char *kind, uint64_t count);

#endif
