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

/* The memory is no longer the runtime's: what lies there is the program's. */
void mt_os_memory_disown(void *memory);

/* Calls `visit` for what is mapped now and the runtime's own. False: there is more than is known.
 */
bool mt_os_memory_each(void (*visit)(uintptr_t start, uintptr_t end, void *data), void *data);

/* Whether the eight bytes around the address can be read. A system call; keeps errno. */
bool mt_os_memory_is_readable(uintptr_t address);

/* Bytes mapped now, for the END block. */
uint64_t mt_os_memory_mapped(void);

#endif
