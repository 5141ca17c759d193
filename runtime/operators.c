/* operator new and delete as the runtime does them in the place of the standard library's, which
 * are known: on the real malloc and free. Where there is no memory, theirs are called, so that the
 * program's new-handler is asked and the exception is theirs. Only in the shared library. */
#include "compiler.h"
#include "guard.h"
#include "real.h"

#include <stdint.h>

static void *aligned(size_t size, size_t alignment);

/* As operator new does: the new-handler makes room, throws, or ends the program. What it allocates
 * or frees is the program's. */
static void *ask_handler(size_t size, size_t alignment) {
    void (*(*get_handler)(void))(void), (*handler)(void);
    void *memory = NULL;

    *(void **)&get_handler =
        mt_real_next_operator("_ZSt15get_new_handlerv", (const void *)mt_interposed_new);
    while (get_handler && !memory && (handler = get_handler())) {
        handler();
        memory = alignment ? aligned(size, alignment) : mt_real.malloc(size ? size : 1);
    }
    return memory;
}

/* The standard library's throws, or returns NULL. `alignment` and `nothrow` say which one it is;
 * that without exceptions has to catch what the handler throws, too. */
static MT_COLD void *ask_next(const char *symbol, const void *own, size_t size, size_t alignment,
                              const void *nothrow) {
    void *memory = nothrow ? NULL : ask_handler(size, alignment);
    void *function = memory ? NULL : mt_real_next_operator(symbol, own);

    if (!function)
        return memory;
    return (void *)(alignment
                        ? mt_guard_call(function, NULL, MT_GUARD_WORDS(size, alignment, nothrow))
                        : mt_guard_call(function, NULL, MT_GUARD_WORDS(size, nothrow)));
}

static void *aligned(size_t size, size_t alignment) {
    size_t rounded;

    /* What is no alignment is theirs to refuse. */
    if (!alignment || alignment & (alignment - 1))
        return NULL;
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    if (!size)
        size = 1;
    if (__builtin_add_overflow(size, alignment - 1, &rounded))
        return NULL;
    return mt_real.aligned_alloc(alignment, rounded & ~(alignment - 1));
}

#define NEW(name, symbol)                                                                          \
    void *mt_operator_##name(size_t size) {                                                        \
        void *memory = mt_real.malloc(size ? size : 1);                                            \
                                                                                                   \
        return MT_LIKELY(memory)                                                                   \
                   ? memory                                                                        \
                   : ask_next(symbol, (const void *)mt_interposed_##name, size, 0, NULL);          \
    }                                                                                              \
    void *mt_operator_##name##_nothrow(size_t size, const void *nothrow) {                         \
        void *memory = mt_real.malloc(size ? size : 1);                                            \
                                                                                                   \
        return MT_LIKELY(memory)                                                                   \
                   ? memory                                                                        \
                   : ask_next(symbol "RKSt9nothrow_t",                                             \
                              (const void *)mt_interposed_##name##_nothrow, size, 0, nothrow);     \
    }                                                                                              \
    void *mt_operator_##name##_aligned(size_t size, size_t alignment) {                            \
        void *memory = aligned(size, alignment);                                                   \
                                                                                                   \
        return MT_LIKELY(memory) ? memory                                                          \
                                 : ask_next(symbol "St11align_val_t",                              \
                                            (const void *)mt_interposed_##name##_aligned, size,    \
                                            alignment, NULL);                                      \
    }                                                                                              \
    void *mt_operator_##name##_aligned_nothrow(size_t size, size_t alignment,                      \
                                               const void *nothrow) {                              \
        void *memory = aligned(size, alignment);                                                   \
                                                                                                   \
        return MT_LIKELY(memory) ? memory                                                          \
                                 : ask_next(symbol "St11align_val_tRKSt9nothrow_t",                \
                                            (const void *)mt_interposed_##name##_aligned_nothrow,  \
                                            size, alignment, nothrow);                             \
    }

NEW(new, "_Znwm")
NEW(new_array, "_Znam")

#define DELETE(name)                                                                               \
    void mt_operator_##name(void *memory) {                                                        \
        mt_real.free(memory);                                                                      \
    }                                                                                              \
    void mt_operator_##name##_nothrow(void *memory, const void *nothrow) {                         \
        (void)nothrow;                                                                             \
        mt_real.free(memory);                                                                      \
    }                                                                                              \
    void mt_operator_##name##_sized(void *memory, size_t size) {                                   \
        (void)size;                                                                                \
        mt_real.free(memory);                                                                      \
    }                                                                                              \
    void mt_operator_##name##_aligned(void *memory, size_t alignment) {                            \
        (void)alignment;                                                                           \
        mt_real.free(memory);                                                                      \
    }                                                                                              \
    void mt_operator_##name##_sized_aligned(void *memory, size_t size, size_t alignment) {         \
        (void)size;                                                                                \
        (void)alignment;                                                                           \
        mt_real.free(memory);                                                                      \
    }                                                                                              \
    void mt_operator_##name##_aligned_nothrow(void *memory, size_t alignment,                      \
                                              const void *nothrow) {                               \
        (void)alignment;                                                                           \
        (void)nothrow;                                                                             \
        mt_real.free(memory);                                                                      \
    }

DELETE(delete)
DELETE(delete_array)
