#define _GNU_SOURCE
#include "os_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic uint64_t mapped;

void *mt_os_memory_map(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    atomic_fetch_add_explicit(&mapped, size, memory_order_relaxed);
    return memory;
}

void mt_os_memory_unmap(void *memory, size_t size) {
    if (!memory)
        return;
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
