// Files are named as the compiler was given them.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: rm -rf %t.dir && mkdir -p %t.dir/source/include %t.dir/build
// RUN: cp %s %t.dir/source/main.c
// RUN: echo 'static inline void release(void *p) { free(p); }' >%t.dir/source/include/release.h
// RUN: cd %t.dir/source && %clang -g -Iinclude main.c %t.runtime.o -o %t && %t | FileCheck %s --check-prefix=RELATIVE
// RUN: cd %t.dir/build && %clang -g -I../source/include ../source/main.c %t.runtime.o -o %t && %t | FileCheck %s --check-prefix=PARENT
// RUN: cd %t.dir/build && %clang -g -I%t.dir/source/include %t.dir/source/main.c %t.runtime.o -o %t && %t | FileCheck %s --check-prefix=ABSOLUTE -DDIR=%t.dir
// RUN: cd / && %clang -g -I%t.dir/source/include %t.dir/source/main.c %t.runtime.o -o %t && %t | FileCheck %s --check-prefix=ABSOLUTE -DDIR=%t.dir

// RELATIVE-DAG: | main main.c:21:11{{$}}
// RELATIVE-DAG: | release include/release.h:1:39{{$}}
// PARENT-DAG: | main ../source/main.c:21:11{{$}}
// PARENT-DAG: | release ../source/include/release.h:1:39{{$}}
// ABSOLUTE-DAG: | main [[DIR]]/source/main.c:21:11{{$}}
// ABSOLUTE-DAG: | release [[DIR]]/source/include/release.h:1:39{{$}}
#include <stdlib.h>
#include "release.h"
int main(void) {
  release(malloc(1));
}
