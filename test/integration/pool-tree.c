// Pools like APR's: parts of others, freed as a whole, cleared, with the memory they came from kept for
// the next one. The library that has them is instrumented or not; the program knows their header.
// RUN: %cc -I%include -g -O1 -DLIBRARY -fPIC -shared %s -o %t.so
// RUN: %cc -I%include -g -O1 %s %t.so -o %t && %run %t.mtrace %t && %check %t.mtrace @%s "pool('apr').freed_with_pool == 36" "pool('apr').leaked_blocks == 0"
// Of a library that is not instrumented, calls from outside are seen: what it does to the parts of a pool
// is not, until their memory is handed out again or freed.
// RUN: clang -g -O1 -DLIBRARY -I%include -fPIC -shared %s -o %t.so
// RUN: %cc -I%include -g -O1 %s %t.so -o %t && %run %t.mtrace %t && %check %t.mtrace @%s "pool('apr').freed_with_pool == 30"
// EXPECT: (pool("apr").allocations, pool("apr").allocated_bytes, pool("apr").frees, pool("apr").unmatched_frees) == (36, 36 * 48, 0, 0)
// EXPECT: sorted(chain(c)[0] for c in within("apr")) == ["child_work", "main", "main"]
#include <memtrack/allocators.h>
#include <stddef.h>
#include <stdlib.h>

struct pool;
struct pool *pool_create(struct pool *parent);
MEMTRACK_ALLOCATES("apr", 2, 1) void *pool_alloc(struct pool *pool, size_t size);
MEMTRACK_FREES_POOL("apr", 1) void pool_clear(struct pool *pool);
MEMTRACK_FREES_POOL("apr", 1) void pool_destroy(struct pool *pool);

#ifdef LIBRARY
struct pool {
    struct pool *parent, *child, *sibling;
    size_t used;
    char data[4096];
};
static struct pool *spare;

struct pool *pool_create(struct pool *parent) {
    struct pool *pool = spare ? spare : malloc(sizeof *pool);

    if (spare)
        spare = spare->sibling;
    *pool = (struct pool){.parent = parent};
    if (parent) {
        pool->sibling = parent->child;
        parent->child = pool;
    }
    return pool;
}
void *pool_alloc(struct pool *pool, size_t size) {
    pool->used += size;
    return pool->data + pool->used - size;
}
void pool_clear(struct pool *pool) {
    struct pool *child;

    while ((child = pool->child)) {
        pool->child = child->sibling;
        pool_destroy(child);
    }
    pool->used = 0;
}
void pool_destroy(struct pool *pool) {
    pool_clear(pool);
    pool->sibling = spare;
    spare = pool;
}
#else
static char *volatile sink;
static volatile int count;

__attribute__((noinline)) static void child_work(struct pool *parent) {
    struct pool *child = pool_create(parent);

    for (int i = 0; i < 6; i++)
        sink = pool_alloc(child, 48);
    count++;
}
int main(void) {
    struct pool *root = pool_create(NULL);

    for (int i = 0; i < 10; i++)
        sink = pool_alloc(root, 48);
    pool_clear(root);
    child_work(root);
    for (int i = 0; i < 20; i++)
        sink = pool_alloc(root, 48);
    pool_destroy(root);
    return count != 1;
}
#endif
