// Whether an allocator passes on what malloc gave it is also told rightly where the thread's buffer ends
// between the two, whatever else happens in between, with records of every size.
// RUN: %cc -I%include -g -O1 -DALLOCATOR -c %s -o %t.o && %cc -I%include -g -O1 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: pools() == ["late", "true"]
// EXPECT: pool("late").allocations == 0
// EXPECT: pool("late").heap["allocations"] == 7 * 3000
// EXPECT: pool("true").allocations == 7 * 3000 and pool("true").freed_with_heap_block == 7 * 3000
#include <memtrack/allocators.h>
#include <stdlib.h>

MEMTRACK_ALLOCATES("late", 1, 0) void *late(size_t size, void **spare, int count);
MEMTRACK_ALLOCATES("true", 2, 0) void *inside(char *block, size_t size);

#ifdef ALLOCATOR
void *late(size_t size, void **spare, int count) {
    void *block = malloc(size);

    for (int i = 0; i < count; i++)
        free(spare[i]);
    return block;
}
/* What was allocated before the call, so no other allocator's. */
void *inside(char *block, size_t size) {
    return block + size - size;
}
#else
int main(void) {
    void *spare[6];

    for (int i = 0; i < 7 * 3000; i++) {
        char *block;

        for (int j = 0; j < i % 7; j++)
            spare[j] = malloc(16);
        block = late(i % 500 ? 24 : 40 << 20, spare, i % 7);
        inside(block, 24);
        free(block);
    }
    return 0;
}
#endif
