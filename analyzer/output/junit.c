/* JUnit's XML, as Jenkins, GitLab and others read it: a test case for each rule. */
#include "output/check.h"
#include "output/frames.h"
#include "util/names.h"
#include "util/path.h"

#include <stdlib.h>
#include <string.h>

/* Valid UTF-8 without control characters, but with ends of lines; XML has no way to write the
 * others, nor U+FFFE and U+FFFF. */
static void write_line(FILE *out, const char *text, size_t size) {
    char *clean = names_utf8(text, size);

    for (const char *at = clean; at && *at; at++) {
        switch (*at) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\xef':
            if (at[1] == '\xbf' && (at[2] == '\xbe' || at[2] == '\xbf')) {
                fputs("\xef\xbf\xbd", out);
                at += 2;
                break;
            }
            /* fall through */
        default:
            fputc(*at, out);
        }
    }
    free(clean);
}

static void write_text(FILE *out, const char *text) {
    for (;;) {
        const char *end = strchr(text, '\n');

        write_line(out, text, end ? (size_t)(end - text) : strlen(text));
        if (!end)
            return;
        fputc('\n', out);
        text = end + 1;
    }
}

/* What is printed to a stream of memory; each to be freed. */
struct text {
    char *bytes;
    size_t size;
    FILE *out;
};

static bool text_open(struct text *text) {
    *text = (struct text){NULL, 0, NULL};
    text->out = open_memstream(&text->bytes, &text->size);
    return text->out != NULL;
}

static bool text_write(struct text *text, FILE *out) {
    bool good = fclose(text->out) == 0;

    if (good)
        write_text(out, text->bytes);
    free(text->bytes);
    return good;
}

static void print_details(FILE *out, const struct check_view *view,
                          const struct check_result *result) {
    char *sentence = check_sentence(result);

    fprintf(out, "%s\n", sentence ? sentence : "");
    free(sentence);
    for (size_t i = 0; i < result->offender_count; i++) {
        const struct report_row *row = &result->offenders[i].row;

        check_print_offender(out, result, &result->offenders[i]);
        fputc('\n', out);
        frames_print_chain(out, row->chains, row->context, !view->no_fold, 4);
    }
    for (size_t i = 0; i < result->error_count; i++) {
        const struct report_place *place = check_error_place(result->errors[i]);

        check_print_error(out, result->errors[i]);
        fputc('\n', out);
        if (place->chains)
            frames_print_chain(out, place->chains, place->context, !view->no_fold, 4);
    }
    if (result->more)
        fprintf(out, "... and %zu more\n", result->more);
}

static bool write_case(FILE *out, const struct check_view *view,
                       const struct check_result *result) {
    bool violated = result->verdict == VERDICT_VIOLATED;
    const char *element = violated ? "failure" : "error";
    char *sentence;
    struct text text;

    fputs("    <testcase classname=\"memtrack.check\" time=\"0\" name=\"", out);
    write_text(out, result->rule->text);
    if (result->verdict == VERDICT_OK) {
        fputs("\"/>\n", out);
        return true;
    }
    sentence = check_sentence(result);
    fprintf(out, "\">\n      <%s type=\"%s\" message=\"", element,
            violated ? rule_metric_name(result->rule->metric) : "unsure");
    write_text(out, sentence ? sentence : "");
    fputs("\">", out);
    free(sentence);
    if (!text_open(&text))
        return false;
    print_details(text.out, view, result);
    if (!text_write(&text, out))
        return false;
    fprintf(out, "</%s>\n    </testcase>\n", element);
    return true;
}

bool check_write_junit(FILE *out, const struct check_view *view, struct error *error) {
    const struct check *check = view->check;
    const struct process_def *process = &view->report->traces.items[0]->trace->defs.process;
    const char *program = path_base_name(process->executable);

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    for (int level = 0; level < 2; level++) {
        fprintf(out, level ? "  <testsuite name=\"memtrack check" : "<testsuites name=\"memtrack");
        if (level && program[0]) {
            fputc(' ', out);
            write_text(out, program);
        }
        fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"0\">\n",
                check->results.count, check->counts[VERDICT_VIOLATED],
                check->counts[VERDICT_UNSURE]);
    }
    for (size_t i = 0; i < check->results.count; i++) {
        if (!write_case(out, view, &check->results.items[i]))
            return error_no_memory(error);
    }
    fputs("  </testsuite>\n</testsuites>\n", out);
    return true;
}
