#define _GNU_SOURCE
#include "os_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than contexts, threads and tables need; touched as it fills. */
#define AREAS 65536u

struct area {
    _Atomic uintptr_t start; /* 0: not in use */
    _Atomic size_t size;
};

static _Atomic uint64_t mapped;
static struct area areas[AREAS];
static _Atomic uint32_t area_count;
static _Atomic uint32_t first_unused; /* none before this one, unless it was left just now */
static _Atomic bool areas_full;

static bool take(struct area *area, uintptr_t start, size_t size) {
    uintptr_t none = 0;

    if (atomic_load_explicit(&area->start, memory_order_relaxed) ||
        !atomic_compare_exchange_strong(&area->start, &none, start))
        return false;
    atomic_store(&area->size, size);
    return true;
}

static void note(uintptr_t start, size_t size) {
    for (uint32_t i = atomic_load(&first_unused); i < AREAS; i++) {
        uint32_t count = atomic_load(&area_count);

        if (!take(&areas[i], start, size))
            continue;
        while (count <= i && !atomic_compare_exchange_weak(&area_count, &count, i + 1))
            ;
        atomic_store(&first_unused, i + 1);
        return;
    }
    atomic_store(&areas_full, true);
}

/* The whole of an area, or one of its ends. */
static void forget(uintptr_t start, size_t size) {
    for (uint32_t i = atomic_load(&area_count); i-- > 0;) {
        struct area *area = &areas[i];
        uintptr_t from = atomic_load_explicit(&area->start, memory_order_relaxed);
        size_t length = atomic_load_explicit(&area->size, memory_order_relaxed);

        if (!from || start - from >= length)
            continue;
        atomic_store(&area->size, length - size);
        if (size == length) {
            atomic_store(&area->start, 0);
            if (i < atomic_load(&first_unused))
                atomic_store(&first_unused, i);
        } else if (start == from) {
            atomic_store(&area->start, start + size);
        }
        return;
    }
}

bool mt_os_memory_each(void (*visit)(uintptr_t start, uintptr_t end, void *data), void *data) {
    for (uint32_t i = 0; i < atomic_load(&area_count); i++) {
        uintptr_t start = atomic_load(&areas[i].start);

        if (start)
            visit(start, start + atomic_load(&areas[i].size), data);
    }
    return !atomic_load(&areas_full);
}

void *mt_os_memory_map(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    atomic_fetch_add_explicit(&mapped, size, memory_order_relaxed);
    note((uintptr_t)memory, size);
    return memory;
}

void mt_os_memory_disown(void *memory) {
    for (uint32_t i = atomic_load(&area_count); i-- > 0;) {
        if (atomic_load(&areas[i].start) == (uintptr_t)memory)
            forget((uintptr_t)memory, atomic_load(&areas[i].size));
    }
}

void mt_os_memory_unmap(void *memory, size_t size) {
    if (!memory)
        return;
    /* In this order: another thread may be given the same place at once. */
    forget((uintptr_t)memory, size);
    munmap(memory, size);
    atomic_fetch_sub_explicit(&mapped, size, memory_order_relaxed);
}

uint64_t mt_os_memory_mapped(void) {
    return atomic_load_explicit(&mapped, memory_order_relaxed);
}

/* The kernel reads the new mask before it looks at `how`, which is none here: the call fails in any
 * case and changes nothing. abseil's AddressIsReadable() asks the same way. */
bool mt_os_memory_is_readable(uintptr_t address) {
    int saved = errno;
    bool readable =
        syscall(SYS_rt_sigprocmask, -1, address & ~(uintptr_t)7, NULL, 8) == -1 && errno == EINVAL;

    errno = saved;
    return readable;
}
