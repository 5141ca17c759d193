// Without debug information a site has its function and a flag. Its hash is that of
// the function and the call's place in it, and of the file for a static function.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang %s %t.runtime.o -o %t && %t | FileCheck %s
// RUN: mkdir -p %t.dir && cp %s %t.dir/no-debug-info.c && cp %s %t.dir/other.c
// RUN: %clang %t.dir/no-debug-info.c %t.runtime.o -o %t && %t >%t.same && %t | FileCheck %s
// RUN: %clang %t.dir/other.c %t.runtime.o -o %t && %t | FileCheck %s --check-prefix=OTHER

#include <stdlib.h>

// CHECK:      site hash=462dab53c54ac6fa api=1 flags=1 type=- | f -:0:0
// CHECK-NEXT: site hash=[[SECOND:[0-9a-f]+]] api=1 flags=1 type=- | f -:0:0
// OTHER:      site hash=462dab53c54ac6fa {{.*}}| f
void *f(void) {
  free(malloc(1));
  return NULL;
}

// CHECK-NEXT: site hash=0458ced76721d9c2 api=1 flags=1 type=- | g -:0:0
// OTHER-NOT:  site hash=0458ced76721d9c2
static void g(void) { free(0); }

int main(void) {
  f();
  g();
}
