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

/* By context, whether a site in its chain passes; NULL when memory is short. */
static bool *find_chains(const struct defs *defs, site_test *test, const void *what) {
    bool *sites = calloc(defs->sites.count, sizeof(*sites));
    bool *contexts = calloc(defs->contexts.count, sizeof(*contexts));

    if (sites && contexts) {
        for (size_t i = 0; i < defs->sites.count; i++)
            sites[i] = test(&defs->sites.items[i], what);
        /* Parents come before their children. */
        for (size_t i = 1; i < defs->contexts.count; i++) {
            const struct context *context = &defs->contexts.items[i];

            contexts[i] = sites[context->site] || contexts[context->parent];
        }
    } else {
        free(contexts);
        contexts = NULL;
    }
    free(sites);
    return contexts;
}

static bool is_module(const struct report_row *row, const char *module) {
    const char *path = chains_first(row->chains, row->context, true).site->module;
    const char *slash = strrchr(path, '/');

    return strcmp(path, module) == 0 || (slash && strcmp(slash + 1, module) == 0);
}

/* `passes`: by trace and context; NULL: all. */
static void keep(struct report *report, bool *const *passes, const char *module) {
    struct counters sums = {.sampled = report->totals.counters.sampled};
    size_t kept = 0;

    for (size_t i = 0; i < report->contexts.count; i++) {
        struct report_row row = report->contexts.items[i];

        if ((passes && !passes[row.chains->index][row.context]) ||
            (module && !is_module(&row, module)))
            continue;
        counters_add(&sums, &row.counters);
        report->contexts.items[kept++] = row;
    }
    report->contexts.count = kept;
    id_map_free(&report->contexts.of_key);
    report->totals.counters = sums;
}

static bool keep_chains(struct report *report, site_test *test, const void *what,
                        struct error *error) {
    bool **passes = calloc(report->traces.count + 1, sizeof(*passes));
    bool good = passes != NULL;

    for (size_t i = 0; good && i < report->traces.count; i++) {
        passes[i] = find_chains(&report->traces.items[i]->trace->defs, test, what);
        good = passes[i] != NULL;
    }
    if (good)
        keep(report, passes, NULL);
    for (size_t i = 0; passes && i < report->traces.count; i++)
        free(passes[i]);
    free(passes);
    return good || error_no_memory(error);
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

static bool keep_matches(struct report *report, const char *match, struct error *error) {
    regex_t expression;
    bool good;

    if (!compile(&expression, match, error))
        return false;
    good = keep_chains(report, has_match, &expression, error);
    regfree(&expression);
    return good;
}

bool filter_report(struct report *report, const struct report_scope *scope, struct error *error) {
    if (scope->tag && !keep_chains(report, has_tag, scope->tag, error))
        return false;
    if (scope->match && !keep_matches(report, scope->match, error))
        return false;
    if (scope->module)
        keep(report, NULL, scope->module);
    report->scope = *scope;
    return true;
}
