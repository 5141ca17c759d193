#include "model/pool_report.h"

#include <stdlib.h>
#include <string.h>

/* MT_ID_MAP_NONE when memory is short. */
static uint32_t find_row(struct pool_report *pools, const char *name) {
    struct pool_row *added;

    for (size_t i = 0; i < pools->rows.count; i++) {
        if (strcmp(pools->rows.items[i].name, name) == 0)
            return (uint32_t)i;
    }
    added = MT_LIST_ADD(pools->rows);
    if (!added)
        return MT_ID_MAP_NONE;
    *added = (struct pool_row){.name = name};
    return (uint32_t)pools->rows.count - 1;
}

static bool add_instance(struct pool_report *pools, const struct trace *trace, uint32_t row,
                         const struct pool_instance *instance) {
    struct pool_report_instance *added = MT_LIST_ADD(pools->instances);

    if (!added)
        return false;
    *added = (struct pool_report_instance){trace, row, instance->identity, instance->counters};
    return true;
}

static bool add_pools(struct pool_report *pools, const struct trace *trace,
                      const struct pools *of_trace) {
    for (size_t i = 0; i < of_trace->pools.count; i++) {
        const struct pool *pool = &of_trace->pools.items[i];
        uint32_t row;

        if (!pool->name[0] && !pool->counters.allocations && !pool->unmatched_frees)
            continue;
        row = find_row(pools, pool->name);
        if (row == MT_ID_MAP_NONE)
            return false;
        pool_counters_add(&pools->rows.items[row].counters, &pool->counters);
        pools->rows.items[row].unmatched_frees += pool->unmatched_frees;
        pools->rows.items[row].instances += pool->instances;
        for (size_t j = 0; j < of_trace->instances.count; j++) {
            const struct pool_instance *instance = &of_trace->instances.items[j];

            if (instance->pool == i && instance->identity &&
                !add_instance(pools, trace, row, instance))
                return false;
        }
    }
    return true;
}

/* Parents come before their children. */
static void find_inside(const struct defs *defs, const char *name, bool *inside) {
    inside[0] = false;
    for (size_t i = 1; i < defs->contexts.count; i++)
        inside[i] = inside[defs->contexts.items[i].parent] ||
                    strcmp(defs_site(defs, (uint32_t)i)->pool, name) == 0;
}

static bool add_heap(struct pool_report *pools, const struct report *report,
                     const struct chains *chains) {
    const struct defs *defs = &chains->trace->defs;
    bool *inside = malloc(defs->contexts.count * sizeof(*inside));

    if (!inside)
        return false;
    for (size_t i = 0; i < pools->rows.count; i++) {
        struct pool_row *row = &pools->rows.items[i];

        if (!row->name[0])
            continue;
        find_inside(defs, row->name, inside);
        for (size_t j = 0; j < report->contexts.count; j++) {
            const struct report_row *context = &report->contexts.items[j];

            if (context->chains == chains && inside[context->context])
                counters_add(&row->heap, &context->counters);
        }
    }
    free(inside);
    return true;
}

static int compare_rows(const void *left, const void *right) {
    const struct pool_row *a = left;
    const struct pool_row *b = right;

    if (a->counters.peak != b->counters.peak)
        return a->counters.peak > b->counters.peak ? -1 : 1;
    if (a->counters.allocations != b->counters.allocations)
        return a->counters.allocations > b->counters.allocations ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int compare_instances(const void *left, const void *right) {
    const struct pool_report_instance *a = left;
    const struct pool_report_instance *b = right;

    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    if (a->counters.peak != b->counters.peak)
        return a->counters.peak > b->counters.peak ? -1 : 1;
    return (a->identity > b->identity) - (a->identity < b->identity);
}

static bool sort(struct pool_report *pools) {
    const char **names = calloc(pools->rows.count + 1, sizeof(*names));

    if (!names)
        return false;
    for (size_t i = 0; i < pools->rows.count; i++)
        names[i] = pools->rows.items[i].name;
    if (pools->rows.count)
        qsort(pools->rows.items, pools->rows.count, sizeof(*pools->rows.items), compare_rows);
    for (size_t i = 0; i < pools->instances.count; i++)
        pools->instances.items[i].row = find_row(pools, names[pools->instances.items[i].row]);
    if (pools->instances.count)
        qsort(pools->instances.items, pools->instances.count, sizeof(*pools->instances.items),
              compare_instances);
    free(names);
    return true;
}

/* Reading it once more changes nothing that is kept. */
static struct trace *trace_of(const struct chains *chains) {
    return (struct trace *)chains->trace;
}

bool pool_report_make(struct pool_report *pools, const struct report *report, struct error *error) {
    bool good = true;

    *pools = (struct pool_report){.sampled = report->totals.sampled > 0};
    for (size_t i = 0; good && i < report->traces.count; i++) {
        const struct chains *chains = report->traces.items[i];
        struct pools of_trace;

        if (!pools_are_known(chains->trace))
            continue;
        if (!pools_run(&of_trace, trace_of(chains), NULL, NULL, error)) {
            pool_report_free(pools);
            return false;
        }
        good = add_pools(pools, chains->trace, &of_trace);
        pools_free(&of_trace);
    }
    for (size_t i = 0; good && i < report->traces.count; i++)
        good = add_heap(pools, report, report->traces.items[i]);
    if (good && sort(pools))
        return true;
    pool_report_free(pools);
    return error_no_memory(error);
}

void pool_report_free(struct pool_report *pools) {
    free(pools->rows.items);
    free(pools->instances.items);
    *pools = (struct pool_report){0};
}

bool pool_report_select(struct report *selected, const struct report *report, const char *name,
                        struct error *error) {
    *selected = (struct report){.pool = name};
    for (size_t i = 0; i < report->traces.count; i++) {
        struct trace *trace = trace_of(report->traces.items[i]);
        struct pools pools;
        struct facts facts;
        bool added;

        if (!pools_run(&pools, trace, name, &facts, error))
            return false;
        added = report_add(selected, trace, &facts, error);
        facts_free(&facts);
        pools_free(&pools);
        if (!added)
            return false;
    }
    return true;
}

bool pool_report_knows(const struct report *report, const char *name) {
    for (size_t i = 0; i < report->traces.count; i++) {
        const struct defs *defs = &report->traces.items[i]->trace->defs;

        for (size_t j = 0; j < defs->sites.count; j++) {
            if (strcmp(defs->sites.items[j].pool, name) == 0)
                return true;
        }
    }
    return false;
}
