/* What a program did wrong with memory, as its frees tell: occurrences by what they have in common,
 * with the first one as an example.
 *
 * Errors have contexts of other traces, too, where a process frees what its parent allocated.
 */
#ifndef MT_MODEL_ERRORS_H
#define MT_MODEL_ERRORS_H

#include "trace/trace.h"
#include "util/id_map.h"
#include "util/list.h"

enum memory_error_kind {
    MEMORY_DOUBLE_FREE,     /* of a block that a recorded free had ended */
    MEMORY_INVALID_FREE,    /* of an address where no block begins */
    MEMORY_MISMATCHED_FREE, /* by another family of functions than the allocation's */
    MEMORY_ERROR_KINDS,
};

/* A context of a trace; without a trace it is not known. */
struct origin {
    const struct trace *trace;
    uint32_t context;
};

struct memory_error {
    enum memory_error_kind kind;
    struct origin allocated_at; /* of what was freed; of an inner pointer, the block around it */
    struct origin freed_at;
    struct origin first_freed_at; /* of a double free */
    bool inner;                   /* an invalid free within a live block */

    /* Of the first occurrence: */
    uint64_t address;
    uint64_t block;  /* address of the block; of another invalid free: 0 */
    uint64_t size;   /* of the block, if it is known where it was allocated */
    uint64_t ticks;  /* of the free */
    uint32_t stream; /* its thread's */

    uint64_t count;
};

/* Distinct errors that are told apart; the others are counted only. */
enum { MT_ERRORS_KEPT = 4096 };

struct errors {
    MT_LIST(struct memory_error) list;
    struct id_map of_key;
    uint64_t counts[MEMORY_ERROR_KINDS]; /* occurrences, of all errors */
};

/* Counts an occurrence: one of an error that is known, or the first of another. Without memory for
 * that it is only counted. */
void errors_add(struct errors *errors, const struct memory_error *occurrence);
void errors_free(struct errors *errors);

#endif
