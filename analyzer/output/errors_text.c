/* Errors of the program as text: what was done, and the calls that did it. */
#include "output/cells.h"
#include "output/errors.h"
#include "output/frames.h"
#include "output/notes.h"
#include "util/format.h"

#include <inttypes.h>

enum { CHAIN_INDENT = 8 };

const char *errors_allocator(uint8_t api) {
    static const char *const names[] = {"an unknown function", "malloc", "new", "new[]"};

    return names[api < sizeof(names) / sizeof(names[0]) ? api : 0];
}

const char *errors_deallocator(uint8_t api) {
    static const char *const names[] = {"an unknown function", "free", "delete", "delete[]"};

    return names[api < sizeof(names) / sizeof(names[0]) ? api : 0];
}

uint8_t errors_api(const struct report_place *place) {
    return place->chains ? defs_site(&place->chains->trace->defs, place->context)->api
                         : MT_API_UNKNOWN;
}

static void print_what(FILE *out, const struct report_error *error) {
    const struct memory_error *what = &error->what;

    switch (what->kind) {
    case MEMORY_DOUBLE_FREE:
        fprintf(out, "double free of 0x%" PRIx64, what->address);
        if (error->allocated_at.chains)
            fprintf(out, ", a block of %s bytes", COUNT(what->size));
        break;
    case MEMORY_INVALID_FREE:
        fprintf(out, "invalid free of 0x%" PRIx64 ", ", what->address);
        if (what->inner)
            fprintf(out, "%s bytes into a live block of %s bytes",
                    COUNT(what->address - what->block), COUNT(what->size));
        else
            fputs("where no block ever began", out);
        break;
    case MEMORY_MISMATCHED_FREE:
        fprintf(out, "mismatched free of 0x%" PRIx64 ": from %s, given to %s", what->address,
                errors_allocator(errors_api(&error->allocated_at)),
                errors_deallocator(errors_api(&error->freed_at)));
        break;
    case MEMORY_ERROR_KINDS:
        break;
    }
}

static void print_occurrences(FILE *out, const struct report_error *error, bool several) {
    const struct trace *trace = error->what.freed_at.trace;

    fprintf(out, "      %s time%s%s", COUNT(error->what.count), error->what.count == 1 ? "" : "s",
            error->what.count == 1 ? "" : ", first");
    if (trace->defs.rate_known)
        fprintf(out, " at %s", DURATION(trace_ns(trace, error->what.ticks)));
    fprintf(out, " by thread %u", error->thread);
    if (several)
        fprintf(out, " of process %u", trace->reader.header.pid);
    fputc('\n', out);
}

/* An unknown place is told apart from one that is known not to exist. */
static void print_place(FILE *out, const char *title, const struct report_place *place,
                        const struct report_place *freed_at, bool fold) {
    if (!place->chains)
        return;
    fprintf(out, "      %s", title);
    if (place->chains != freed_at->chains)
        fprintf(out, " (process %u)", place->chains->trace->reader.header.pid);
    fputc('\n', out);
    frames_print_chain(out, place->chains, place->context, fold, CHAIN_INDENT);
}

static void print_error(FILE *out, size_t number, const struct report_error *error,
                        const struct report *report, bool fold) {
    fprintf(out, "\n%4zu. ", number);
    print_what(out, error);
    fputc('\n', out);
    print_occurrences(out, error, report->traces.count > 1);
    print_place(out, "freed at", &error->freed_at, &error->freed_at, fold);
    print_place(out, "first freed at", &error->first_freed_at, &error->freed_at, fold);
    print_place(out, error->what.inner ? "in the block allocated at" : "allocated at",
                &error->allocated_at, &error->freed_at, fold);
}

/* What was not looked for must not look like what was not found. */
static void print_scope(FILE *out, const struct report *report) {
    const struct report_totals *totals = &report->totals;

    if (totals->profiles)
        fputs(
            "  - whether there were errors in what was profiled cannot be told: mode=trace tells\n",
            out);
    if (totals->unmatched_frees)
        fputs("  - a free that is counted here as one of other memory may be a double or invalid "
              "one\n",
              out);
    if (totals->sampled)
        fputs("  - double and invalid frees cannot be told from samples, and mismatched ones are "
              "those "
              "of\n    recorded allocations\n",
              out);
}

bool errors_print(FILE *out, struct report *report, const struct report_options *options,
                  struct error *error) {
    uint64_t count = report_error_count(report);
    size_t shown = 0;

    (void)error;
    report_sort_errors(report);
    notes_title(out, "errors", report);
    fputs("  errors       ", out);
    if (count)
        notes_error_kinds(out, report);
    else
        fputs(report->totals.profiles ? "not known" : "none", out);
    fputc('\n', out);
    notes_print(out, report, false);
    print_scope(out, report);
    for (; shown < report->errors.count && (!options->limit || shown < options->limit); shown++)
        print_error(out, shown + 1, &report->errors.items[shown], report, !options->no_fold);
    if (shown < report->errors.count)
        fprintf(out, "\n      ... and %s more (--limit 0 shows all)\n",
                COUNT(report->errors.count - shown));
    return true;
}
