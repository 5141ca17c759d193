/* The entry points that rewritten calls reach: the program's own function is called, then or before
 * that the event recorded. They add nothing the program could see: no errno, no failure, no
 * exception of their own; one that operator new throws passes through.
 *
 * Time stamps: after the allocator returned, before a deallocation. See docs/trace-format.md.
 */
#include "entry.h"

#include "callee.h"
#include "compiler.h"
#include "memtrack/abi.h"
#include "record.h"
#include "sites.h"

#include <stddef.h>
#include <string.h>
#include <wchar.h>

/* The address of the site, and perhaps MT_SITE_LINKED. */
typedef uintptr_t site_pointer;

#define LIST(...) __VA_ARGS__

/* An entry point of which `call` is the last parameter. Its body is compiled twice: for `direct`,
 * which tells of nothing it does, and, out of the way, for NULL: the program's function in a guard.
 */
#define ENTRY(type, name, parameters, arguments)                                                   \
    MT_INLINE type name##_body(const void *direct, LIST parameters);                               \
    static MT_COLD type name##_slow parameters {                                                   \
        const void *direct = mt_callee_resolve(call);                                              \
                                                                                                   \
        return direct ? name##_body(direct, LIST arguments) : name##_body(NULL, LIST arguments);   \
    }                                                                                              \
    MT_EXPORT type __memtrack_##name parameters;                                                   \
    MT_EXPORT type __memtrack_##name parameters {                                                  \
        const void *direct = mt_callee_direct(call);                                               \
                                                                                                   \
        if (MT_UNLIKELY((uintptr_t)direct <= (uintptr_t)MT_CALLEE_GUARDED))                        \
            return name##_slow arguments;                                                          \
        return name##_body(direct, LIST arguments);                                                \
    }                                                                                              \
    MT_INLINE type name##_body(const void *direct, LIST parameters)

#define DIRECT(...) ((__typeof__(__VA_ARGS__) *)direct)
#define TARGET (mt_callee_cell(call)->target)

/* Calls what the program called. `type` is that of the function. */
#define OBTAIN(releasing, type, arguments)                                                         \
    (direct ? (void *)DIRECT(LIST type) arguments                                                  \
            : (void *)mt_guard_call(TARGET, releasing, MT_GUARD_WORDS arguments))

/* An entry point that ends `memory`. The event comes first, so that nothing has to be kept over it.
 */
#define RELEASE(name, type, parameters, arguments)                                                 \
    static MT_COLD void name##_slow(LIST parameters, site_pointer call) {                          \
        const void *direct = mt_callee_resolve(call);                                              \
                                                                                                   \
        if (direct)                                                                                \
            DIRECT(LIST type) arguments;                                                           \
        else                                                                                       \
            mt_guard_call(TARGET, memory, MT_GUARD_WORDS arguments);                               \
    }                                                                                              \
    MT_EXPORT void __memtrack_##name(LIST parameters, site_pointer call);                          \
    MT_EXPORT void __memtrack_##name(LIST parameters, site_pointer call) {                         \
        const void *direct;                                                                        \
                                                                                                   \
        mt_entry_freeing(memory, call);                                                            \
        direct = mt_callee_direct(call);                                                           \
        if (MT_UNLIKELY((uintptr_t)direct <= (uintptr_t)MT_CALLEE_GUARDED))                        \
            name##_slow(LIST arguments, call);                                                     \
        else                                                                                       \
            DIRECT(LIST type) arguments;                                                           \
    }

void *mt_entry_reallocated(void *old, uint64_t before, void *memory, size_t size, uintptr_t call) {
    if (!old)
        return mt_entry_allocated(memory, size, call);
    if (MT_LIKELY(memory && mt_record_state() == MT_RECORDING_ALL))
        return mt_record_realloc(memory, size, call, old, before);
    if (mt_record_state() < MT_RECORDING_OFF)
        return mt_sample_reallocated(old, before, memory, size, call);
    if (mt_record_enabled() && (memory || size == 0))
        mt_record_events(&(struct mt_event){MT_OP_FREE, old, 0, call, before}, 1);
    return memory;
}

ENTRY(void *, malloc, (size_t size, site_pointer call), (size, call)) {
    return mt_entry_allocated(OBTAIN(NULL, (void *(size_t)), (size)), size, call);
}

ENTRY(void *, calloc, (size_t count, size_t size, site_pointer call), (count, size, call)) {
    return mt_entry_allocated(OBTAIN(NULL, (void *(size_t, size_t)), (count, size)), count * size,
                              call);
}

/* Of an old block: apart, so that the other case, which is an allocation, needs less stack. */
static __attribute__((noinline)) void *reallocate(void *old, size_t size, site_pointer call,
                                                  const void *direct) {
    uint64_t before;
    void *memory;

    if (MT_UNLIKELY(!mt_record_enabled()))
        return OBTAIN(old, (void *(void *, size_t)), (old, size));
    before = mt_entry_reallocating(old);
    memory = OBTAIN(old, (void *(void *, size_t)), (old, size));
    return mt_entry_reallocated(old, before, memory, size, call);
}

ENTRY(void *, realloc, (void *old, size_t size, site_pointer call), (old, size, call)) {
    if (old)
        return reallocate(old, size, call, direct);
    return mt_entry_allocated(OBTAIN(old, (void *(void *, size_t)), (old, size)), size, call);
}

ENTRY(void *, reallocarray, (void *old, size_t count, size_t size, site_pointer call),
      (old, count, size, call)) {
    uint64_t before = mt_entry_reallocating(old);
    void *memory = OBTAIN(old, (void *(void *, size_t, size_t)), (old, count, size));
    size_t bytes;

    /* An overflow fails, whatever the product happens to be. */
    if (!memory && __builtin_mul_overflow(count, size, &bytes))
        return mt_entry_reallocated(old, before, NULL, SIZE_MAX, call);
    return mt_entry_reallocated(old, before, memory, count * size, call);
}

ENTRY(void *, aligned_alloc, (size_t alignment, size_t size, site_pointer call),
      (alignment, size, call)) {
    return mt_entry_allocated(OBTAIN(NULL, (void *(size_t, size_t)), (alignment, size)), size,
                              call);
}

ENTRY(int, posix_memalign, (void **memory, size_t alignment, size_t size, site_pointer call),
      (memory, alignment, size, call)) {
    int error = direct ? DIRECT(int(void **, size_t, size_t))(memory, alignment, size)
                       : mt_guard_call_posix_memalign(TARGET, memory, alignment, size);

    if (error == 0)
        mt_entry_allocated(*memory, size, call);
    return error;
}

ENTRY(void *, strdup, (const char *string, site_pointer call), (string, call)) {
    char *copy = OBTAIN(NULL, (char *(const char *)), (string));

    return copy ? mt_entry_allocated(copy, strlen(copy) + 1, call) : NULL;
}

ENTRY(void *, strndup, (const char *string, size_t length, site_pointer call),
      (string, length, call)) {
    char *copy = OBTAIN(NULL, (char *(const char *, size_t)), (string, length));

    return copy ? mt_entry_allocated(copy, strlen(copy) + 1, call) : NULL;
}

ENTRY(void *, wcsdup, (const wchar_t *string, site_pointer call), (string, call)) {
    wchar_t *copy = OBTAIN(NULL, (wchar_t * (const wchar_t *)), (string));

    return copy ? mt_entry_allocated(copy, (wcslen(copy) + 1) * sizeof *copy, call) : NULL;
}

RELEASE(free, (void(void *)), (void *memory), (memory))

/* operator new and delete. References and std::align_val_t are passed as pointers and size_t. */

ENTRY(void *, new_nothrow, (size_t size, const void *nothrow, site_pointer call),
      (size, nothrow, call)) {
    return mt_entry_allocated(OBTAIN(NULL, (void *(size_t, const void *)), (size, nothrow)), size,
                              call);
}

ENTRY(void *, new_aligned, (size_t size, size_t alignment, site_pointer call),
      (size, alignment, call)) {
    return mt_entry_allocated(OBTAIN(NULL, (void *(size_t, size_t)), (size, alignment)), size,
                              call);
}

ENTRY(void *, new_aligned_nothrow,
      (size_t size, size_t alignment, const void *nothrow, site_pointer call),
      (size, alignment, nothrow, call)) {
    return mt_entry_allocated(
        OBTAIN(NULL, (void *(size_t, size_t, const void *)), (size, alignment, nothrow)), size,
        call);
}

RELEASE(delete_nothrow, (void(void *, const void *)), (void *memory, const void *nothrow),
        (memory, nothrow))
RELEASE(delete_sized, (void(void *, size_t)), (void *memory, size_t size), (memory, size))
RELEASE(delete_sized_aligned, (void(void *, size_t, size_t)),
        (void *memory, size_t size, size_t alignment), (memory, size, alignment))
RELEASE(delete_aligned_nothrow, (void(void *, size_t, const void *)),
        (void *memory, size_t alignment, const void *nothrow), (memory, alignment, nothrow))

/* Around the body of a program's own operator new or malloc, placed by the pass. What it allocates
 * in turn is the same memory at another level. Where a rewritten call led there, that is the event;
 * else see guard.c. */

MT_EXPORT void __memtrack_enter_allocator(void);
MT_EXPORT void __memtrack_leave_allocator(void);

MT_EXPORT void __memtrack_enter_allocator(void) {
    struct mt_local *local = &mt_local;

    if (local->busy < MT_LOCAL_OWN) {
        local->own_frame = mt_stack_pointer();
        local->own_address = __builtin_return_address(0);
    }
    local->busy += MT_LOCAL_OWN;
}

MT_EXPORT void __memtrack_leave_allocator(void) {
    if (mt_local.busy >= MT_LOCAL_OWN)
        mt_local.busy -= MT_LOCAL_OWN;
}
