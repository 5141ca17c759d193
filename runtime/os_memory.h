/* Memory straight from the kernel: the runtime never calls the allocator it watches.
 * Any thread, any time; lock-free. */
#ifndef MT_OS_MEMORY_H
#define MT_OS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed pages for `size` bytes, touched only when used; NULL when the kernel has none. Changes
 * errno on failure. */
void *mt_os_memory_map(size_t size);
void mt_os_memory_unmap(void *memory, size_t size);

/* Whether the eight bytes around the address can be read. A system call; keeps errno. */
bool mt_os_memory_is_readable(uintptr_t address);

/* Bytes mapped now, for the END block. */
uint64_t mt_os_memory_mapped(void);

#endif
