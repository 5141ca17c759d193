/* Folded stacks, the input of flamegraph.pl, inferno and speedscope: a line
 * `outermost;...;innermost value` for each distinct stack, sorted. */
#ifndef MT_OUTPUT_FLAME_H
#define MT_OUTPUT_FLAME_H

#include "model/report.h"

#include <stdio.h>

enum flame_cost {
    FLAME_ALLOCATED,
    FLAME_PEAK,
    FLAME_LEAKED,
    FLAME_TEMPORARY,
};

struct flame_options {
    enum flame_cost cost;
    bool blocks; /* count blocks instead of bytes */
    bool no_fold;
};

/* Fails for lack of memory only; the caller looks at the stream's error state. */
bool flame_write(FILE *out, const struct report *report, const struct flame_options *options,
                 struct error *error);

#endif
