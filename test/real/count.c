/* Preloaded into an uninstrumented program, counts the allocation calls made by the program's own
 * code, that is, whose return address lies in the main executable. That is what MemTrack should
 * report of the same program built with its plugin, told independently of it.
 *
 * realloc of a block is one allocation and one deallocation; free(NULL) and failed calls are
 * nothing. The counts are written at the end to the file that MEMTRACK_COUNT_FILE names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static atomic_size_t allocations, allocated_bytes, frees;

/* The main executable's code. */
static uintptr_t code_start, code_end;

static int find_code(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0) {
            code_start = info->dlpi_addr + header->p_vaddr;
            code_end = code_start + header->p_memsz;
        }
    }
    return 1; /* the main executable is the first */
}

static bool is_own(void *caller) {
    if (code_start == 0)
        dl_iterate_phdr(find_code, NULL);
    return (uintptr_t)caller - code_start < code_end - code_start;
}

static void *allocated(void *caller, void *block, size_t size) {
    if (block != NULL && is_own(caller)) {
        atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&allocated_bytes, size, memory_order_relaxed);
    }
    return block;
}

static void freed(void *caller, void *block) {
    if (block != NULL && is_own(caller))
        atomic_fetch_add_explicit(&frees, 1, memory_order_relaxed);
}

static void *reallocated(void *caller, void *block, size_t size) {
    void *result = __libc_realloc(block, size);
    if (result != NULL || size == 0)
        freed(caller, block);
    return allocated(caller, result, size);
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) {
    return allocated(CALLER, __libc_malloc(size), size);
}

void *calloc(size_t count, size_t size) {
    return allocated(CALLER, __libc_calloc(count, size), count * size);
}

void *realloc(void *block, size_t size) {
    return reallocated(CALLER, block, size);
}

void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocated(CALLER, block, bytes);
}

void free(void *block) {
    freed(CALLER, block);
    __libc_free(block);
}

void *memalign(size_t alignment, size_t size) {
    return allocated(CALLER, __libc_memalign(alignment, size), size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return allocated(CALLER, __libc_memalign(alignment, size), size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
        return EINVAL;
    void *block = allocated(CALLER, __libc_memalign(alignment, size), size);
    if (block == NULL)
        return ENOMEM;
    *result = block;
    return 0;
}

static void *copied(void *caller, const void *source, size_t size, size_t allocation) {
    void *block = allocated(caller, __libc_malloc(allocation), allocation);
    if (block != NULL) {
        memcpy(block, source, size);
        memset((char *)block + size, 0, allocation - size);
    }
    return block;
}

char *strdup(const char *string) {
    size_t length = strlen(string);
    return copied(CALLER, string, length, length + 1);
}

char *strndup(const char *string, size_t limit) {
    size_t length = strnlen(string, limit);
    return copied(CALLER, string, length, length + 1);
}

wchar_t *wcsdup(const wchar_t *string) {
    size_t length = wcslen(string) * sizeof *string;
    return copied(CALLER, string, length, length + sizeof *string);
}

__attribute__((destructor)) static void write_counts(void) {
    const char *name = getenv("MEMTRACK_COUNT_FILE");
    int file = name != NULL ? open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
    if (file < 0)
        return;
    dprintf(file, "{\"allocations\": %zu, \"frees\": %zu, \"allocated_bytes\": %zu}\n", allocations,
            frees, allocated_bytes);
    close(file);
}
