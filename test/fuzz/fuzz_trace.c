/* The whole analyzer on arbitrary bytes. Built without checksums, which would keep nearly all
 * inputs from the code behind them. */
#include "model/analysis.h"
#include "output/output.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    }
    output_info(out, trace, true);
    report_free(&report);
    fclose(out);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct trace trace;
    struct facts facts;
    struct error error;

    if (!trace_open_bytes(&trace, data, size, &error))
        return 0;
    if (analysis_run(&trace, &facts, NULL, NULL, &error)) {
        if (facts.events > trace.reader.events)
            abort();
        write_reports(&trace, &facts);
        facts_free(&facts);
    }
    trace_close(&trace);
    return 0;
}
