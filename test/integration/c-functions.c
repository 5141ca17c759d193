// Every function of the C family, to the event and the byte.
// RUN: %cc -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 -fno-builtin %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.allocations == 19
// EXPECT: s.frees == 15
// EXPECT: s.leaked_blocks == 4
// EXPECT: s.leaked_bytes == 3 + 6 + 24 + 200
// EXPECT: s.threads == 1
// EXPECT: s.complete
// EXPECT: s.allocated_bytes == 10+0+40+16+32+64+60+128+256+512+1024+9+3+6+24+7+200+100+1
// EXPECT: s.unmatched_frees == 0
// EXPECT: s.missed_frees == 0
// EXPECT: not errors
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void *volatile keep[3];

int main(void) {
    char *p = malloc(10);
    void *q = malloc(0);
    size_t huge = SIZE_MAX / 2;

    free(NULL);
    free(p);
    free(q);
    free(calloc(4, 10));

    p = realloc(NULL, 16);
    p = realloc(p, 32);
    p = realloc(p, 64);
    p = reallocarray(p, 3, 20);
    if (reallocarray(p, huge, 16) || realloc(p, huge))
        return 1;
    if (realloc(p, 0))
        return 1;

    if (posix_memalign((void **)&p, 64, 128) || posix_memalign(&q, 3, 1) == 0)
        return 1;
    free(p);
    free(aligned_alloc(64, 256));
    free(memalign(32, 512));
    free(valloc(1024));
    free(pvalloc(9));
    keep[0] = strndup("abcdef", 2);
    keep[1] = strdup("hello");
    keep[2] = wcsdup(L"world");
    free(strndup("abcdef", 9));
    p = malloc(200);
    p[0] = 0;
    free(calloc(1, 100));
    free(strdup(""));
    if (malloc(huge) || calloc(huge, 4))
        return 1;
    return 0;
}
