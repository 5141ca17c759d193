#include "os_memory.h"

#include <stdatomic.h>
#include <sys/mman.h>

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
