/* The entry points that rewritten calls reach: the program's own function is called, then or before
 * that the event recorded. They add nothing the program could see: no errno, no failure, no
 * exception of their own; one that operator new throws passes through.
 *
 * Time stamps: after the allocator returned, before a deallocation. See docs/trace-format.md.
 */
#include "compiler.h"
#include "memtrack/abi.h"
#include "record.h"
#include "sites.h"

#include <stddef.h>
#include <string.h>
#include <wchar.h>

/* The address of the site, and perhaps MT_SITE_LINKED. */
typedef uintptr_t site_pointer;

/* Every site of these has a callee. */
#define CALLEE(site, ...) ((__typeof__(__VA_ARGS__) *)callee_of(site))

#define INLINE static inline __attribute__((always_inline))

INLINE const void *callee_of(site_pointer call) {
    const struct memtrack_site *site = (const void *)(call & ~(uintptr_t)MT_SITE_LINKED);

    return (const char *)&site->callee + site->callee;
}

INLINE void *allocated(void *memory, size_t size, site_pointer site) {
    if (MT_LIKELY(memory && mt_record_enabled()))
        return mt_record_alloc(memory, size, site);
    return memory;
}

INLINE void freeing(void *memory, site_pointer site) {
    if (MT_LIKELY(memory && mt_record_enabled()))
        mt_record_free(memory, site, mt_clock_ticks());
}

static __attribute__((noinline)) void *reallocated(void *old, uint64_t before, void *memory,
                                                   size_t size, site_pointer site) {
    if (!mt_record_enabled())
        return memory;
    if (!old)
        return allocated(memory, size, site);
    if (MT_LIKELY(memory != NULL))
        return mt_record_realloc(memory, size, site, old, before);
    if (size == 0)
        mt_record_free(old, site, before);
    return memory;
}

#define ENTRY(type, name, ...)                                                                     \
    MT_EXPORT type __memtrack_##name(__VA_ARGS__);                                                 \
    MT_EXPORT type __memtrack_##name(__VA_ARGS__)

ENTRY(void *, malloc, size_t size, site_pointer site) {
    return allocated(CALLEE(site, void *(size_t))(size), size, site);
}

ENTRY(void *, calloc, size_t count, size_t size, site_pointer site) {
    return allocated(CALLEE(site, void *(size_t, size_t))(count, size), count * size, site);
}

static __attribute__((noinline)) void *realloc_block(void *old, size_t size, site_pointer site) {
    uint64_t before = mt_clock_ticks();

    return reallocated(old, before, CALLEE(site, void *(void *, size_t))(old, size), size, site);
}

ENTRY(void *, realloc, void *old, size_t size, site_pointer site) {
    if (MT_UNLIKELY(!mt_record_enabled()))
        return CALLEE(site, void *(void *, size_t))(old, size);
    if (old)
        return realloc_block(old, size, site);
    return allocated(CALLEE(site, void *(void *, size_t))(NULL, size), size, site);
}

ENTRY(void *, reallocarray, void *old, size_t count, size_t size, site_pointer site) {
    uint64_t before = old ? mt_clock_ticks() : 0;
    void *memory = CALLEE(site, void *(void *, size_t, size_t))(old, count, size);
    size_t bytes;

    /* An overflow fails, whatever the product happens to be. */
    if (!memory && __builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return reallocated(old, before, memory, count * size, site);
}

ENTRY(void *, aligned_alloc, size_t alignment, size_t size, site_pointer site) {
    return allocated(CALLEE(site, void *(size_t, size_t))(alignment, size), size, site);
}

ENTRY(int, posix_memalign, void **memory, size_t alignment, size_t size, site_pointer site) {
    int error = CALLEE(site, int(void **, size_t, size_t))(memory, alignment, size);

    if (error == 0)
        allocated(*memory, size, site);
    return error;
}

ENTRY(void *, strdup, const char *string, site_pointer site) {
    char *copy = CALLEE(site, char *(const char *))(string);

    return copy ? allocated(copy, strlen(copy) + 1, site) : NULL;
}

ENTRY(void *, strndup, const char *string, size_t length, site_pointer site) {
    char *copy = CALLEE(site, char *(const char *, size_t))(string, length);

    return copy ? allocated(copy, strlen(copy) + 1, site) : NULL;
}

ENTRY(void *, wcsdup, const wchar_t *string, site_pointer site) {
    wchar_t *copy = CALLEE(site, wchar_t * (const wchar_t *))(string);

    return copy ? allocated(copy, (wcslen(copy) + 1) * sizeof *copy, site) : NULL;
}

ENTRY(void, free, void *memory, site_pointer site) {
    freeing(memory, site);
    CALLEE(site, void(void *))(memory);
}

/* operator new and delete. References and std::align_val_t are passed as pointers and size_t. */

ENTRY(void *, new_nothrow, size_t size, const void *nothrow, site_pointer site) {
    return allocated(CALLEE(site, void *(size_t, const void *))(size, nothrow), size, site);
}

ENTRY(void *, new_aligned, size_t size, size_t alignment, site_pointer site) {
    return allocated(CALLEE(site, void *(size_t, size_t))(size, alignment), size, site);
}

ENTRY(void *, new_aligned_nothrow, size_t size, size_t alignment, const void *nothrow,
      site_pointer site) {
    return allocated(CALLEE(site, void *(size_t, size_t, const void *))(size, alignment, nothrow),
                     size, site);
}

ENTRY(void, delete_nothrow, void *memory, const void *nothrow, site_pointer site) {
    freeing(memory, site);
    CALLEE(site, void(void *, const void *))(memory, nothrow);
}

ENTRY(void, delete_sized, void *memory, size_t size, site_pointer site) {
    freeing(memory, site);
    CALLEE(site, void(void *, size_t))(memory, size);
}

ENTRY(void, delete_sized_aligned, void *memory, size_t size, size_t alignment, site_pointer site) {
    freeing(memory, site);
    CALLEE(site, void(void *, size_t, size_t))(memory, size, alignment);
}

ENTRY(void, delete_aligned_nothrow, void *memory, size_t alignment, const void *nothrow,
      site_pointer site) {
    freeing(memory, site);
    CALLEE(site, void(void *, size_t, const void *))(memory, alignment, nothrow);
}

/* Around the body of a program's own operator new or malloc, placed by the pass. What it allocates
 * in turn is the same memory at another level: the outer call is the event. */

ENTRY(void, enter_allocator, void) {
    mt_local.busy += MT_LOCAL_INSIDE;
}

ENTRY(void, leave_allocator, void) {
    mt_local.busy -= MT_LOCAL_INSIDE;
}
