#include "output/cells.h"
#include "output/check.h"
#include "output/frames.h"
#include "output/leaks.h"
#include "output/notes.h"
#include "util/format.h"

#include <stdlib.h>

enum { DETAIL_INDENT = 11, CHAIN_INDENT = 13 };

static void print_offenders(FILE *out, const struct check_view *view,
                            const struct check_result *result) {
    size_t limit = view->limit ? view->limit : MT_OFFENDERS;
    size_t left = result->more;

    for (size_t i = 0; i < result->offender_count; i++) {
        const struct report_row *row = &result->offenders[i].row;

        if (i >= limit) {
            left++;
            continue;
        }
        fprintf(out, "%*s", DETAIL_INDENT, "");
        check_print_offender(out, result, &result->offenders[i]);
        fputc('\n', out);
        frames_print_chain(out, row->chains, row->context, !view->no_fold, CHAIN_INDENT);
    }
    for (size_t i = 0; i < result->error_count; i++) {
        const struct report_place *place = check_error_place(result->errors[i]);

        if (i >= limit) {
            left++;
            continue;
        }
        fprintf(out, "%*s", DETAIL_INDENT, "");
        check_print_error(out, result->errors[i]);
        fputc('\n', out);
        if (place->chains)
            frames_print_chain(out, place->chains, place->context, !view->no_fold, CHAIN_INDENT);
    }
    if (left)
        fprintf(out, "%*s... and %s more\n", DETAIL_INDENT, "", COUNT(left));
}

static void print_result(FILE *out, const struct check_view *view,
                         const struct check_result *result) {
    static const char *const words[] = {
        [VERDICT_OK] = "ok", [VERDICT_UNSURE] = "unsure", [VERDICT_VIOLATED] = "FAILED"};
    char *sentence = check_sentence(result);

    fprintf(out, "  %-8s ", words[result->verdict]);
    check_print_rule(out, result->rule);
    fprintf(out, "\n%*s%s\n", DETAIL_INDENT, "", sentence ? sentence : "");
    free(sentence);
    if (result->verdict == VERDICT_VIOLATED)
        print_offenders(out, view, result);
}

static void print_suppressed(FILE *out, const struct suppressions *suppressions) {
    if (suppressions->rules.count)
        fprintf(out, "\n%s bytes in %s block%s of %s context%s were suppressed\n",
                COUNT(suppressions->bytes), COUNT(suppressions->blocks),
                suppressions->blocks == 1 ? "" : "s", COUNT(suppressions->contexts),
                suppressions->contexts == 1 ? "" : "s");
}

void check_print(FILE *out, const struct check_view *view) {
    const struct check *check = view->check;
    size_t all = check->results.count;

    notes_title(out, "check", view->report);
    notes_print(out, view->report, true);
    for (size_t i = 0; i < all; i++)
        print_result(out, view, &check->results.items[i]);
    print_suppressed(out, view->suppressions);
    if (view->verbose && view->suppressions->rules.count)
        leaks_print_rules(out, view->suppressions);
    fprintf(out, "\n%s of %s rule%s violated", COUNT(check->counts[VERDICT_VIOLATED]), COUNT(all),
            all == 1 ? "" : "s");
    if (check->counts[VERDICT_UNSURE])
        fprintf(out, ", %s could not be told", COUNT(check->counts[VERDICT_UNSURE]));
    fputc('\n', out);
}
