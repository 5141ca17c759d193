#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include "model/diff.h"

#include "util/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

void diff_side_free(struct diff_side *side) {
    free(side->items.items);
    *side = (struct diff_side){0};
}

void diff_free(struct diff *diff) {
    free(diff->pairs.items);
    *diff = (struct diff){0};
}

static uint64_t text_hash(const char *text) {
    return XXH3_64bits(text, strlen(text));
}

/* `hashes`: by trace and context; of contexts only. */
static uint64_t similar(const struct report_row *row, enum report_by by, bool fold,
                        uint64_t *const *hashes) {
    struct chain_place place = chains_first(row->chains, row->context, fold);

    switch (by) {
    case REPORT_BY_CONTEXT:
        return hashes[row->chains->index][row->context];
    case REPORT_BY_SITE:
        return frame_site_hash(&place);
    case REPORT_BY_FILE:
        return text_hash(path_base_name(chain_frame(&place)->file));
    default:
        return row->key;
    }
}

static void free_hashes(uint64_t **hashes, size_t count) {
    for (size_t i = 0; hashes && i < count; i++)
        free(hashes[i]);
    free(hashes);
}

/* NULL when memory is short. */
static uint64_t **make_hashes(const struct report *report) {
    uint64_t **hashes = calloc(report->traces.count + 1, sizeof(*hashes));

    for (size_t i = 0; hashes && i < report->traces.count; i++) {
        hashes[i] = frame_chain_hashes(&report->traces.items[i]->trace->defs);
        if (hashes[i])
            continue;
        free_hashes(hashes, i);
        return NULL;
    }
    return hashes;
}

static bool add_items(struct diff_side *side, const struct report *report,
                      const struct report_rows *rows, enum report_by by, bool fold) {
    uint64_t **hashes = by == REPORT_BY_CONTEXT ? make_hashes(report) : NULL;
    bool good = by != REPORT_BY_CONTEXT || hashes;

    for (size_t i = 0; good && i < rows->count; i++) {
        struct diff_item *item = MT_LIST_ADD(side->items);

        good = item != NULL;
        if (good)
            *item = (struct diff_item){
                .key = rows->items[i].key,
                .similar = similar(&rows->items[i], by, fold, hashes),
                .counters = rows->items[i].counters,
                .row = rows->items[i],
            };
    }
    free_hashes(hashes, report->traces.count);
    return good;
}

bool diff_side_make(struct diff_side *side, const struct report *report, enum report_by by,
                    bool fold, struct error *error) {
    struct report_rows rows;
    bool good;

    *side = (struct diff_side){
        .totals = report->totals.counters,
        .events = report->totals.events,
        .duration_ns = report->totals.rate_unknown ? 0 : report->totals.duration_ns,
        .complete = report_complete(report),
    };
    if (!report_group(report, by, fold, &rows, error))
        return false;
    good = add_items(side, report, &rows, by, fold);
    report_rows_free(&rows);
    if (good)
        return true;
    diff_side_free(side);
    return error_no_memory(error);
}

static bool add_pair(struct diff *diff, const struct diff_item *base, const struct diff_item *new,
                     bool moved) {
    struct diff_pair *pair = MT_LIST_ADD(diff->pairs);

    if (pair)
        *pair = (struct diff_pair){base, new, moved};
    return pair != NULL;
}

typedef MT_LIST(const struct diff_item *) item_list;

static bool add_item(item_list *list, const struct diff_item *item) {
    const struct diff_item **added = MT_LIST_ADD(*list);

    if (added)
        *added = item;
    return added != NULL;
}

/* Pairs by equal keys; what has no partner goes to the lists. */
static bool join_equal(struct diff *diff, const struct diff_side *base, const struct diff_side *new,
                       item_list *old_left, item_list *new_left) {
    struct id_map of_key = {0};
    bool *taken = calloc(base->items.count + 1, sizeof(*taken));
    bool good = taken != NULL;

    for (size_t i = 0; good && i < base->items.count; i++)
        good = id_map_put(&of_key, base->items.items[i].key, (uint32_t)i);
    for (size_t i = 0; good && i < new->items.count; i++) {
        const struct diff_item *item = &new->items.items[i];
        uint32_t index = id_map_get(&of_key, item->key);

        if (index == MT_ID_MAP_NONE || taken[index]) {
            good = add_item(new_left, item);
        } else {
            taken[index] = true;
            good = add_pair(diff, &base->items.items[index], item, false);
        }
    }
    for (size_t i = 0; good && i < base->items.count; i++) {
        if (!taken[i])
            good = add_item(old_left, &base->items.items[i]);
    }
    free(taken);
    id_map_free(&of_key);
    return good;
}

static int compare_items(const void *left, const void *right) {
    const struct diff_item *a = *(const struct diff_item *const *)left;
    const struct diff_item *b = *(const struct diff_item *const *)right;
    const struct counters *ours = &a->counters, *theirs = &b->counters;

    if (a->similar != b->similar)
        return a->similar < b->similar ? -1 : 1;
    if (ours->peak_bytes != theirs->peak_bytes)
        return ours->peak_bytes > theirs->peak_bytes ? -1 : 1;
    if (ours->allocated_bytes != theirs->allocated_bytes)
        return ours->allocated_bytes > theirs->allocated_bytes ? -1 : 1;
    if (ours->allocations != theirs->allocations)
        return ours->allocations > theirs->allocations ? -1 : 1;
    return (a->key > b->key) - (a->key < b->key);
}

static void sort_items(item_list *list) {
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), compare_items);
}

/* In step through both lists, which lie in the order of what makes places similar. */
static bool join_similar(struct diff *diff, item_list *base, item_list *new) {
    size_t old = 0, young = 0;
    bool good = true;

    sort_items(base);
    sort_items(new);
    while (good && (old < base->count || young < new->count)) {
        const struct diff_item *a = old < base->count ? base->items[old] : NULL;
        const struct diff_item *b = young < new->count ? new->items[young] : NULL;

        if (a && b && a->similar != b->similar) {
            if (a->similar < b->similar)
                b = NULL;
            else
                a = NULL;
        }
        good = add_pair(diff, a, b, a && b);
        old += a != NULL;
        young += b != NULL;
    }
    return good;
}

static double units(const struct diff_side *side, enum diff_unit unit) {
    switch (unit) {
    case DIFF_PER_SECOND:
        return side->duration_ns;
    case DIFF_PER_EVENT:
        return (double)side->events;
    case DIFF_PER_ALLOCATION:
        return (double)side->totals.allocations;
    default:
        return 1;
    }
}

bool diff_make(struct diff *diff, const struct diff_side *base, const struct diff_side *new,
               enum diff_unit unit, struct error *error) {
    item_list old_left = {0}, new_left = {0};
    double ours = units(base, unit), theirs = units(new, unit);
    bool good;

    *diff = (struct diff){.factor = 1};
    if (!(ours > 0) || !(theirs > 0))
        return error_set(error, "%s has nothing to normalize by", ours > 0 ? "NEW" : "BASE");
    diff->factor = ours / theirs;
    good = join_equal(diff, base, new, &old_left, &new_left) &&
           join_similar(diff, &old_left, &new_left);
    free(old_left.items);
    free(new_left.items);
    if (good)
        return true;
    diff_free(diff);
    return error_no_memory(error);
}

double diff_change(const struct diff *diff, const struct counters *base, const struct counters *new,
                   enum report_order order) {
    double factor = order == REPORT_ORDER_PEAK ? 1 : diff->factor;
    double before = base ? (double)report_value(base, order) : 0;
    double after = new ? (double)report_value(new, order) * factor : 0;

    return after - before;
}

double diff_pair_change(const struct diff *diff, const struct diff_pair *pair,
                        enum report_order order) {
    return diff_change(diff, pair->base ? &pair->base->counters : NULL,
                       pair->new ? &pair->new->counters : NULL, order);
}

struct sorting {
    const struct diff *diff;
    enum report_order order;
};

static int compare_pairs(const void *left, const void *right, void *data) {
    const struct sorting *sorting = data;
    const enum report_order orders[] = {sorting->order, REPORT_ORDER_PEAK, REPORT_ORDER_ALLOCATED,
                                        REPORT_ORDER_COUNT};
    const struct diff_pair *a = left, *b = right;
    uint64_t ours = (a->new ? a->new : a->base)->key;
    uint64_t theirs = (b->new ? b->new : b->base)->key;

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        double mine = fabs(diff_pair_change(sorting->diff, a, orders[i]));
        double other = fabs(diff_pair_change(sorting->diff, b, orders[i]));

        if (mine < other || mine > other)
            return mine > other ? -1 : 1;
    }
    return (ours > theirs) - (ours < theirs);
}

void diff_sort(struct diff *diff, enum report_order order) {
    struct sorting sorting = {diff, order};

    if (diff->pairs.count)
        qsort_r(diff->pairs.items, diff->pairs.count, sizeof(*diff->pairs.items), compare_pairs,
                &sorting);
}

bool diff_same(const struct diff_pair *pair) {
    const struct counters *a, *b;

    if (!pair->base || !pair->new)
        return false;
    a = &pair->base->counters;
    b = &pair->new->counters;
    return a->allocations == b->allocations && a->frees == b->frees &&
           a->allocated_bytes == b->allocated_bytes && a->peak_bytes == b->peak_bytes &&
           a->peak_blocks == b->peak_blocks && a->leaked_bytes == b->leaked_bytes &&
           a->leaked_blocks == b->leaked_blocks && a->temporary == b->temporary;
}
