/* Finding the real functions happens once, at the first call of any, which may be the dynamic
 * linker's own, before any constructor has run. What dlsym allocates meanwhile is the arena's. */
#define _GNU_SOURCE
#include "real.h"

#include "arena.h"
#include "callee.h"
#include "compiler.h"
#include "guard.h"
#include "object.h"
#include "text.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const bool mt_interposed = true;

bool mt_real_nests;
bool mt_real_operators_nest;

static _Atomic bool found;

/* Before they are found */

static void *early_malloc(size_t size) {
    return mt_real_find() ? mt_real.malloc(size) : mt_arena_take(size, 1);
}

static void *early_calloc(size_t count, size_t size) {
    size_t bytes;

    if (mt_real_find())
        return mt_real.calloc(count, size);
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : mt_arena_take(bytes, 1);
}

/* What is the arena's has been looked for before. */
static void *early_realloc(void *old, size_t size) {
    if (mt_real_find())
        return mt_real.realloc(old, size);
    return old ? NULL : mt_arena_take(size, 1);
}

static void early_free(void *memory) {
    if (mt_real_find())
        mt_real.free(memory);
}

static int early_posix_memalign(void **memory, size_t alignment, size_t size) {
    if (mt_real_find())
        return mt_real.posix_memalign(memory, alignment, size);
    *memory = mt_arena_take(size, alignment);
    return *memory ? 0 : ENOMEM;
}

#define EARLY_ALIGNED(name)                                                                        \
    static void *early_##name(size_t alignment, size_t size) {                                     \
        return mt_real_find() ? mt_real.name(alignment, size) : mt_arena_take(size, alignment);    \
    }
EARLY_ALIGNED(aligned_alloc)
EARLY_ALIGNED(memalign)

#define EARLY_PAGES(name)                                                                          \
    static void *early_##name(size_t size) {                                                       \
        return mt_real_find() ? mt_real.name(size) : mt_arena_take(size, 4096);                    \
    }
EARLY_PAGES(valloc)
EARLY_PAGES(pvalloc)

/* On whatever the real realloc is: libc's would call the interposed one. */
static void *reallocarray_on_real(void *old, size_t count, size_t size) {
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return mt_real.realloc(old, bytes);
}

/* Operators of C++ run on functions above until they are found. */
struct mt_real mt_real = {
    .malloc = early_malloc,
    .calloc = early_calloc,
    .realloc = early_realloc,
    .reallocarray = reallocarray_on_real,
    .free = early_free,
    .posix_memalign = early_posix_memalign,
    .aligned_alloc = early_aligned_alloc,
    .memalign = early_memalign,
    .valloc = early_valloc,
    .pvalloc = early_pvalloc,
#define MT_C(name, result, parameters)
#define MT_OPERATOR(name, symbol, result, parameters) .name = mt_operator_##name,
#include "interposed.def"
};

static bool begins_with(const char *name, const char *const *words) {
    while (*words && strncmp(name, *words, strlen(*words)) != 0)
        words++;
    return *words != NULL;
}

static bool file_begins_with(const char *path, const char *const *words) {
    return begins_with(mt_text_base_name(path), words);
}

/* Whether the function is in an object whose file's name begins like one of these. */
static bool is_in(const void *function, const char *const *names) {
    struct mt_object object;

    return mt_object_find((uintptr_t)function, &object) && file_begins_with(object.name, names);
}

/* Allocators whose functions do not call one another by their public names. */
static const char *const known[] = {"libc.so", "libjemalloc", "libtcmalloc", "libmimalloc", NULL};

static const char *const standard[] = {"libstdc++", "libc++", NULL};

/* As any other object would be bound to them. */
#define MT_C(name, result, parameters) extern result name parameters;
#define MT_OPERATOR(name, symbol, result, parameters) extern result symbol parameters;
#include "interposed.def"

static struct function {
    const char *symbol;
    const void *const *real; /* in mt_real */
    const void *own;
    const void *public;   /* its address as any other object has it */
    const void *in_front; /* what that leads to, if that is not ours */
    bool is_operator;
} functions[] = {
#define MT_C(name, result, parameters)                                                             \
    {#name,                                                                                        \
     (const void *const *)&mt_real.name,                                                           \
     (const void *)mt_interposed_##name,                                                           \
     (const void *)name,                                                                           \
     NULL,                                                                                         \
     false},
#define MT_OPERATOR(name, symbol, result, parameters)                                              \
    {#symbol,                                                                                      \
     (const void *const *)&mt_real.name,                                                           \
     (const void *)mt_interposed_##name,                                                           \
     (const void *)symbol,                                                                         \
     NULL,                                                                                         \
     true},
#include "interposed.def"
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

/* Their places there. */
enum {
#define MT_C(name, result, parameters) INDEX_##name,
#define MT_OPERATOR(name, symbol, result, parameters) INDEX_##name,
#include "interposed.def"
};

/* The address of a function in an executable that is not position-independent, and takes it, is
 * that of an entry in its linkage table, and says nothing of where that leads. */
static bool is_linkage_entry(const void *address) {
    const ElfW(Sym) *symbol = NULL;
    Dl_info info;

    return dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol &&
           symbol->st_shndx == SHN_UNDEF;
}

/* The runtime's malloc gives the thread memory of the arena now. */
static bool leads_to_own(const void *entry) {
    void *block = ((void *(*)(size_t))entry)(1);
    bool own = mt_arena_has(block);

    free(block);
    return own;
}

/* Other libraries' functions are all before the runtime or all behind it: that of malloc tells of
 * those that only the linkage table knows. */
static void find_in_front(void) {
    const void *malloc_entry = NULL;

    for (size_t i = 0; i < FUNCTIONS; i++) {
        const void *first = functions[i].public;

        if (first != functions[i].own)
            first = dlsym(RTLD_DEFAULT, functions[i].symbol);
        if (!first || first == functions[i].own)
            continue;
        functions[i].in_front = first;
        if (i == INDEX_malloc && is_linkage_entry(first))
            malloc_entry = first;
    }
    if (malloc_entry ? !leads_to_own(malloc_entry) : functions[INDEX_malloc].in_front != NULL)
        return;
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (functions[i].in_front && is_linkage_entry(functions[i].in_front))
            functions[i].in_front = NULL;
}

static bool is_first(void) {
    return !functions[INDEX_malloc].in_front && !functions[INDEX_free].in_front;
}

bool mt_real_get_in_front(struct mt_real *targets) {
    bool any = false;

    if (!mt_real_find())
        return false;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        size_t at = (size_t)((const char *)functions[i].real - (const char *)&mt_real);

        *(const void **)((char *)targets + at) = functions[i].in_front;
        any |= functions[i].in_front != NULL;
    }
    return any;
}

/* The next function of that name; but where a known allocator comes before the runtime, its memory
 * is what the program has, and what it lacks (reallocarray, in older ones) has to work on that. */
static const void *find_c_function(const struct function *function) {
    static const char *const allocators[] = {"libjemalloc", "libtcmalloc", "libmimalloc", NULL};

    if (function->in_front && is_in(function->in_front, allocators))
        return function->in_front;
    return dlsym(RTLD_NEXT, function->symbol);
}

static void find_c(void) {
    struct mt_real real = mt_real;

    for (size_t i = 0; i < FUNCTIONS && !functions[i].is_operator; i++) {
        const void *function = find_c_function(&functions[i]);
        size_t at = (size_t)((const char *)functions[i].real - (const char *)&mt_real);

        if (function)
            *(const void **)((char *)&real + at) = function;
    }
    real.reallocarray = reallocarray_on_real;
    mt_real_nests = !is_in((void *)real.malloc, known);
    mt_real = real;
}

static int is_standard(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    return file_begins_with(info->dlpi_name, standard);
}

/* Whether another object's operator comes before the runtime's: the program's own, as a rule, which
 * the standard library's others are to call. */
static bool has_own_operators(void) {
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (functions[i].is_operator && functions[i].in_front)
            return true;
    return false;
}

/* An operator new that is not the standard library's is called as it is, and so is that one if its
 * malloc, or another operator that it leads to, would not come to the runtime's first. */
static void find_operators(void) {
    /* A look-up that fails would be the first error that the program finds by dlerror(). */
    void *new = dl_iterate_phdr(is_standard, NULL) ? dlsym(RTLD_NEXT, "_Znwm") : NULL;

    if (!new || (is_first() && is_in(new, standard) && !has_own_operators())) {
        mt_real_operators_nest = mt_real_nests;
        return;
    }
    /* jemalloc's delete calls free. */
    mt_real_operators_nest = true;
#define MT_C(name, result, parameters)
#define MT_OPERATOR(name, symbol, result, parameters)                                              \
    new = dlsym(RTLD_NEXT, #symbol);                                                               \
    if (new)                                                                                       \
        *(void **)&mt_real.name = new;
#include "interposed.def"
}

const char *mt_real_capture(void) {
    return mt_real_find() && is_first() ? "interposed" : "redirected";
}

bool mt_real_find(void) {
    struct mt_lock_quiet before;
    int saved = errno;

    if (atomic_load_explicit(&found, memory_order_acquire))
        return true;
    /* Called by dlsym, below. */
    if (mt_local.busy & MT_LOCAL_QUIET)
        return false;
    mt_guard_quiet(&before);
    find_in_front();
    find_c();
    find_operators();
    mt_guard_loud(&before);
    atomic_store_explicit(&found, true, memory_order_release);
    errno = saved;
    return true;
}

/* In an object that is loaded, or in what it depends on. What is found stays loaded. */
static void *find_in(const char *path, const char *symbol, const void *own) {
    void *object = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    void *function = object ? dlsym(object, symbol) : NULL;

    if (function && function != own)
        return function;
    if (object)
        dlclose(object);
    return NULL;
}

void *mt_real_next_operator(const char *symbol, const void *own) {
    struct link_map *map = NULL;
    struct mt_lock_quiet before;
    void *function;
    Dl_info info;

    mt_guard_quiet(&before);
    function = dlsym(RTLD_NEXT, symbol);
    if (!function && dladdr1(own, &info, (void **)&map, RTLD_DL_LINKMAP))
        while (map && map->l_prev)
            map = map->l_prev;
    for (; !function && map; map = map->l_next)
        function = find_in(map->l_name, symbol, own);
    mt_guard_loud(&before);
    return function;
}

const void *mt_callee_find(const void *target) {
    if (!mt_real_find())
        return NULL;
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (target == functions[i].own || (target == functions[i].public && !functions[i].in_front))
            return (functions[i].is_operator ? mt_real_operators_nest : mt_real_nests)
                       ? NULL
                       : *functions[i].real;
    return NULL;
}
