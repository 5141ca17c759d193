// The copies of an inline function are one in the program, and so are their sites;
// modules of one object register it once.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clangxx -g -c %s -o %t.1.o
// RUN: %clangxx -g -DSECOND -c %s -o %t.2.o
// RUN: %clangxx %t.1.o %t.2.o %t.runtime.o -o %t && %t | FileCheck %s

// CHECK-COUNT-1: | _Z6sharedv
// CHECK-NOT:     | _Z6sharedv
// CHECK:         registered 2
// CHECK-NEXT:    from main
// CHECK-NEXT:    unregistered 2
// CHECK-NOT:     registered
extern "C" int puts(const char *);

inline int *shared() { return new int; }

#ifdef SECOND
int *second() { return shared(); }
#else
int *second();
int main() {
  puts("from main");
  delete shared();
  return !second();
}
#endif
