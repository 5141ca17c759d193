#include "model/filter.h"

#include "trace/tags.h"

#include <stdlib.h>

static bool site_has_tag(const struct site *site, const char *text) {
    if (!(site->flags & MT_SITE_TAG))
        return false;
    for (uint32_t i = 0; i < site->frame_count; i++) {
        if (tags_is(&site->frames[i], text))
            return true;
    }
    return false;
}

/* By context, whether the tag is in its chain; NULL when memory is short. */
static bool *find_tagged(const struct defs *defs, const char *text) {
    bool *sites = calloc(defs->sites.count, sizeof(*sites));
    bool *contexts = calloc(defs->contexts.count, sizeof(*contexts));

    if (sites && contexts) {
        for (size_t i = 0; i < defs->sites.count; i++)
            sites[i] = site_has_tag(&defs->sites.items[i], text);
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

static void keep(struct report *report, bool *const *tagged) {
    struct counters sums = {.sampled = report->totals.counters.sampled,
                            .scanned = report->totals.counters.scanned};
    size_t kept = 0;

    for (size_t i = 0; i < report->contexts.count; i++) {
        struct report_row row = report->contexts.items[i];

        if (!tagged[row.chains->index][row.context])
            continue;
        counters_add(&sums, &row.counters);
        report->contexts.items[kept++] = row;
    }
    report->contexts.count = kept;
    id_map_free(&report->contexts.of_key);
    report->totals.counters = sums;
}

bool filter_tag(struct report *report, const char *text, struct error *error) {
    bool **tagged = calloc(report->traces.count + 1, sizeof(*tagged));
    bool good = tagged != NULL;

    for (size_t i = 0; good && i < report->traces.count; i++) {
        tagged[i] = find_tagged(&report->traces.items[i]->trace->defs, text);
        good = tagged[i] != NULL;
    }
    if (good) {
        keep(report, tagged);
        report->tag = text;
    }
    for (size_t i = 0; tagged && i < report->traces.count; i++)
        free(tagged[i]);
    free(tagged);
    return good || error_no_memory(error);
}
