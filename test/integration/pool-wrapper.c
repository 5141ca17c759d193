// Functions that only pass on what malloc gave them add no events, whether alloc_size or a mark tells of
// them, at any size and across the ends of buffers. One that puts a header before the block does: its
// blocks lie in the heap's, and end with them if it is not marked what frees them.
// RUN: %cc -I%include -g -O1 -c -DWRAPPERS %s -o %t.o && %cc -I%include -g -O1 %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s "pool('xmalloc').heap['allocations'] == 20002" "pool('headed').allocated_bytes == 10 + 40"
// RUN: %cc -I%include -g -O1 -c -DWRAPPERS -DMARKED %s -o %t.o && %cc -I%include -g -O1 -DMARKED %s %t.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s "pool('xmalloc').heap['allocations'] == 20004" "pool('headed').allocated_bytes == 10 + 3000 + 40"
// EXPECT: (s.allocations, s.frees, s.leaked_blocks, s.unmatched_frees) == (20000 + 4 + 3, 20000 + 3 + 3, 1, 0)
// EXPECT: pool("xmalloc").allocations == 0 and pool("xmalloc").frees == 0 and pool("xmalloc").unmatched_frees == 0
// EXPECT: pool("headed").leaked_blocks == 0 and pool("headed").unmatched_frees == 0
#include <memtrack/allocators.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#ifdef MARKED
#define IF_MARKED(mark) mark
#else
#define IF_MARKED(mark)
#endif
__attribute__((alloc_size(1)))
IF_MARKED(MEMTRACK_ALLOCATES("xmalloc", 1, 0)) void *xmalloc(size_t n);
IF_MARKED(MEMTRACK_REALLOCATES("xmalloc", 1, 2, 0)) void *xrealloc(void *p, size_t n);
IF_MARKED(MEMTRACK_FREES("xmalloc", 1, 0)) void xfree(void *p);
MEMTRACK_ALLOCATES("headed", 1, 0) void *headed_alloc(size_t n);
IF_MARKED(MEMTRACK_REALLOCATES("headed", 1, 2, 0)) void *headed_realloc(void *p, size_t n);
IF_MARKED(MEMTRACK_FREES("headed", 1, 0)) void headed_free(void *p);

#ifdef WRAPPERS
static int wrapped;

/* More than what is recognised as a wrapper when it is compiled. */
void *xmalloc(size_t n) {
    void *p = malloc((n + 15) / 16 * 16);

    wrapped++;
    if (!p)
        abort();
    return (char *)p + wrapped - wrapped;
}
void *xrealloc(void *p, size_t n) {
    wrapped++;
    return realloc(p, n);
}
void xfree(void *p) {
    wrapped--;
    free(p);
}
void *headed_alloc(size_t n) {
    size_t *p = malloc(n + 16);

    *p = n;
    return p + 2;
}
void *headed_realloc(void *p, size_t n) {
    size_t *q = realloc((size_t *)p - 2, n + 16);

    *q = n;
    return q + 2;
}
void headed_free(void *p) {
    free((size_t *)p - 2);
}
#else
int main(void) {
    char *p;

    for (int i = 0; i < 20000; i++)
        xfree(xmalloc(i & 1 ? 1 : 3000));
    p = xmalloc(50 << 20);
    p = xrealloc(p, 20);
    p = xrealloc(p, 100 << 20);
    xfree(p);
    memset(xmalloc(3), 0, 3);
    p = headed_alloc(10);
    p = headed_realloc(p, 3000);
    headed_free(p);
    headed_free(headed_alloc(40));
    return 0;
}
#endif
