#include "model/filter.h"

#include "trace/tags.h"
#include "util/names.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

static bool site_has_tag(const struct site *site, const char *text) {
    if (!(site->flags & MT_SITE_TAG))
        return false;
    for (uint32_t i = 0; i < site->frame_count; i++) {
        if (tags_is(&site->frames[i], text))
            return true;
    }
    return false;
}

/* By site, what a test says of it. */
typedef bool site_test(const struct site *site, const void *what);

static bool has_tag(const struct site *site, const void *what) {
    return site_has_tag(site, what);
}

static bool finds(const regex_t *expression, const char *text) {
    return text[0] && regexec(expression, text, 0, NULL, 0) == 0;
}

static bool has_match(const struct site *site, const void *what) {
    for (uint32_t i = 0; i < site->frame_count; i++) {
        const struct frame *frame = &site->frames[i];
        char *name;
        bool found;

        if (finds(what, frame->function) || finds(what, frame->file))
            return true;
        name = names_demangle(frame->function);
        found = name && finds(what, name);
        free(name);
        if (found)
            return true;
    }
    return false;
}

/* Leaves of the contexts those in whose chain a site passes; false when memory is short. */
static bool keep_chains(const struct defs *defs, site_test *test, const void *what, bool *kept) {
    bool *sites = calloc(defs->sites.count, sizeof(*sites));
    bool *chains = calloc(defs->contexts.count, sizeof(*chains));
    bool good = sites && chains;

    for (size_t i = 0; good && i < defs->sites.count; i++)
        sites[i] = test(&defs->sites.items[i], what);
    /* Parents come before their children. */
    for (size_t i = 1; good && i < defs->contexts.count; i++) {
        const struct context *context = &defs->contexts.items[i];

        chains[i] = sites[context->site] || chains[context->parent];
    }
    for (size_t i = 0; good && i < defs->contexts.count; i++)
        kept[i] &= chains[i];
    free(sites);
    free(chains);
    return good;
}

static bool is_module(const struct chains *chains, uint32_t context, const char *module) {
    const char *path = chains_first(chains, context, true).site->module;
    const char *slash = strrchr(path, '/');

    return strcmp(path, module) == 0 || (slash && strcmp(slash + 1, module) == 0);
}

static bool compile(regex_t *expression, const char *text, struct error *error) {
    char message[160];
    int code = regcomp(expression, text, REG_EXTENDED | REG_NOSUB);

    if (code == 0)
        return true;
    regerror(code, expression, message, sizeof(message));
    return error_set(error, "--match '%s' is no regular expression: %s", text, message);
}

bool filter_check(const struct report_scope *scope, struct error *error) {
    regex_t expression;

    if (!scope->match)
        return true;
    if (!compile(&expression, scope->match, error))
        return false;
    regfree(&expression);
    return true;
}

static bool keep_matches(const struct defs *defs, const char *match, bool *kept,
                         struct error *error) {
    regex_t expression;
    bool good;

    if (!compile(&expression, match, error))
        return false;
    good = keep_chains(defs, has_match, &expression, kept) || error_no_memory(error);
    regfree(&expression);
    return good;
}

bool filter_contexts(const struct chains *chains, const struct report_scope *scope, bool **kept,
                     struct error *error) {
    const struct defs *defs = &chains->trace->defs;
    bool *all;

    *kept = NULL;
    if (!scope->tag && !scope->match && !scope->module)
        return true;
    *kept = all = malloc(defs->contexts.count);
    if (!all)
        return error_no_memory(error);
    memset(all, true, defs->contexts.count);
    if (scope->tag && !keep_chains(defs, has_tag, scope->tag, all))
        return error_no_memory(error);
    if (scope->match && !keep_matches(defs, scope->match, all, error))
        return false;
    for (size_t i = 0; scope->module && i < defs->contexts.count; i++)
        all[i] &= is_module(chains, (uint32_t)i, scope->module);
    return true;
}

/* `kept`: by trace and context. */
static void keep_rows(struct report *report, bool *const *kept) {
    struct counters sums = {.sampled = report->totals.counters.sampled,
                            .scanned = report->totals.counters.scanned};
    size_t count = 0;

    for (size_t i = 0; i < report->contexts.count; i++) {
        struct report_row row = report->contexts.items[i];

        if (!kept[row.chains->index][row.context])
            continue;
        counters_add(&sums, &row.counters);
        report->contexts.items[count++] = row;
    }
    report->contexts.count = count;
    id_map_free(&report->contexts.of_key);
    report->totals.counters = sums;
}

bool filter_report(struct report *report, const struct report_scope *scope, struct error *error) {
    bool **kept;
    bool good;

    report->scope = *scope;
    if (!scope->tag && !scope->match && !scope->module)
        return true;
    kept = calloc(report->traces.count + 1, sizeof(*kept));
    good = kept != NULL || error_no_memory(error);
    for (size_t i = 0; good && i < report->traces.count; i++)
        good = filter_contexts(report->traces.items[i], scope, &kept[i], error);
    if (good)
        keep_rows(report, kept);
    for (size_t i = 0; kept && i < report->traces.count; i++)
        free(kept[i]);
    free(kept);
    return good;
}
