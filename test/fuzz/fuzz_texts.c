/* What people and scripts write for memtrack: suppressions, rules, saved reports. The first byte of
 * the input says which. */
#include "model/rules.h"
#include "model/saved_report.h"
#include "model/suppressions.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_of(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* Every rule is asked about a chain, which must not take for ever. */
static void try_suppressions(const uint8_t *data, size_t size) {
    static struct frame_list frames;
    struct suppressions suppressions = {.contexts = 0};
    char *text = copy_of(data, size);
    struct error error;

    frames.count = MT_LISTED_FRAMES;
    for (size_t i = 0; i < frames.count; i++)
        frames.items[i] = (struct listed_frame){.symbol = i % 3 ? "_ZN1aaaaaaaaab" : "main",
                                                .name = "a::aaaaaaaaab",
                                                .file = "/src/a.c",
                                                .module = "/lib/liba.so",
                                                .line = (uint32_t)i};
    if (suppressions_parse(&suppressions, "file", text, &error)) {
        for (enum leak_kind kind = 0; kind < LEAK_KINDS; kind++)
            suppressions_find(&suppressions, &frames, kind);
    } else if (!strstr(error.text, "file:")) {
        abort();
    }
    suppressions_free(&suppressions);
    free(text);
}

static void try_rules(const uint8_t *data, size_t size) {
    struct rules rules = {.list = {.count = 0}};
    char *text = copy_of(data, size);
    struct error error;

    if (!rules_parse(&rules, "file", text, &error) && !strstr(error.text, "file:"))
        abort();
    rules_free(&rules);
    free(text);
}

static void try_report(const uint8_t *data, size_t size) {
    struct suppressions suppressions = {.contexts = 0};
    char rule[] = "leak:a*b\n";
    char *text = copy_of(data, size);
    struct diff_side side;
    struct diff diff;
    struct error error;

    if (suppressions_parse(&suppressions, "file", rule, &error) &&
        saved_report_read(&side, text, size, &suppressions, &error)) {
        if (diff_make(&diff, &side, &side, DIFF_AS_IT_IS, &error)) {
            diff_sort(&diff, REPORT_ORDER_LEAKED);
            diff_free(&diff);
        }
        diff_side_free(&side);
    }
    suppressions_free(&suppressions);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size)
        return 0;
    if (data[0] % 3 == 0)
        try_suppressions(data + 1, size - 1);
    else if (data[0] % 3 == 1)
        try_rules(data + 1, size - 1);
    else
        try_report(data + 1, size - 1);
    return 0;
}
