// Two calls that differ only in their lines stay two.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -g -O2 %s %t.runtime.o -o %t && %t | FileCheck %s
// RUN: %clang -g -O2 -S -emit-llvm %s -o - | FileCheck --check-prefix=IR %s

#include <stdlib.h>

// IR-LABEL: define {{.*}} @choose
// IR-COUNT-2: call {{.*}}@__memtrack_malloc({{.*}} 32
void *choose(int c) {
  void *p;
  if (c)
    // CHECK-DAG: | choose {{.*}}nomerge.c:[[@LINE+1]]:9{{$}}
    p = malloc(32);
  else
    // CHECK-DAG: | choose {{.*}}nomerge.c:[[@LINE+1]]:9{{$}}
    p = malloc(32);
  return p;
}

int main(int argc, char **argv) {
  (void)argv;
  free(choose(argc));
}
