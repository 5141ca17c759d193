// A slab whose objects begin where its chunk does: the first one is an object all the same, not the chunk
// passed on. A list names its functions; they stand in a library that is not instrumented.
// RUN: echo 'alloc slab_get bytes=64 pool=1 name=slab' >%t.list
// RUN: echo 'free slab_put ptr=2 pool=1 name=slab' >>%t.list
// RUN: clang -g -O1 -DLIBRARY -I%include -fPIC -shared %s -o %t.so
// RUN: %cc --memtrack-allocators=%t.list -g -O1 %s %t.so -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -I%include -g -O1 -DLIBRARY -fPIC -shared %s -o %t.so
// RUN: %cc --memtrack-allocators=%t.list -g -O1 %s %t.so -o %t && %run %t.mtrace %t && %check %t.mtrace @%s "pool('slab').heap['allocations'] == 4"
// EXPECT: (pool("slab").allocations, pool("slab").allocated_bytes, pool("slab").frees, pool("slab").unmatched_frees) == (200, 200 * 64, 190, 0)
// EXPECT: (pool("slab").leaked_blocks, pool("slab").peak_bytes) == (10, 20 * 64)
// EXPECT: sorted((i["allocations"], i["leaked_blocks"]) for i in pool("slab").instances) == [(100, 5), (100, 5)]
//
// With sampling, only what the heap gave the slab is recorded.
// RUN: env MEMTRACK_OPTIONS=sample=tiered:demo %run %t.mtrace %t
// RUN: %check %t.mtrace 's.estimated and s.pool_events == 0' 's.unmatched_frees == 0 and not errors' \
// RUN:   'pool("slab").allocations == 0 and pool("slab").heap["allocations"] == 4'
// RUN: %memtrack report --pools %t.mtrace | grep 'with sampling, only what they got from the heap was'
#include <stddef.h>
#include <stdlib.h>

struct slab {
    void *free;
};
void *slab_get(struct slab *slab);
void slab_put(struct slab *slab, void *object);

#ifdef LIBRARY
void *slab_get(struct slab *slab) {
    void **object = slab->free;

    if (!object) {
        char *chunk = malloc(8 * 64);

        for (int i = 7; i >= 0; i--) {
            *(void **)(chunk + 64 * i) = slab->free;
            slab->free = chunk + 64 * i;
        }
        object = slab->free;
    }
    slab->free = *object;
    return object;
}
void slab_put(struct slab *slab, void *object) {
    *(void **)object = slab->free;
    slab->free = object;
}
#else
int main(void) {
    static struct slab slabs[2];
    void *objects[2][10];

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 20; i++)
            objects[i & 1][i / 2] = slab_get(&slabs[i & 1]);
        for (int i = 0; i < (round < 9 ? 20 : 10); i++)
            slab_put(&slabs[i & 1], objects[i & 1][i / 2]);
    }
    return 0;
}
#endif
