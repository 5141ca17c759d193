#include "output/check.h"
#include "output/notes.h"
#include "util/format.h"

#include <stdlib.h>
#include <string.h>

const char *check_verdict_name(enum verdict verdict) {
    static const char *const names[] = {
        [VERDICT_OK] = "ok", [VERDICT_UNSURE] = "unsure", [VERDICT_VIOLATED] = "violated"};

    return names[verdict];
}

static uint64_t whole(double value) {
    return value <= 0 ? 0 : value >= 1.8e19 ? UINT64_MAX : (uint64_t)(value + 0.5);
}

static void print_value(FILE *out, enum rule_metric metric, double value) {
    struct format_buffer buffer;
    uint64_t number = whole(value);

    if (metric == RULE_TEMPORARY) {
        fprintf(out, "%.1f %%", value);
    } else if (!rule_in_bytes(metric)) {
        fputs(format_count(&buffer, number), out);
    } else {
        fputs(format_bytes(&buffer, number), out);
        if (number >= 1024)
            fprintf(out, " (%s bytes)", format_count(&buffer, number));
    }
}

static const char *metric_words(enum rule_metric metric) {
    static const char *const words[RULE_METRICS] = {
        [RULE_LEAKED] = "leaked",
        [RULE_LEAKED_BLOCKS] = "leaked blocks:",
        [RULE_UNREACHABLE] = "unreachable",
        [RULE_PEAK] = "peak",
        [RULE_ALLOCATIONS] = "allocations:",
        [RULE_ALLOCATED] = "allocated",
        [RULE_TEMPORARY] = "temporary allocations:",
        [RULE_ERRORS] = "errors:",
    };

    return words[metric];
}

static void write_sentence(FILE *out, const struct check_result *result) {
    enum rule_metric metric = result->rule->metric;

    if (result->measured) {
        fprintf(out, "%s ", metric_words(metric));
        print_value(out, metric, result->value);
        if (result->deviation > 0) {
            fputs(" +- ", out);
            print_value(out, metric, result->deviation);
        }
        fputs(", allowed ", out);
        print_value(out, metric, result->limit);
    }
    if (result->measured && result->rule->baseline) {
        fputs("; the baseline has ", out);
        print_value(out, metric, result->base);
    }
    if (result->nothing_fits && result->verdict == VERDICT_OK)
        fputs("; no context is in its scope", out);
    if (result->reason[0])
        fprintf(out, "%s%s",
                result->measured ? "; cannot be told: " : "cannot be told: ", result->reason);
}

char *check_sentence(const struct check_result *result) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    write_sentence(out, result);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

void check_print_offender(FILE *out, const struct check_result *result,
                          const struct offender *offender) {
    enum rule_metric metric = result->rule->metric;

    /* Of a place, the number and not the share. */
    if (metric == RULE_TEMPORARY)
        metric = RULE_ALLOCATIONS;
    print_value(out, metric, offender->value);
    if (!result->rule->baseline)
        return;
    fputs(offender->known ? ", was " : ", new here", out);
    if (offender->known)
        print_value(out, metric, offender->base);
}

void check_print_rule(FILE *out, const struct rule *rule) {
    notes_clean(out, rule->text, strlen(rule->text));
    if (!rule->file)
        return;
    fputs(" (", out);
    notes_clean(out, rule->file, strlen(rule->file));
    fprintf(out, ":%u)", rule->line);
}

void check_print_error(FILE *out, const struct report_error *error) {
    static const char *const names[MEMORY_ERROR_KINDS] = {"double free", "invalid free",
                                                          "mismatched free"};

    fputs(names[error->what.kind], out);
    if (error->what.count > 1)
        fprintf(out, ", %s times", format_count(&(struct format_buffer){{0}}, error->what.count));
}

const struct report_place *check_error_place(const struct report_error *error) {
    return error->freed_at.chains ? &error->freed_at : &error->allocated_at;
}
