// Calls of a library that was unloaded are not taken for those of the one that is loaded in its place.
// RUN: clang -O1 -fno-builtin -shared -fPIC -DSIZE=100 %s -o %t.alpha.so
// RUN: clang -O1 -fno-builtin -shared -fPIC -DSIZE=200 %s -o %t.omega.so
// RUN: %cc -g -O1 -fno-builtin -DMAIN %s -o %t && %run %t.mtrace %t %t.alpha.so %t.omega.so
// RUN: %check %t.mtrace @%s
// EXPECT: total(library("foreign-unload.c.tmp.alpha.so"), "allocated_bytes") == 10 * 100
// EXPECT: total(library("foreign-unload.c.tmp.omega.so"), "allocated_bytes") == 10 * 200
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef MAIN
int main(int argc, char **argv) {
    void *places[2] = {0};
    int same = 0;

    for (int round = 0; round < 10; round++) {
        for (int i = 1; i < argc; i++) {
            void *library = dlopen(argv[i], RTLD_NOW);
            void (*entry)(void) = library ? (void (*)(void))dlsym(library, "entry") : NULL;

            if (!entry) {
                puts(dlerror());
                return 1;
            }
            places[i % 2] = (void *)entry;
            same += places[0] == places[1];
            entry();
            if (dlclose(library) != 0)
                return 1;
        }
    }
    /* Or this would test nothing. */
    return same < 10;
}
#else
static void *volatile sink;

void entry(void) {
    sink = malloc(SIZE);
    free(sink);
}
#endif
