/* The view of threads: what each allocates and holds, and who frees whose blocks. */
#ifndef MT_OUTPUT_THREADS_H
#define MT_OUTPUT_THREADS_H

#include "model/thread_matrix.h"
#include "output/output.h"

/* A thread, or all of a name, in the order of the view. */
struct threads_row {
    const struct thread_matrix *matrix;
    uint32_t group;
    double ran_ns; /* from the first one's beginning to the last one's end; 0: not known */
};

/* A pair, in the order of the view. */
struct threads_pair {
    const struct thread_matrix *matrix;
    const struct thread_pair *pair;
};

struct threads_view {
    bool by_name;
    enum report_order order; /* peak, leaked, allocated or count */
    MT_LIST(struct threads_row) rows;
    MT_LIST(struct threads_pair) pairs;
    struct thread_sum beyond; /* see thread_matrix.h */
};

/* observers[i].items[index] are the matrices of the report's trace i. To be freed on success. */
bool threads_view_make(struct threads_view *view, const struct report *report,
                       const struct observers *observers, size_t index, struct error *error);
void threads_view_free(struct threads_view *view);

static inline const struct thread_group *threads_group(const struct threads_row *row) {
    return &row->matrix->groups[row->group];
}

void threads_print(FILE *out, const struct report *report, const struct threads_view *view,
                   const struct report_options *options);
void threads_write_json(FILE *out, const struct report *report, const struct threads_view *view);

#endif
