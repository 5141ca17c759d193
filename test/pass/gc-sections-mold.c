// The sites of code in use are never collected; this linker keeps others, too.
// REQUIRES: clang, native, mold
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -g -ffunction-sections -c %S/Inputs/gc-sections.c -o %t.o
// RUN: %clang -g -ffunction-sections -DALL_DEAD -c %S/Inputs/gc-sections.c -o %t.dead.o
// RUN: %plain -fuse-ld=mold %t.o %t.runtime.o -o %t && %t | FileCheck --check-prefix=ALL %s
// RUN: %plain -fuse-ld=mold -Wl,--gc-sections %t.o %t.runtime.o -o %t && %t | FileCheck --check-prefix=LIVE %s
// RUN: %plain -fuse-ld=mold -Wl,--gc-sections %t.dead.o %t.runtime.o -o %t && %t
// RUN: %plain -fuse-ld=mold -shared -fPIC -Wl,--gc-sections %t.dead.o -o %t.so

// ALL:     site {{.*}}| live
// ALL:     site {{.*}}| dead
// ALL:     registered 2
// LIVE:    site {{.*}}| live
