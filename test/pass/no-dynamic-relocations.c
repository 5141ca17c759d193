// Sites and frames are read-only and need no work at start-up, in a shared object
// as in a position-independent executable.
// REQUIRES: clang, native
// RUN: %plain -fPIC -c %runtime -o %t.runtime.o
// RUN: %clang -g -fPIC -c %s -o %t.o
// RUN: %plain -shared -Wl,--emit-relocs -Wl,-z,defs %t.o %t.runtime.o -o %t.so
// RUN: %plain -pie %t.o %t.runtime.o -o %t.pie
// RUN: llvm-readelf -SW %t.so | FileCheck --check-prefix=SECTION %s
// RUN: llvm-readelf -SW %t.pie | FileCheck --check-prefix=SECTION %s
// RUN: llvm-objdump -s -j memtrack_sites %t.so | FileCheck --check-prefix=FILLED %s
// RUN: llvm-readelf --dyn-relocations %t.so | FileCheck --check-prefix=RELOC %s
// RUN: llvm-readelf -d %t.so | FileCheck --check-prefix=DYNAMIC %s

// SECTION-DAG: memtrack_sites PROGBITS {{[0-9a-f ]+}} 00 A{{[LR]*}} {{.*}} 32{{$}}
// SECTION-DAG: memtrack_frames PROGBITS {{[0-9a-f ]+}} 00 A{{[LR]*}} {{.*}} 16{{$}}
// FILLED: Contents of section memtrack_sites
// RELOC-NOT: memtrack_sites
// RELOC-NOT: memtrack_frames
// DYNAMIC-NOT: TEXTREL

#include <stdlib.h>
#include <string.h>

void *f(size_t n) { return malloc(n); }
char *g(const char *s) { return strdup(s); }
int main(void) { free(f(1)); }
