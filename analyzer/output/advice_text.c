#include "output/advice.h"
#include "output/cells.h"
#include "output/frames.h"
#include "output/notes.h"
#include "output/scope.h"
#include "util/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_INDENT = 8, TEXT_INDENT = 6 };

/* Words in lines, which begin with spaces. */
static void print_wrapped(FILE *out, const char *text) {
    size_t column = 0;

    while (*text) {
        size_t length = strcspn(text, " ");
        size_t width = length;

        for (size_t i = 0; i < length; i++)
            width -= (text[i] & 0xc0) == 0x80;
        if (column == 0 || column + 1 + width > MT_TEXT_COLUMNS) {
            fprintf(out, "%s%*s", column ? "\n" : "", TEXT_INDENT, "");
            column = TEXT_INDENT;
        } else {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, length, out);
        column += width;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_words(FILE *out, void (*say)(FILE *, const struct finding *),
                        const struct finding *finding) {
    char *text = NULL;
    size_t size = 0;
    FILE *words = open_memstream(&text, &size);

    if (!words)
        return;
    say(words, finding);
    if (fclose(words) == 0)
        print_wrapped(out, text);
    free(text);
}

static void print_saves(FILE *out, const struct finding *finding) {
    if (finding->of_time)
        fprintf(out, "saves about %s, %.1f %% of the threads' time", DURATION(finding->saves_ns),
                finding->share * 100);
    else if (finding->saves_bytes)
        fprintf(out, "saves up to %s, %.1f %% of the peak", BYTES(finding->saves_bytes),
                finding->share * 100);
    else
        fputs("what it saves is not known", out);
}

static void print_place(FILE *out, const struct finding *finding, const struct report *report,
                        bool fold) {
    if (finding->thread_def && finding->thread_def->name[0])
        frames_print_label(out, finding->thread_def->name, CHAIN_INDENT);
    if (!finding->chains)
        return;
    if (finding->contexts > 1 || finding->traces > 1)
        fprintf(out, "%*sof %s contexts that end in these functions%s, the one that costs most:\n",
                TEXT_INDENT, "", COUNT(finding->contexts),
                finding->traces > 1 ? " in several processes" : "");
    else if (report->traces.count > 1)
        fprintf(out, "%*sprocess %" PRIu32 "\n", TEXT_INDENT, "",
                finding->trace->reader.header.pid);
    frames_print_chain(out, finding->chains, finding->context, fold, CHAIN_INDENT);
}

static void print_finding(FILE *out, size_t number, const struct finding *finding,
                          const struct report *report, bool fold) {
    fprintf(out, "\n%4zu. %s (%s): ", number, advice_title(finding->kind),
            advice_severity(finding));
    print_saves(out, finding);
    fputc('\n', out);
    print_words(out, advice_say_what, finding);
    print_words(out, advice_say_what_to_do, finding);
    print_place(out, finding, report, fold);
}

static void print_count(FILE *out, const struct advice *advice) {
    const char *separator = " (";

    fprintf(out, "  findings     %s",
            advice->findings.count ? COUNT(advice->findings.count) : "none");
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        if (!advice->by_kind[kind])
            continue;
        fprintf(out, "%s%s: %s", separator, finding_kind_name((enum finding_kind)kind),
                COUNT(advice->by_kind[kind]));
        separator = ", ";
    }
    fputs(advice->findings.count ? ")\n" : "\n", out);
}

void advice_print(FILE *out, const struct report *report, const struct advice *advice,
                  const struct report_options *options) {
    size_t shown = 0;

    notes_title(out, "advice", report);
    scope_print(out, &report->scope);
    print_count(out, advice);
    notes_print(out, report, false);
    if (advice->sampled)
        fputs("  - samples tell growth, but not how single blocks are used\n", out);
    if (report->totals.lost_events || report->totals.dropped_events)
        fputs("  - growth is not told: lost events may have been frees\n", out);
    if (advice->below)
        fprintf(out, "  - %s more would save too little to be worth it (--min-saves 0 shows all)\n",
                COUNT(advice->below));
    for (; shown < advice->findings.count && (!options->limit || shown < options->limit); shown++)
        print_finding(out, shown + 1, &advice->findings.items[shown], report, !options->no_fold);
    if (shown < advice->findings.count)
        fprintf(out, "\n      ... and %s more (--limit 0 shows all)\n",
                COUNT(advice->findings.count - shown));
}
