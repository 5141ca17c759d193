// What the optimiser infers of malloc's memory effects is not said of the entry
// point, nor of its calls.
// REQUIRES: clang
// RUN: %clang -O2 -S -emit-llvm %s -o - | FileCheck %s

#include <stdlib.h>
#include <string.h>

// CHECK-LABEL: define {{.*}} @f
// CHECK: call {{.*}} @__memtrack_malloc({{.*}}) #[[CALL:[0-9]+]]
// CHECK: call {{.*}} @__memtrack_strdup({{.*}}) #[[CALL2:[0-9]+]]
// CHECK: declare {{.*}} @__memtrack_malloc({{[^)]*}}){{$}}
// CHECK: attributes #[[CALL]] = {
// CHECK-NOT: {{memonly|memory\(|allockind|alloc-family|readonly}}
// CHECK-SAME: }
void *f(size_t n, char *s) {
  void *p = malloc(n);
  s = strdup(s);
  *(char **)p = s;
  return p;
}
