/* cmocka needs these in this order. */
#ifndef ANALYZER_TEST_H
#define ANALYZER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/analysis.h"
#include "trace/decode.h"
#include "trace_builder.h"

/* The builder's file as a trace with its facts; fails the test if it cannot be read. */
struct analyzed {
    struct trace trace;
    struct facts facts;
};

static inline void analyze(struct analyzed *analyzed, const struct builder *builder) {
    struct error error = {""};

    if (!trace_open_bytes(&analyzed->trace, builder->file.data, builder->file.size, &error) ||
        !analysis_run(&analyzed->trace, 1, &analyzed->facts, &(struct analysis_request){0}, &error))
        fail_msg("%s", error.text);
}

static inline void analyzed_free(struct analyzed *analyzed) {
    facts_free(&analyzed->facts);
    trace_close(&analyzed->trace);
}

#endif
