// Link-time optimisation inlines instrumented code into other modules, which takes
// its sites along; what nobody calls any more goes with them.
// REQUIRES: clang, native, lld
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -g -O2 -flto=full -DHELPER -c %s -o %t.full.1.o
// RUN: %clang -g -O2 -flto=full -c %s -o %t.full.2.o
// RUN: %plain -fuse-ld=lld -flto=full -Wl,--gc-sections %t.full.1.o %t.full.2.o %t.runtime.o -o %t
// RUN: %t | FileCheck %s
// RUN: %clang -g -O2 -flto=thin -DHELPER -c %s -o %t.thin.1.o
// RUN: %clang -g -O2 -flto=thin -c %s -o %t.thin.2.o
// RUN: %plain -fuse-ld=lld -flto=thin -Wl,--gc-sections %t.thin.1.o %t.thin.2.o %t.runtime.o -o %t
// RUN: %t | FileCheck %s

// CHECK-DAG: | helper
// CHECK-DAG: | main
// CHECK-NOT: | unused
// CHECK:     registered 2
#include <stdlib.h>

#ifdef HELPER
void *helper(size_t n) { return malloc(n); }
void *unused(size_t n) { return calloc(n, 2); }
#else
void *helper(size_t n);
int main(void) { free(helper(1)); }
#endif
