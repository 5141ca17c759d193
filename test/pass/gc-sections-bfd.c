// Sites are collected with the code that uses them, and never without it.
// REQUIRES: clang, native, bfd
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -g -ffunction-sections -c %S/Inputs/gc-sections.c -o %t.o
// RUN: %clang -g -ffunction-sections -DALL_DEAD -c %S/Inputs/gc-sections.c -o %t.dead.o
// RUN: %plain -fuse-ld=bfd %t.o %t.runtime.o -o %t && %t | FileCheck --check-prefix=ALL %s
// RUN: %plain -fuse-ld=bfd -Wl,--gc-sections %t.o %t.runtime.o -o %t && %t | FileCheck --check-prefix=LIVE %s
// RUN: %plain -fuse-ld=bfd -Wl,--gc-sections %t.dead.o %t.runtime.o -o %t && %t | FileCheck --check-prefix=NONE %s
// RUN: %plain -fuse-ld=bfd -shared -fPIC -Wl,--gc-sections %t.dead.o -o %t.so

// ALL:     site {{.*}}| live
// ALL:     site {{.*}}| dead
// ALL:     registered 2
// LIVE-NOT: | dead
// LIVE:    site {{.*}}| live
// LIVE-NOT: | dead
// LIVE:    registered 1
// NONE-NOT: site
// NONE:    registered 0
