/* The whole analyzer on arbitrary bytes. Built without checksums, which would keep nearly all
 * inputs from the code behind them. */
#include "model/analysis.h"
#include "model/pools.h"
#include "output/flame.h"
#include "output/output.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_views(FILE *out, struct report *report) {
    struct report_options options = {.by = REPORT_BY_FUNCTION, .min_share = 1, .limit = 3};
    struct error error;

    for (int view = REPORT_VIEW_TOP_DOWN; view <= REPORT_VIEW_BOTTOM_UP; view++) {
        options.view = (enum report_view)view;
        options.by = view == REPORT_VIEW_TOP_DOWN ? REPORT_BY_FUNCTION : REPORT_BY_SITE;
        output_text.report(out, report, &options, &error);
        output_json.report(out, report, &options, &error);
        options.no_fold = !options.no_fold;
    }
}

/* The stacks must add up to the report's figure. */
static void write_flames(const struct report *report) {
    struct flame_options options = {.cost = FLAME_ALLOCATED, .blocks = true};
    struct error error;

    for (int no_fold = 0; no_fold < 2; no_fold++) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        uint64_t sum = 0;

        if (!out)
            abort();
        options.no_fold = no_fold;
        flame_write(out, report, &options, &error);
        fclose(out);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            sum += strtoull(strrchr(line, ' ') + 1, NULL, 10);
        if (sum != report->totals.counters.allocations)
            abort();
        free(text);
    }
}

static void write_reports(struct trace *trace, const struct facts *facts) {
    struct report_options options = {.limit = 3};
    struct report report = {0};
    struct error error;
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        abort();
    if (report_add(&report, trace, facts, &error)) {
        for (int by = REPORT_BY_CONTEXT; by <= REPORT_BY_THREAD; by++) {
            options.by = (enum report_by)by;
            output_text.report(out, &report, &options, &error);
            output_json.report(out, &report, &options, &error);
        }
        output_text.errors(out, &report, &options, &error);
        output_json.errors(out, &report, &options, &error);
        options.no_fold = true;
        options.by = REPORT_BY_CONTEXT;
        output_text.report(out, &report, &options, &error);
        write_views(out, &report);
        write_flames(&report);
    }
    output_info(out, trace, true);
    report_free(&report);
    fclose(out);
    free(text);
}

/* The trace as its own child's. */
static void analyze_family(const uint8_t *data, size_t size) {
    struct trace traces[2];
    struct facts facts[2];
    struct error error;

    if (!trace_open_bytes(&traces[0], data, size, &error))
        return;
    if (trace_open_bytes(&traces[1], data, size, &error)) {
        traces[1].reader.header.parent_trace_id = traces[0].reader.header.trace_id;
        traces[1].reader.header.trace_id = traces[0].reader.header.trace_id + 1;
        if (analysis_run(traces, 2, facts, &(struct analysis_request){0}, &error)) {
            for (int i = 0; i < 2; i++) {
                if (!traces[i].defs.profile.present && (facts[i].events > traces[i].reader.events ||
                                                        facts[i].unmatched_frees > facts[i].frees))
                    abort();
                facts_free(&facts[i]);
            }
        }
        trace_close(&traces[1]);
    }
    trace_close(&traces[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct trace trace;
    struct facts facts;
    struct pools pools;
    struct error error;

    if (!trace_open_bytes(&trace, data, size, &error))
        return 0;
    if (analysis_run(&trace, 1, &facts, &(struct analysis_request){0}, &error)) {
        if (!trace.defs.profile.present && facts.events > trace.reader.events)
            abort();
        write_reports(&trace, &facts);
        facts_free(&facts);
        if (!pools_run(&pools, &trace, "", NULL, &error))
            abort();
        pools_free(&pools);
    }
    trace_close(&trace);
    analyze_family(data, size);
    return 0;
}
