// The same source in another directory, with lines in front and one function more, is the same
// program with one place more; ASLR and new line numbers do not matter.
// RUN: rm -rf %t.d && mkdir -p %t.d/a %t.d/b && cp %s %t.d/a/prog.c
// RUN: (echo '/* one */'; echo '/* two */'; cat %s) >%t.d/b/prog.c
// RUN: cd %t.d && %cc -g -O1 a/prog.c -o a/prog && %cc -g -O1 -DGROWN %t.d/b/prog.c -o b/prog
// RUN: %run %t.a %t.d/a/prog && %run %t.b %t.d/b/prog
// RUN: %memtrack diff --format json %t.a %t.b >%t.json
// RUN: %memtrack diff %t.a %t.b | FileCheck %s
// RUN: %python -c "import json,sys; d=json.load(open(sys.argv[1]))['diff']; c=[x for x in d['contexts'] if x['frames'][-1]['function']=='main']; print(sorted((x['status'],x['moved'],x['frames'][0]['function'],x['delta']['allocated_bytes']) for x in c)); s=d['summary']; assert s['delta']['peak_bytes'] == s['new']['peak_bytes']-s['base']['peak_bytes'] == 1300" %t.json | FileCheck %s --check-prefix=JSON

// CHECK: peak {{.*}} +1.27 KiB
// CHECK: Changed most: bytes at the peak
// CHECK: 1. +1000 B 0 B 1000 B new
// CHECK-NEXT: extra b/prog.c:
// CHECK: 2. +300 B 200 B 500 B moved
// CHECK-NEXT: second b/prog.c
// CHECK-NOT: 3.
// JSON: [('changed', True, 'second', 300), ('new', False, 'extra', 1000), ('same', True, 'keep', 0), ('same', True, 'second', 0)]
#include <stdlib.h>

static void *volatile kept[8];
static int count;

#ifdef GROWN
#define GROWTH 300
#else
#define GROWTH 0
#endif

static inline void *keep(size_t size) {
    return kept[count++] = malloc(size);
}
__attribute__((noinline)) static void first(void) {
    keep(100);
}
__attribute__((noinline)) static void second(void) {
    kept[count++] = malloc(200 + GROWTH);
    kept[count++] = malloc(10);
}
#ifdef GROWN
__attribute__((noinline)) static void extra(void) {
    kept[count++] = malloc(1000);
}
#endif

int main(void) {
    first();
    second();
#ifdef GROWN
    extra();
#endif
    return 0;
}
