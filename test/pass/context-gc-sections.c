// The sites of calls are collected with the code that makes them, as those of allocations are.
// REQUIRES: clang, native, bfd, lld
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %contexts %clang -g -ffunction-sections -c %s -o %t.o
// RUN: %plain -fuse-ld=bfd %t.o %t.runtime.o -o %t && %t | FileCheck --check-prefix=ALL %s
// RUN: %plain -fuse-ld=bfd -Wl,--gc-sections %t.o %t.runtime.o -o %t && %t | FileCheck %s
// RUN: %plain -fuse-ld=lld %t.o %t.runtime.o -o %t && %t | FileCheck --check-prefix=ALL %s
// RUN: %plain -fuse-ld=lld -Wl,--gc-sections %t.o %t.runtime.o -o %t && %t | FileCheck %s

#include <stdlib.h>

#define NOINLINE __attribute__((noinline))
NOINLINE void *allocate(size_t n) { return malloc(n); }
// ALL-DAG: site {{.*}} flags=2 {{.*}}| dead
NOINLINE void *dead(size_t n) {
  void *memory = allocate(n);
  free(memory);
  return NULL;
}
// CHECK-NOT: | dead
// CHECK-DAG: site {{.*}} api=1 flags=0 {{.*}}| allocate
// CHECK-DAG: site {{.*}} api=0 flags=2 {{.*}}| main
// CHECK-NOT: | dead
// CHECK:     registered 2
// ALL:       registered 4
int main(void) { return !allocate(1); }
