/* The truth about a program's memory, kept by the program itself: what each of its functions
 * allocated, and what is to be found about it. It is printed as JSON, for check.py to compare.
 *
 * A function that allocates says so through these macros, so that the call is its own. They may be
 * used by any thread.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

struct truth {
    const char *function;
    const char *finding; /* kind; NULL: none */
    bool counted;        /* through the macros alone; else there is no evidence */
    /* Of the report. */
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees;
    uint64_t live;
    uint64_t blocks;
    uint64_t at_peak;
    uint64_t at_mark; /* when the second half began */
    uint64_t temporary;
    double lifetime_ns; /* sum */
    uint64_t sizes[48]; /* allocations by the bits that the size takes */
    /* Of findings. */
    uint64_t plain_temporary; /* those that no realloc ended */
    uint64_t plain_temporary_bytes;
    uint64_t cross_frees;
    uint64_t growths;
    uint64_t moved;
    uint64_t copied_bytes;
    uint64_t shrunk;
    uint64_t given_back_bytes;
    uint64_t indirect_bytes; /* of what is unreachable */
};

/* The calling thread's number in the truth, and as its name has it: "worker 1". The first one's is
 * 0. */
void truth_name_thread(unsigned number);

/* The second half of the run begins: a phase, also for MemTrack. */
void truth_second_half(void);

/* A function's truth; `finding` is what is planted in it. */
#ifdef __cplusplus
#define TRUTH(name, kind) static struct truth name##_truth = {#name, kind, true}
#else
#define TRUTH(name, kind)                                                                          \
    static struct truth name##_truth = {.function = #name, .finding = kind, .counted = true}
#endif

/* Takes it into account; unless this is called, the function is not expected at all. */
void truth_expect(struct truth *truth);

/* Clears the block, so that it has no old pointers. */
void truth_allocated(struct truth *truth, void *block, size_t size);
void truth_freed(void *block);
void truth_reallocated(struct truth *truth, void *old, void *block, size_t size);

/* The new block is what the old one was, larger; both are live. */
void truth_replaced(struct truth *truth, void *old, size_t old_size);

/* What containers do, which no macro sees. Then there may be more of that, so that the peak is not
 * known. */
void truth_count(struct truth *truth, uint64_t allocations, uint64_t bytes, uint64_t frees,
                 uint64_t freed_bytes);

/* To standard output; allocates nothing. */
void truth_print(void);

#define TRUTH_MALLOC(truth, size)                                                                  \
    ({                                                                                             \
        size_t size_ = (size);                                                                     \
        void *block_ = malloc(size_);                                                              \
        truth_allocated(truth, block_, size_);                                                     \
        block_;                                                                                    \
    })
#define TRUTH_REALLOC(truth, block, size)                                                          \
    ({                                                                                             \
        void *old_ = (block);                                                                      \
        size_t size_ = (size);                                                                     \
        void *new_ = realloc(old_, size_);                                                         \
        truth_reallocated(truth, old_, new_, size_);                                               \
        new_;                                                                                      \
    })
/* C++ */
#define TRUTH_NEW(truth, type)                                                                     \
    ({                                                                                             \
        type *block_ = new type;                                                                   \
        truth_allocated(truth, block_, sizeof(type));                                              \
        block_;                                                                                    \
    })
#define TRUTH_DELETE(block)                                                                        \
    do {                                                                                           \
        auto *gone_ = (block);                                                                     \
        truth_freed(gone_);                                                                        \
        delete gone_;                                                                              \
    } while (0)
#define TRUTH_FREE(block)                                                                          \
    do {                                                                                           \
        void *gone_ = (block);                                                                     \
        truth_freed(gone_);                                                                        \
        free(gone_);                                                                               \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
