#include "model/rule_scope.h"

#include "trace/tags.h"
#include "util/glob.h"
#include "util/names.h"
#include "util/path.h"

#include <stdlib.h>
#include <string.h>

/* As linked, as people know it, or that without its parameters. */
static bool function_fits(const char *pattern, const char *symbol, struct name_cache *cache) {
    const char *name = name_cache_get(cache, symbol);
    char *bare;
    bool fits;

    if (glob_match(pattern, symbol) || (name && glob_match(pattern, name)))
        return true;
    bare = name && strcmp(name, symbol) != 0 ? strdup(name) : NULL;
    if (!bare)
        return false;
    names_simplify(bare);
    names_drop_parameters(bare);
    fits = glob_match(pattern, bare);
    free(bare);
    return fits;
}

/* A frame of tags is its text within an opening and a closing. */
static bool tag_fits(const char *pattern, const char *name) {
    const size_t opening = strlen(MT_TAG_OPENING), closing = strlen(MT_TAG_CLOSING);
    size_t size = strlen(name);
    char *text;
    bool fits;

    if (size < opening + closing || strncmp(name, MT_TAG_OPENING, opening) != 0)
        return false;
    text = strndup(name + opening, size - opening - closing);
    fits = text && glob_match(pattern, text);
    free(text);
    return fits;
}

static bool site_fits(const struct rule_scope *scope, const struct site *site, bool tags,
                      struct name_cache *cache) {
    if (tags != ((site->flags & MT_SITE_TAG) != 0))
        return false;
    for (uint32_t i = 0; i < site->frame_count; i++) {
        const char *function = site->frames[i].function;

        if (tags ? tag_fits(scope->tag, function) : function_fits(scope->function, function, cache))
            return true;
    }
    return false;
}

/* By context, whether a site of its chain fits; NULL when memory is short. */
static bool *fitting_chains(const struct rule_scope *scope, const struct defs *defs, bool tags,
                            struct name_cache *cache) {
    bool *sites = calloc(defs->sites.count, sizeof(*sites));
    bool *contexts = calloc(defs->contexts.count, sizeof(*contexts));

    for (size_t i = 0; sites && contexts && i < defs->sites.count; i++)
        sites[i] = site_fits(scope, &defs->sites.items[i], tags, cache);
    /* Parents come before their children. */
    for (size_t i = 1; sites && contexts && i < defs->contexts.count; i++) {
        const struct context *context = &defs->contexts.items[i];

        contexts[i] = sites[context->site] || contexts[context->parent];
    }
    if (!sites) {
        free(contexts);
        contexts = NULL;
    }
    free(sites);
    return contexts;
}

/* Leaves the rows whose chains fit; of one trace after the other. */
static bool keep_chains(bool *rows, const struct rule_scope *scope, const struct report *report,
                        bool tags, struct name_cache *cache) {
    for (size_t i = 0; i < report->traces.count; i++) {
        bool *fits = fitting_chains(scope, &report->traces.items[i]->trace->defs, tags, cache);

        if (!fits)
            return false;
        for (size_t k = 0; k < report->contexts.count; k++) {
            const struct report_row *row = &report->contexts.items[k];

            if (row->chains->index == i)
                rows[k] &= fits[row->context];
        }
        free(fits);
    }
    return true;
}

static bool path_fits(const char *pattern, const char *path) {
    return glob_match(pattern, path) || glob_match(pattern, path_base_name(path));
}

static bool place_fits(const struct rule_scope *scope, const struct report_row *row) {
    struct chain_place place = chains_first(row->chains, row->context, true);

    return (!scope->file || path_fits(scope->file, chain_frame(&place)->file)) &&
           (!scope->module || path_fits(scope->module, place.site->module)) &&
           (!scope->type || glob_match(scope->type, report_type(row, true)));
}

bool *rule_scope_rows(const struct rule_scope *scope, const struct report *report,
                      struct name_cache *cache) {
    bool *rows = calloc(report->contexts.count + 1, sizeof(*rows));

    if (!rows)
        return NULL;
    for (size_t i = 0; i < report->contexts.count; i++)
        rows[i] = place_fits(scope, &report->contexts.items[i]);
    if ((scope->function && !keep_chains(rows, scope, report, false, cache)) ||
        (scope->tag && !keep_chains(rows, scope, report, true, cache))) {
        free(rows);
        return NULL;
    }
    return rows;
}
