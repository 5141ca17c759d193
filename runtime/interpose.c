/* The allocator's public symbols: what code that is not instrumented calls, directly, by a pointer,
 * or from inside libc and other libraries. The same event path as for entry.c, with the return
 * address in the place of a site. Only in the shared library.
 *
 * May be the first of the runtime that runs in a process or thread, and the last. */
#define _GNU_SOURCE
#include "arena.h"
#include "compiler.h"
#include "entry.h"
#include "foreign.h"
#include "guard.h"
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#define CALL(api) mt_call_foreign(__builtin_return_address(0), MT_API_##api)

#define EXPORT(type, name, symbol, ...)                                                            \
    MT_EXPORT type symbol(__VA_ARGS__) __attribute__((alias("mt_interposed_" #name)));             \
    type mt_interposed_##name(__VA_ARGS__)

/* Call a real function. */
#define OBTAIN(nests, releasing, function, ...)                                                    \
    (MT_UNLIKELY(nests)                                                                            \
         ? (void *)mt_guard_call((const void *)function, releasing, MT_GUARD_WORDS(__VA_ARGS__))   \
         : function(__VA_ARGS__))
#define RELEASE(nests, memory, function, ...)                                                      \
    do {                                                                                           \
        if (MT_UNLIKELY(nests))                                                                    \
            mt_guard_call((const void *)function, memory, MT_GUARD_WORDS(__VA_ARGS__));            \
        else                                                                                       \
            function(__VA_ARGS__);                                                                 \
    } while (0)

/* What the C library allocates for the runtime; NULL if this is not for that. */
MT_INLINE void *for_runtime(size_t size, size_t alignment) {
    return MT_UNLIKELY(mt_local.busy & MT_LOCAL_QUIET) ? mt_arena_take(size, alignment) : NULL;
}

MT_INLINE void *allocated(void *memory, size_t size, uintptr_t call) {
    return MT_UNLIKELY(mt_arena_has(memory)) ? memory : mt_entry_allocated(memory, size, call);
}

EXPORT(void *, malloc, malloc, size_t size) {
    void *memory = for_runtime(size, 1);

    return memory
               ? memory
               : allocated(OBTAIN(mt_real_nests, NULL, mt_real.malloc, size), size, CALL(MALLOC));
}

EXPORT(void *, calloc, calloc, size_t count, size_t size) {
    size_t bytes;
    void *memory =
        __builtin_mul_overflow(count, size, &bytes) ? NULL : for_runtime(count * size, 1);

    return memory ? memory
                  : allocated(OBTAIN(mt_real_nests, NULL, mt_real.calloc, count, size),
                              count * size, CALL(MALLOC));
}

/* Out of the arena into real memory, or within it. */
static MT_COLD void *move(void *old, size_t size, uintptr_t call) {
    void *memory = for_runtime(size, 1);
    size_t before = mt_arena_size(old);

    if (!memory)
        memory = allocated(OBTAIN(mt_real_nests, NULL, mt_real.malloc, size), size, call);
    if (!memory)
        return NULL;
    memcpy(memory, old, before < size ? before : size);
    mt_arena_give(old);
    return memory;
}

static void *reallocate(void *old, size_t size, uintptr_t call) {
    uint64_t before;
    void *memory;

    if (!old && (memory = for_runtime(size, 1)))
        return memory;
    if (MT_UNLIKELY(mt_arena_has(old)))
        return move(old, size, call);
    before = mt_entry_reallocating(old);
    memory = OBTAIN(mt_real_nests, old, mt_real.realloc, old, size);
    return MT_UNLIKELY(mt_arena_has(memory))
               ? memory
               : mt_entry_reallocated(old, before, memory, size, call);
}

EXPORT(void *, realloc, realloc, void *old, size_t size) {
    return reallocate(old, size, CALL(MALLOC));
}

EXPORT(void *, reallocarray, reallocarray, void *old, size_t count, size_t size) {
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocate(old, bytes, CALL(MALLOC));
}

EXPORT(void, free, free, void *memory) {
    if (MT_UNLIKELY(mt_arena_has(memory))) {
        mt_arena_give(memory);
        return;
    }
    mt_entry_freeing(memory, CALL(MALLOC));
    RELEASE(mt_real_nests, memory, mt_real.free, memory);
}

EXPORT(int, posix_memalign, posix_memalign, void **memory, size_t alignment, size_t size) {
    int error = MT_UNLIKELY(mt_real_nests)
                    ? mt_guard_call_posix_memalign((const void *)mt_real.posix_memalign, memory,
                                                   alignment, size)
                    : mt_real.posix_memalign(memory, alignment, size);

    if (error == 0)
        allocated(*memory, size, CALL(MALLOC));
    return error;
}

#define ALIGNED(name)                                                                              \
    EXPORT(void *, name, name, size_t alignment, size_t size) {                                    \
        void *memory = for_runtime(size, alignment);                                               \
                                                                                                   \
        return memory ? memory                                                                     \
                      : allocated(OBTAIN(mt_real_nests, NULL, mt_real.name, alignment, size),      \
                                  size, CALL(MALLOC));                                             \
    }
ALIGNED(aligned_alloc)
ALIGNED(memalign)

#define PAGES(name)                                                                                \
    EXPORT(void *, name, name, size_t size) {                                                      \
        return allocated(OBTAIN(mt_real_nests, NULL, mt_real.name, size), size, CALL(MALLOC));     \
    }
PAGES(valloc)
PAGES(pvalloc)

#define NEW_ONE(api, name, ...)                                                                    \
    {                                                                                              \
        return allocated(OBTAIN(mt_real_operators_nest, NULL, mt_real.name, __VA_ARGS__), size,    \
                         CALL(api));                                                               \
    }
#define NEW(name, symbol, api)                                                                     \
    EXPORT(void *, name, symbol, size_t size)                                                      \
    NEW_ONE(api, name, size)                                                                       \
    EXPORT(void *, name##_nothrow, symbol##RKSt9nothrow_t, size_t size, const void *nothrow)       \
    NEW_ONE(api, name##_nothrow, size, nothrow)                                                    \
    EXPORT(void *, name##_aligned, symbol##St11align_val_t, size_t size, size_t alignment)         \
    NEW_ONE(api, name##_aligned, size, alignment)                                                  \
    EXPORT(void *, name##_aligned_nothrow, symbol##St11align_val_tRKSt9nothrow_t, size_t size,     \
           size_t alignment, const void *nothrow)                                                  \
    NEW_ONE(api, name##_aligned_nothrow, size, alignment, nothrow)
NEW(new, _Znwm, NEW)
NEW(new_array, _Znam, NEW_ARRAY)

/* clang-format off: it takes the sequence for one declaration. */
#define DELETE_ONE(api, name, ...)                                                                 \
    {                                                                                              \
        mt_entry_freeing(memory, CALL(api));                                                       \
        RELEASE(mt_real_operators_nest, memory, mt_real.name, __VA_ARGS__);                        \
    }
#define DELETE(name, symbol, api)                                                                  \
    EXPORT(void, name, symbol, void *memory)                                                       \
    DELETE_ONE(api, name, memory)                                                                  \
    EXPORT(void, name##_nothrow, symbol##RKSt9nothrow_t, void *memory, const void *nothrow)        \
    DELETE_ONE(api, name##_nothrow, memory, nothrow)                                               \
    EXPORT(void, name##_sized, symbol##m, void *memory, size_t size)                               \
    DELETE_ONE(api, name##_sized, memory, size)                                                    \
    EXPORT(void, name##_aligned, symbol##St11align_val_t, void *memory, size_t alignment)          \
    DELETE_ONE(api, name##_aligned, memory, alignment)                                             \
    EXPORT(void, name##_sized_aligned, symbol##mSt11align_val_t, void *memory, size_t size,        \
           size_t alignment)                                                                       \
    DELETE_ONE(api, name##_sized_aligned, memory, size, alignment)                                 \
    EXPORT(void, name##_aligned_nothrow, symbol##St11align_val_tRKSt9nothrow_t, void *memory,      \
           size_t alignment, const void *nothrow)                                                  \
    DELETE_ONE(api, name##_aligned_nothrow, memory, alignment, nothrow)
/* clang-format on */
DELETE(delete, _ZdlPv, NEW)
DELETE(delete_array, _ZdaPv, NEW_ARRAY)

/* What is unloaded makes room for other code at the same addresses. */
MT_EXPORT int dlclose(void *object) {
    static int (*next)(void *);
    int (*function)(void *) = __atomic_load_n(&next, __ATOMIC_RELAXED);
    int result;

    if (!function) {
        *(void **)&function = dlsym(RTLD_NEXT, "dlclose");
        __atomic_store_n(&next, function, __ATOMIC_RELAXED);
    }
    result = function(object);
    mt_foreign_forget_unloaded();
    return result;
}
