/* `memtrack report --pools`: custom allocators and the heap beneath them. */
#ifndef MT_OUTPUT_POOLS_H
#define MT_OUTPUT_POOLS_H

#include "model/pool_report.h"
#include "util/error.h"

#include <stdio.h>

/* `limit`: pools, and instances of a pool, that the text shows; 0 all. */
void pools_print(FILE *out, const struct pool_report *pools, size_t limit);
void pools_write_json(FILE *out, const struct pool_report *pools);

#endif
