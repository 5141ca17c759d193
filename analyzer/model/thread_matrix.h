/* Who allocates what others free: an observer. Per thread, or per name of threads, of one trace;
 * and for each two of them of which one freed blocks of the other. Of samples, all figures are
 * estimates. */
#ifndef MT_MODEL_THREAD_MATRIX_H
#define MT_MODEL_THREAD_MATRIX_H

#include "model/observe.h"
#include "model/weight.h"
#include "util/id_map.h"
#include "util/list.h"

/* More are not told apart: their memory would be that of a large program. */
enum { MT_THREAD_PAIRS = 1 << 20 };

struct thread_sum {
    double blocks;
    double bytes;
};

/* A thread, or all of a name. */
struct thread_group {
    uint32_t stream;  /* index, of the first */
    uint32_t threads; /* how many */
    struct thread_sum allocated;
    struct thread_sum live; /* of what it allocated, whoever frees it */
    double peak;            /* the most bytes that were live at once */
    uint64_t peak_ticks;
    struct thread_sum freed_by_itself;
    struct thread_sum freed_by_others;
    struct thread_sum freed_for_others; /* blocks of others */
};

/* Blocks that one group allocated and another freed. */
struct thread_pair {
    uint32_t owner; /* groups */
    uint32_t freer;
    struct thread_sum freed;
};

struct thread_matrix_options {
    bool by_name; /* threads of one name are one; those without a name are apart */
};

struct thread_matrix {
    struct observer base;
    const struct trace *trace;
    struct weights weights;
    uint32_t *group_of; /* by stream */
    struct thread_group *groups;
    size_t group_count;
    MT_LIST(struct thread_pair) pairs;
    struct id_map pair_of;
    uint64_t last_key; /* of the pair that was told of last */
    uint32_t last_pair;
    struct thread_sum beyond; /* of pairs more than MT_THREAD_PAIRS */
};

/* Options: struct thread_matrix_options; NULL for the default. */
extern const struct observer_ops thread_matrix_ops;

static inline const struct thread_matrix *thread_matrix_of(const struct observer *observer) {
    return (const struct thread_matrix *)observer;
}

/* The name that the group's threads have, "" for none. As in the trace: not cleaned. */
const char *thread_matrix_name(const struct thread_matrix *matrix,
                               const struct thread_group *group);

#endif
