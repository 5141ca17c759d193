#include "arena.h"

#include "lock.h"
#include "os_memory.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define CLASSES 16u /* by powers of two, from 32 bytes: only these are used again */

/* Before each block, in the last 16 bytes. */
struct head {
    struct head *next; /* while it is free */
    size_t size;
};

static struct mt_lock lock;
static struct head *unused[CLASSES];
static size_t used;
uintptr_t mt_arena_start;

static struct head *head_of(const void *memory) {
    return (struct head *)memory - 1;
}

static unsigned class_of(size_t size) {
    unsigned class = 0;

    while (class < CLASSES && (size_t)32 << class < size)
        class ++;
    return class;
}

static void *take_used(unsigned class) {
    struct head *head = class < CLASSES ? unused[class] : NULL;

    if (head)
        unused[class] = head->next;
    return head ? head + 1 : NULL;
}

static void *take_new(size_t size, size_t alignment) {
    size_t at;

    if (!mt_arena_start) {
        void *memory = mt_os_memory_map(MT_ARENA_BYTES);

        if (!memory)
            return NULL;
        /* What the C library keeps there may be the program's, such as the values of its keys. */
        mt_os_memory_disown(memory);
        mt_arena_start = (uintptr_t)memory;
    }
    at = (used + sizeof(struct head) + alignment - 1) & ~(alignment - 1);
    if (at > MT_ARENA_BYTES || size > MT_ARENA_BYTES - at)
        return NULL;
    used = at + size;
    return (void *)(mt_arena_start + at);
}

/* Not for ever: a child of a fork may have inherited the lock from a thread that it has not. */
static bool take_lock(void) {
    for (unsigned i = 0; i < 1000; i++) {
        if (mt_lock_try(&lock))
            return true;
        sched_yield();
    }
    return false;
}

void *mt_arena_take(size_t size, size_t alignment) {
    unsigned class = class_of(size);
    int saved = errno;
    void *memory;

    if (class < CLASSES)
        size = (size_t)32 << class;
    if (!take_lock())
        return NULL;
    memory = alignment <= sizeof(struct head) ? take_used(class) : NULL;
    if (memory)
        memset(memory, 0, size);
    else
        memory = take_new(size, alignment < 16 ? 16 : alignment);
    if (memory)
        head_of(memory)->size = size;
    mt_lock_release(&lock);
    errno = saved;
    return memory;
}

void mt_arena_give(void *memory) {
    struct head *head = head_of(memory);
    unsigned class = class_of(head->size);
    int saved = errno;

    if (class == CLASSES || !take_lock())
        return;
    head->next = unused[class];
    unused[class] = head;
    mt_lock_release(&lock);
    errno = saved;
}

size_t mt_arena_size(const void *memory) {
    return head_of(memory)->size;
}
