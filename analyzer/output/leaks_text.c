#include "output/cells.h"
#include "output/leaks.h"
#include "output/notes.h"
#include "output/rows.h"
#include "output/scope.h"
#include "util/format.h"

#include <string.h>

static const char *plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

static void print_figure(FILE *out, const char *title, uint64_t bytes, uint64_t blocks) {
    fprintf(out, "  %-12s %s (%s bytes) in %s block%s", title, BYTES(bytes), COUNT(bytes),
            COUNT(blocks), plural(blocks));
}

static void print_summary(FILE *out, const struct report *report,
                          const struct suppressions *suppressions) {
    const struct counters *sums = &report->totals.counters;

    scope_print(out, &report->scope);
    print_figure(out, "live at end", sums->leaked_bytes, sums->leaked_blocks);
    if (sums->sampled)
        fprintf(out, ", estimated; +- %s",
                BYTES((uint64_t)counters_error(sums->variances.leaked_bytes,
                                               sums->largest.leaked_bytes)));
    fputc('\n', out);
    if (sums->scanned) {
        print_figure(out, "unreachable", sums->unreachable_bytes, sums->unreachable_blocks);
        fputc('\n', out);
        print_figure(out, "reachable", sums->reachable_bytes, sums->reachable_blocks);
        fputc('\n', out);
    }
    if (!suppressions->rules.count)
        return;
    print_figure(out, "suppressed", suppressions->bytes, suppressions->blocks);
    fprintf(out, " of %s context%s, which the figures leave out\n", COUNT(suppressions->contexts),
            plural(suppressions->contexts));
}

static void print_rule(FILE *out, const struct suppression *rule) {
    fputs("  ", out);
    notes_clean(out, rule->name, strlen(rule->name));
    fputs(" (", out);
    notes_clean(out, rule->file, strlen(rule->file));
    fprintf(out, ":%u)", rule->line);
    if (rule->contexts)
        fprintf(out, ": %s in %s block%s of %s context%s\n", BYTES(rule->bytes),
                COUNT(rule->blocks), plural(rule->blocks), COUNT(rule->contexts),
                plural(rule->contexts));
    else
        fputs(": nothing\n", out);
}

void leaks_print_rules(FILE *out, const struct suppressions *suppressions) {
    fputs("\nWhat the suppressions matched\n\n", out);
    for (size_t i = 0; i < suppressions->rules.count; i++)
        print_rule(out, &suppressions->rules.items[i]);
}

static void print_title(FILE *out, const struct counters *sums, enum leak_kind kind) {
    switch (kind) {
    case LEAK_DIRECT:
        fprintf(out,
                "Unreachable (leaked): %s in %s block%s, and %s in %s that only they hold\n\n"
                "      %11s %8s %12s %14s %12s\n",
                BYTES(leak_bytes(sums, kind)), COUNT(leak_blocks(sums, kind)),
                plural(leak_blocks(sums, kind)), BYTES(sums->indirect_bytes),
                COUNT(sums->indirect_blocks), "leaked", "share", "blocks", "they hold", "blocks");
        return;
    case LEAK_INDIRECT:
        fprintf(out, "Unreachable, held by what is unreachable: %s", BYTES(sums->indirect_bytes));
        break;
    case LEAK_REACHABLE:
        fprintf(out, "Still reachable: %s", BYTES(sums->reachable_bytes));
        break;
    default:
        fprintf(out, "Live at the end; the trace does not say what is reachable: %s",
                BYTES(leak_bytes(sums, kind)));
        break;
    }
    fprintf(out, " in %s block%s\n\n      %11s %8s %12s\n", COUNT(leak_blocks(sums, kind)),
            plural(leak_blocks(sums, kind)), "bytes", "share", "blocks");
}

static void print_row(FILE *out, size_t number, const struct report_row *row,
                      const struct counters *sums, enum leak_kind kind,
                      const struct report_options *options) {
    const struct counters *counters = &row->counters;
    uint64_t bytes = leak_bytes(counters, kind);
    uint64_t whole = kind == LEAK_DIRECT ? sums->unreachable_bytes : leak_bytes(sums, kind);

    fprintf(out, "%4zu. %11s %8s %12s", number, BYTES(bytes),
            SHARE(leak_weight(counters, kind), whole), COUNT(leak_blocks(counters, kind)));
    if (kind == LEAK_DIRECT)
        fprintf(out, " %14s %12s", BYTES(counters->kept_bytes), COUNT(counters->kept_blocks));
    fputc('\n', out);
    rows_print_names(out, row, options);
}

static void print_section(FILE *out, const struct counters *sums, struct report_rows *rows,
                          enum leak_kind kind, const struct report_options *options) {
    size_t shown = 0;
    size_t left = 0;

    leaks_sort(rows, kind);
    fputc('\n', out);
    print_title(out, sums, kind);
    for (size_t i = 0; i < rows->count; i++) {
        const struct counters *counters = &rows->items[i].counters;

        if (!leak_blocks(counters, kind) || leak_weight(counters, kind) < options->min_bytes)
            continue;
        if (options->limit && shown == options->limit)
            left++;
        else
            print_row(out, ++shown, &rows->items[i], sums, kind, options);
    }
    if (left)
        fprintf(out, "      ... and %s more (--limit 0 shows all)\n", COUNT(left));
}

bool leaks_print(FILE *out, struct report *report, const struct suppressions *suppressions,
                 const struct leaks_options *options, struct error *error) {
    const struct counters *sums = &report->totals.counters;
    struct report_rows rows;

    if (!report_group(report, options->report.by, !options->report.no_fold, &rows, error))
        return false;
    notes_title(out, "leaks", report);
    print_summary(out, report, suppressions);
    notes_print(out, report, true);
    if (leaks_obstacle(report))
        fprintf(out, "  - no scan for what is reachable: %s\n", leaks_obstacle(report));
    for (enum leak_kind kind = 0; kind < LEAK_KINDS; kind++) {
        if (leak_blocks(sums, kind) == 0)
            continue;
        if (options->kinds & (1u << kind))
            print_section(out, sums, &rows, kind, &options->report);
        else if (kind == LEAK_REACHABLE)
            fprintf(out, "\nStill reachable: %s in %s block%s (--reachable lists them)\n",
                    BYTES(sums->reachable_bytes), COUNT(sums->reachable_blocks),
                    plural(sums->reachable_blocks));
    }
    if (options->verbose && suppressions->rules.count)
        leaks_print_rules(out, suppressions);
    report_rows_free(&rows);
    return true;
}
