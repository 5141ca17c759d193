#define _GNU_SOURCE
#include "output/threads.h"

#include <math.h>
#include <stdlib.h>

static double value_of(const struct thread_group *group, enum report_order order) {
    switch (order) {
    case REPORT_ORDER_LEAKED:
        return group->live.bytes;
    case REPORT_ORDER_ALLOCATED:
        return group->allocated.bytes;
    case REPORT_ORDER_COUNT:
        return group->allocated.blocks;
    default:
        return group->peak;
    }
}

static int compare_rows(const void *left, const void *right, void *data) {
    const struct threads_row *a = left, *b = right;
    enum report_order order = *(enum report_order *)data;
    double value_a = value_of(threads_group(a), order), value_b = value_of(threads_group(b), order);

    if (value_a != value_b)
        return value_a > value_b ? -1 : 1;
    return (a->group > b->group) - (a->group < b->group);
}

static int compare_pairs(const void *left, const void *right) {
    const struct thread_pair *a = ((const struct threads_pair *)left)->pair;
    const struct thread_pair *b = ((const struct threads_pair *)right)->pair;

    if (a->freed.bytes != b->freed.bytes)
        return a->freed.bytes > b->freed.bytes ? -1 : 1;
    if (a->freed.blocks != b->freed.blocks)
        return a->freed.blocks > b->freed.blocks ? -1 : 1;
    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    return (a->freer > b->freer) - (a->freer < b->freer);
}

/* When threads began and ended, by group; to be freed. */
struct ran {
    double first;
    double last;
};

static struct ran *find_ran(const struct thread_matrix *matrix) {
    const struct trace *trace = matrix->trace;
    uint64_t end = trace_last_ticks(trace);
    struct ran *ran = calloc(matrix->group_count + 1, sizeof(*ran));

    for (size_t i = 0; ran && i < matrix->group_count; i++)
        ran[i].first = INFINITY;
    for (size_t i = 0; ran && trace->defs.rate_known && i < trace->reader.stream_count; i++) {
        struct ran *group = &ran[matrix->group_of[i]];
        const struct thread_def *def = defs_thread(&trace->defs, trace->reader.streams[i].thread);

        group->first = fmin(group->first, def ? trace_ns(trace, def->first_ticks) : 0);
        group->last =
            fmax(group->last, trace_ns(trace, def && def->last_ticks ? def->last_ticks : end));
    }
    return ran;
}

static bool add_rows(struct threads_view *view, const struct thread_matrix *matrix,
                     const struct ran *ran) {
    for (size_t i = 0; i < matrix->group_count; i++) {
        const struct thread_group *group = &matrix->groups[i];
        struct threads_row *row;

        if (group->allocated.blocks <= 0 && group->freed_for_others.blocks <= 0)
            continue;
        row = MT_LIST_ADD(view->rows);
        if (!row)
            return false;
        *row = (struct threads_row){matrix, (uint32_t)i, fmax(0, ran[i].last - ran[i].first)};
    }
    return true;
}

static bool add_matrix(struct threads_view *view, const struct thread_matrix *matrix) {
    struct ran *ran = find_ran(matrix);
    bool good = ran && add_rows(view, matrix, ran);

    free(ran);
    if (!good)
        return false;
    for (size_t i = 0; i < matrix->pairs.count; i++) {
        struct threads_pair *pair = MT_LIST_ADD(view->pairs);

        if (!pair)
            return false;
        *pair = (struct threads_pair){matrix, &matrix->pairs.items[i]};
    }
    view->beyond.blocks += matrix->beyond.blocks;
    view->beyond.bytes += matrix->beyond.bytes;
    return true;
}

bool threads_view_make(struct threads_view *view, const struct report *report,
                       const struct observers *observers, size_t index, struct error *error) {
    for (size_t i = 0; i < report->traces.count; i++) {
        if (!add_matrix(view, thread_matrix_of(observers[i].items[index]))) {
            threads_view_free(view);
            return error_no_memory(error);
        }
    }
    if (view->rows.count)
        qsort_r(view->rows.items, view->rows.count, sizeof(*view->rows.items), compare_rows,
                &view->order);
    if (view->pairs.count)
        qsort(view->pairs.items, view->pairs.count, sizeof(*view->pairs.items), compare_pairs);
    return true;
}

void threads_view_free(struct threads_view *view) {
    free(view->rows.items);
    free(view->pairs.items);
    *view = (struct threads_view){.by_name = view->by_name, .order = view->order};
}
