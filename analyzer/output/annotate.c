#define _GNU_SOURCE
#include "output/annotate.h"

#include <stdlib.h>

static int compare_files(const void *left, const void *right, void *context) {
    const struct annotate_view *view = context;
    const struct annotated_line *a = &view->annotation->lines.items[*(const size_t *)left];
    const struct annotated_line *b = &view->annotation->lines.items[*(const size_t *)right];
    enum report_order order = view->options.order;
    uint64_t x[] = {report_value(&a->self, order), report_value(&a->total, order),
                    a->total.allocations};
    uint64_t y[] = {report_value(&b->self, order), report_value(&b->total, order),
                    b->total.allocations};

    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
        if (x[i] != y[i])
            return x[i] > y[i] ? -1 : 1;
    }
    return a < b ? -1 : a > b;
}

size_t *annotate_sort_files(const struct annotate_view *view, size_t *count) {
    const struct annotation *annotation = view->annotation;
    size_t *files = malloc((annotation->lines.count + 1) * sizeof(*files));

    *count = 0;
    for (size_t i = 0; files && i < annotation->lines.count; i++) {
        const struct annotated_line *line = &annotation->lines.items[i];

        if (line->line == 0 && line->total.allocations &&
            !report_too_small(&line->total, view->options.order, view->options.min_bytes))
            files[(*count)++] = i;
    }
    if (files)
        qsort_r(files, *count, sizeof(*files), compare_files, (void *)view);
    return files;
}
