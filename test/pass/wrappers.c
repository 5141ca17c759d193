// Functions that only pass on an allocator are marked in the frames of sites, also where they have
// been inlined; those that know what the memory is for are not.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -g -O0 %s %t.runtime.o -o %t && %t | FileCheck %s --check-prefixes=CHECK,O0
// RUN: %clang -g -O2 %s %t.runtime.o -o %t && %t | FileCheck %s --check-prefixes=CHECK,O2
// RUN: %contexts %clang -g -O2 %s %t.runtime.o -o %t && %t | FileCheck %s --check-prefixes=CHECK,O2

#include <stdlib.h>

#define NOINLINE __attribute__((noinline))
struct node {
  int value;
};

// O0-DAG: | xmalloc {{[^|]*}}:{{[0-9]+}} wrapper{{$}}
// O2-DAG: | xmalloc {{[^|]*}}:{{[0-9]+}} wrapper | inlines {{[^|]*}}:{{[0-9]+$}}
static void *xmalloc(size_t size) {
  void *memory = malloc(size);
  if (!memory)
    abort();
  return memory;
}

// CHECK-DAG: | xrealloc {{[^|]*}}:{{[0-9]+}} wrapper{{$}}
NOINLINE void *xrealloc(void *old, size_t size) {
  void *memory = realloc(old, size ? size : 1);
  if (!memory)
    abort();
  return memory;
}

// CHECK-DAG: | duplicate {{[^|]*}}:{{[0-9]+}} wrapper{{$}}
typedef unsigned char byte;
NOINLINE byte *duplicate(size_t count) { return calloc(count, 2); }

// CHECK-DAG: | new_node {{[^|]*}}:{{[0-9]+$}}
NOINLINE struct node *new_node(int count) {
  return malloc(sizeof(struct node) * (size_t)count);
}

// CHECK-DAG: | fixed {{[^|]*}}:{{[0-9]+$}}
NOINLINE void *fixed(void) { return malloc(64); }

// CHECK-DAG: | kept {{[^|]*}}:{{[0-9]+$}}
static void *last;
NOINLINE void *kept(size_t size) {
  if (!last)
    last = malloc(size);
  return last;
}

NOINLINE void *inlines(void) { return xmalloc(10); }

int main(void) {
  return !(inlines() && xrealloc(NULL, 1) && duplicate(1) && new_node(1) &&
           fixed() && kept(1));
}
