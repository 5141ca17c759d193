/* Exceptions that code which is not instrumented catches. An instrumented function sets the context
 * again where it catches; another one would go on in that of a function that is gone. Personality
 * routines end the search for a handler, or for a clean-up, by telling the unwinder where to go on
 * (_Unwind_SetIP, Itanium C++ ABI: Exception Handling, 1.6.2), whatever their language: there,
 * while nothing of the stack is lost yet, the links of the functions that are left are dropped.
 *
 * Only in the shared library, as nonlocal.c. What throws in an object that has an unwinder to
 * itself does not come by. */
#define _GNU_SOURCE
#include "compiler.h"
#include "guard.h"
#include "nonlocal.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

/* Opaque, and that of whichever unwinder is at work. */
struct _Unwind_Context;

MT_EXPORT void _Unwind_SetIP(struct _Unwind_Context *context, uintptr_t address);

/* The functions that take the place of this library's. */
struct unwinder {
    void (*set_ip)(struct _Unwind_Context *, uintptr_t);
    uintptr_t (*get_cfa)(struct _Unwind_Context *);
};

/* What all objects see, found before any thread is started; or nothing. */
static struct unwinder common;

/* What a personality routine in a library sees that was loaded with RTLD_LOCAL and has brought its
 * unwinder. An entry is filled once. */
static struct local_unwinder {
    _Atomic(const void *) caller; /* NULL: not filled yet */
    struct unwinder unwinder;
} locals[16];
static _Atomic unsigned local_count;

static bool find_in(void *object, struct unwinder *unwinder) {
    void *set_ip = dlsym(object, "_Unwind_SetIP"), *get_cfa = dlsym(object, "_Unwind_GetCFA");

    if (!set_ip || set_ip == (void *)_Unwind_SetIP || !get_cfa)
        return false;
    *(void **)&unwinder->set_ip = set_ip;
    *(void **)&unwinder->get_cfa = get_cfa;
    return true;
}

/* In an object that is loaded, or in what it depends on. What is found stays loaded. */
static bool find_at(const char *path, struct unwinder *unwinder) {
    void *object = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);

    if (object && find_in(object, unwinder))
        return true;
    if (object)
        dlclose(object);
    return false;
}

/* In what an object was linked with, one after the other: the first to define it in all may be this
 * library. */
static bool find_in_needed(const struct link_map *map, struct unwinder *unwinder) {
    const char *strings = NULL;

    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_STRTAB)
            strings = (const char *)entry->d_un.d_ptr;
    for (const ElfW(Dyn) *entry = map->l_ld; strings && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED && find_at(strings + entry->d_un.d_val, unwinder))
            return true;
    return false;
}

static void remember(const void *caller, const struct unwinder *unwinder) {
    unsigned index = atomic_fetch_add_explicit(&local_count, 1, memory_order_relaxed);

    if (index >= sizeof locals / sizeof *locals)
        return;
    locals[index].unwinder = *unwinder;
    atomic_store_explicit(&locals[index].caller, caller, memory_order_release);
}

/* In any object: an underlinked library relies on another to bring it. */
static bool find_anywhere(const struct link_map *map, struct unwinder *unwinder) {
    while (map->l_prev)
        map = map->l_prev;
    for (; map; map = map->l_next)
        if (find_at(map->l_name, unwinder))
            return true;
    return false;
}

static struct unwinder find_local(const void *caller) {
    struct unwinder unwinder;
    struct link_map *map = NULL;
    struct mt_lock_quiet before;
    int saved = errno;
    Dl_info info;

    for (size_t i = 0; i < sizeof locals / sizeof *locals; i++)
        if (atomic_load_explicit(&locals[i].caller, memory_order_acquire) == caller)
            return locals[i].unwinder;
    /* Some object has it, or the caller could not have been bound. */
    mt_guard_quiet(&before);
    if (!dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) || !map ||
        !(find_at(map->l_name, &unwinder) || find_in_needed(map, &unwinder) ||
          find_anywhere(map, &unwinder)))
        __builtin_trap();
    mt_guard_loud(&before);
    remember(caller, &unwinder);
    errno = saved;
    return unwinder;
}

static int is_unwinder(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    return strstr(info->dlpi_name, "/libgcc_s") || strstr(info->dlpi_name, "/libunwind") ||
           strstr(info->dlpi_name, "/libc++abi");
}

static __attribute__((constructor(101))) void find_common(void) {
    struct mt_lock_quiet before;

    mt_guard_quiet(&before);
    /* A look-up that fails would be the first error that the program finds by dlerror(). */
    if (dl_iterate_phdr(is_unwinder, NULL))
        find_in(RTLD_NEXT, &common);
    mt_guard_loud(&before);
}

void _Unwind_SetIP(struct _Unwind_Context *context, uintptr_t address) {
    struct unwinder unwinder = common;

    if (MT_UNLIKELY(!unwinder.set_ip))
        unwinder = find_local(__builtin_return_address(0));
    if (__memtrack_context)
        mt_nonlocal_leave(&mt_local, __memtrack_context, unwinder.get_cfa(context));
    unwinder.set_ip(context, address);
}
