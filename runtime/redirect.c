/* Only in the shared library. What an entry led to before is called in a guard, as a rewritten call
 * of it is: the event is that of the outermost call, whoever made it. */
#define _GNU_SOURCE
#include "redirect.h"

#include "arena.h"
#include "compiler.h"
#include "entry.h"
#include "guard.h"
#include "hidden.h"
#include "real.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#define IS_ENTRY(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#else
#define IS_ENTRY(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#endif

#define CALL(api) mt_call_foreign(__builtin_return_address(0), MT_API_##api)

/* What the public symbols lead to; NULL where that is the interposed function. */
static struct mt_real targets;

/* What the C library allocates for the runtime is no event, and nor is its end. */
static void *allocated(void *memory, size_t size, uintptr_t call) {
    if (MT_UNLIKELY(mt_local.busy & MT_LOCAL_QUIET) && memory) {
        mt_hidden_add(memory);
        return memory;
    }
    return mt_entry_allocated(memory, size, call);
}

#define OBTAIN(name, releasing, ...)                                                               \
    (void *)mt_guard_call((const void *)targets.name, releasing, MT_GUARD_WORDS(__VA_ARGS__))

#define ALLOCATE(api, name, bytes, parameters, ...)                                                \
    static void *redirected_##name parameters {                                                    \
        return allocated(OBTAIN(name, NULL, __VA_ARGS__), bytes, CALL(api));                       \
    }
#define RELEASE(api, name, parameters, ...)                                                        \
    static void redirected_##name parameters {                                                     \
        mt_entry_freeing(memory, CALL(api));                                                       \
        (void)OBTAIN(name, memory, __VA_ARGS__);                                                   \
    }

ALLOCATE(MALLOC, malloc, size, (size_t size), size)
ALLOCATE(MALLOC, calloc, count *size, (size_t count, size_t size), count, size)
ALLOCATE(MALLOC, aligned_alloc, size, (size_t alignment, size_t size), alignment, size)
ALLOCATE(MALLOC, memalign, size, (size_t alignment, size_t size), alignment, size)
ALLOCATE(MALLOC, valloc, size, (size_t size), size)
ALLOCATE(MALLOC, pvalloc, size, (size_t size), size)

static void *redirected_realloc(void *old, size_t size) {
    uint64_t before = mt_entry_reallocating(old);
    void *memory = OBTAIN(realloc, old, old, size);

    return old ? mt_entry_reallocated(old, before, memory, size, CALL(MALLOC))
               : allocated(memory, size, CALL(MALLOC));
}

static void *redirected_reallocarray(void *old, size_t count, size_t size) {
    uint64_t before = mt_entry_reallocating(old);
    void *memory = OBTAIN(reallocarray, old, old, count, size);
    size_t bytes;

    if (!memory && __builtin_mul_overflow(count, size, &bytes))
        return mt_entry_reallocated(old, before, NULL, SIZE_MAX, CALL(MALLOC));
    return mt_entry_reallocated(old, before, memory, count * size, CALL(MALLOC));
}

static int redirected_posix_memalign(void **memory, size_t alignment, size_t size) {
    int error =
        mt_guard_call_posix_memalign((const void *)targets.posix_memalign, memory, alignment, size);

    if (error == 0)
        allocated(*memory, size, CALL(MALLOC));
    return error;
}

/* What the arena gave was asked for when the symbols were the runtime's. */
static void redirected_free(void *memory) {
    if (MT_UNLIKELY(mt_arena_has(memory))) {
        mt_arena_give(memory);
        return;
    }
    mt_entry_freeing(memory, CALL(MALLOC));
    (void)OBTAIN(free, memory, memory);
}

#define NEW(name, api)                                                                             \
    ALLOCATE(api, name, size, (size_t size), size)                                                 \
    ALLOCATE(api, name##_nothrow, size, (size_t size, const void *nothrow), size, nothrow)         \
    ALLOCATE(api, name##_aligned, size, (size_t size, size_t alignment), size, alignment)          \
    ALLOCATE(api, name##_aligned_nothrow, size,                                                    \
             (size_t size, size_t alignment, const void *nothrow), size, alignment, nothrow)
NEW(new, NEW)
NEW(new_array, NEW_ARRAY)

#define DELETE(name, api)                                                                          \
    RELEASE(api, name, (void *memory), memory)                                                     \
    RELEASE(api, name##_nothrow, (void *memory, const void *nothrow), memory, nothrow)             \
    RELEASE(api, name##_sized, (void *memory, size_t size), memory, size)                          \
    RELEASE(api, name##_aligned, (void *memory, size_t alignment), memory, alignment)              \
    RELEASE(api, name##_sized_aligned, (void *memory, size_t size, size_t alignment), memory,      \
            size, alignment)                                                                       \
    RELEASE(api, name##_aligned_nothrow, (void *memory, size_t alignment, const void *nothrow),    \
            memory, alignment, nothrow)
DELETE(delete, NEW)
DELETE(delete_array, NEW_ARRAY)

static const struct redirection {
    const char *symbol;
    const void **target;
    const void *redirected;
} redirections[] = {
#define MT_C(name, result, parameters)                                                             \
    {#name, (const void **)&targets.name, (const void *)redirected_##name},
#define MT_OPERATOR(name, symbol, result, parameters)                                              \
    {#symbol, (const void **)&targets.name, (const void *)redirected_##name},
#include "interposed.def"
};
#define REDIRECTIONS (sizeof redirections / sizeof *redirections)

/* One that is to be redirected; NULL if there is none. */
static const struct redirection *find(const char *symbol) {
    for (size_t i = 0; i < REDIRECTIONS; i++)
        if (*redirections[i].target && strcmp(symbol, redirections[i].symbol) == 0)
            return &redirections[i];
    return NULL;
}

struct object {
    uintptr_t bias, start, end;
    uintptr_t read_only, read_only_end; /* since it was relocated */
    const ElfW(Sym) * symbols;
    const char *strings;
    const ElfW(Rela) * tables[2];
    size_t counts[2];
};

/* glibc has relocated the addresses of most objects' dynamic sections in place. */
static const void *address_in(const struct object *object, uintptr_t value) {
    return (const void *)(value < object->bias ? value + object->bias : value);
}

static void read_dynamic(struct object *object, const ElfW(Dyn) * entry) {
    for (; entry->d_tag != DT_NULL; entry++) {
        const void *address = address_in(object, entry->d_un.d_ptr);

        switch (entry->d_tag) {
        case DT_SYMTAB:
            object->symbols = address;
            break;
        case DT_STRTAB:
            object->strings = address;
            break;
        case DT_RELA:
            object->tables[0] = address;
            break;
        case DT_RELASZ:
            object->counts[0] = entry->d_un.d_val / sizeof(ElfW(Rela));
            break;
        case DT_JMPREL:
            object->tables[1] = address;
            break;
        case DT_PLTRELSZ:
            object->counts[1] = entry->d_un.d_val / sizeof(ElfW(Rela));
            break;
        default:
            break;
        }
    }
}

static bool read_object(struct object *object, const struct dl_phdr_info *info) {
    const ElfW(Dyn) *dynamic = NULL;

    *object = (struct object){.bias = info->dlpi_addr, .start = UINTPTR_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;

        if (segment->p_type == PT_DYNAMIC)
            dynamic = (const void *)start;
        if (segment->p_type == PT_GNU_RELRO) {
            object->read_only = start;
            object->read_only_end = end;
        }
        if (segment->p_type == PT_LOAD && start < object->start)
            object->start = start;
        if (segment->p_type == PT_LOAD && end > object->end)
            object->end = end;
    }
    if (dynamic)
        read_dynamic(object, dynamic);
    return object->symbols && object->strings;
}

static bool is_within(const struct object *object, const void *address) {
    return (uintptr_t)address - object->start < object->end - object->start;
}

static void store(const struct object *object, const void **place, const void *value) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t at = (uintptr_t)place & ~(page - 1);
    bool read_only =
        (uintptr_t)place - object->read_only < object->read_only_end - object->read_only;

    if (read_only && mprotect((void *)at, page, PROT_READ | PROT_WRITE) != 0)
        return;
    __atomic_store_n(place, value, __ATOMIC_RELAXED);
    if (read_only)
        mprotect((void *)at, page, PROT_READ);
}

/* An entry that leads to the target, or that has not been used yet and leads to the linker by the
 * object's own code. */
static void redirect_entry(const struct object *object, const ElfW(Rela) * entry) {
    const char *name = object->strings + object->symbols[ELF64_R_SYM(entry->r_info)].st_name;
    const void **place = (const void **)(object->bias + entry->r_offset), *value;
    const struct redirection *redirection = find(name);

    /* The allocator itself is left alone. */
    if (!redirection || is_within(object, *redirection->target))
        return;
    value = __atomic_load_n(place, __ATOMIC_RELAXED);
    if (value == *redirection->target || is_within(object, value))
        store(object, place, redirection->redirected);
}

static int redirect_object(struct dl_phdr_info *info, size_t size, void *data) {
    struct object object;

    (void)size;
    (void)data;
    if (!read_object(&object, info) || is_within(&object, (const void *)redirect_object))
        return 0;
    for (unsigned t = 0; t < 2; t++)
        for (size_t i = 0; object.tables[t] && i < object.counts[t]; i++)
            if (IS_ENTRY(ELF64_R_TYPE(object.tables[t][i].r_info)))
                redirect_entry(&object, &object.tables[t][i]);
    return 0;
}

static int count_loads(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    *(unsigned long long *)data = info->dlpi_adds;
    return 1;
}

/* Once. Returns whether there is anything to redirect. */
static bool find_targets(void) {
    static _Atomic int state; /* 0 unknown, 1 nothing, 2 something */
    int known = atomic_load_explicit(&state, memory_order_acquire);

    if (!known) {
        known = mt_real_get_in_front(&targets) ? 2 : 1;
        atomic_store_explicit(&state, known, memory_order_release);
    }
    return known == 2;
}

void mt_redirect_objects(void) {
    static _Atomic unsigned long long seen;
    unsigned long long loads = 0;
    struct mt_lock_quiet before;
    int saved = errno;

    if (!find_targets())
        return;
    mt_guard_quiet(&before);
    dl_iterate_phdr(count_loads, &loads);
    if (atomic_exchange(&seen, loads) != loads)
        dl_iterate_phdr(redirect_object, NULL);
    mt_guard_loud(&before);
    errno = saved;
}
