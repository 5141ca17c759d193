/* An allocator's public symbols that unwind the real stack, to hold the truth of the generated
 * programs against, so that a wrong generator is not taken for a wrong MemTrack. Linked into
 * plainly built programs; frames.py reads the file it writes (EXACT_REFERENCE). */
#define _GNU_SOURCE
#include "exact.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

enum { DEPTH = 1023, MODULES = 16, NAME = 256 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

struct stack {
    uint64_t depth;
    uint64_t frame[DEPTH]; /* module index in the upper 8 bits, offset in the module below */
};

static struct reference {
    char module[MODULES][NAME];
    struct stack stack[EXACT_NOTES];
} * reference;

__attribute__((constructor(101))) static void open_reference(void) {
    const char *path = getenv("EXACT_REFERENCE");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

    if (fd < 0)
        return;
    if (ftruncate(fd, sizeof *reference) != 0)
        abort();
    reference = mmap(NULL, sizeof *reference, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (reference == MAP_FAILED)
        abort();
    close(fd);
}

static uint64_t place(uintptr_t address) {
    struct dl_find_object object;
    const char *name = "";
    uint64_t index = 0;

    if (_dl_find_object((void *)address, &object) != 0)
        return address;
    if (object.dlfo_link_map->l_name[0])
        name = object.dlfo_link_map->l_name;
    while (index < MODULES - 1 && reference->module[index][0] &&
           strncmp(reference->module[index] + 1, name, NAME - 2) != 0)
        index++;
    /* A leading mark tells the program itself, which has no name, from a free entry. */
    reference->module[index][0] = '=';
    strncpy(reference->module[index] + 1, name, NAME - 2);
    return index << 56 | (address - object.dlfo_link_map->l_addr);
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *argument) {
    struct stack *stack = argument;
    int interrupted = 0;
    uintptr_t address = _Unwind_GetIPInfo(context, &interrupted);

    if (!address || stack->depth == DEPTH)
        return _URC_END_OF_STACK;
    stack->frame[stack->depth++] = place(interrupted ? address : address - 1);
    return _URC_NO_REASON;
}

static void *note(void *block, size_t size) {
    if (reference && block && size >= EXACT_BASE && size - EXACT_BASE < exact_truth->notes) {
        struct stack *stack = &reference->stack[size - EXACT_BASE];

        if (stack->depth == 0)
            _Unwind_Backtrace(visit, stack);
    }
    return block;
}

void *malloc(size_t size) {
    return note(__libc_malloc(size), size);
}

void *calloc(size_t count, size_t size) {
    return note(__libc_calloc(count, size), count * size);
}

void *realloc(void *block, size_t size) {
    return note(__libc_realloc(block, size), size);
}

void *reallocarray(void *block, size_t count, size_t size) {
    return note(__libc_realloc(block, count * size), count * size);
}

void *memalign(size_t alignment, size_t size) {
    return note(__libc_memalign(alignment, size), size);
}

/* operator new rounds up what it asks for: then the last size noted is meant. */
void *aligned_alloc(size_t alignment, size_t size) {
    size_t last = EXACT_BASE + exact_truth->notes - 1;
    size_t meant = size > last && size - last < alignment ? last : size;

    return note(__libc_memalign(alignment, size), meant);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = note(__libc_memalign(alignment, size), size);
    return *block ? 0 : ENOMEM;
}
