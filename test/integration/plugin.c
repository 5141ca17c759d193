// Sites of a library that was unloaded are in the trace, also when another is loaded in its place.
// RUN: %cc -g -O1 -fno-builtin -shared -fPIC -DNAME=alpha %s -o %t.alpha.so
// RUN: %cc -g -O1 -fno-builtin -shared -fPIC -DNAME=omega %s -o %t.omega.so
// RUN: %cc -g -O1 -fno-builtin -DMAIN %s -o %t && %run %t.mtrace %t %t.alpha.so %t.omega.so
// RUN: %check %t.mtrace @%s
//
// The same under a program that knows nothing of MemTrack.
// RUN: clang -g -O1 -fno-builtin -DMAIN %s -o %t && %run %t.mtrace %t %t.alpha.so %t.omega.so
// RUN: %check %t.mtrace @%s
// EXPECT: total(by("alpha"), "allocations") == 1000
// EXPECT: s.complete
// EXPECT: total(by("omega"), "allocations") == 1000
// EXPECT: own.allocations == 2000
// EXPECT: by("alpha")[0]["frames"][0]["module"].endswith("alpha.so")
// EXPECT: by("omega")[0]["frames"][0]["module"].endswith("omega.so")
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef MAIN
int main(int argc, char **argv) {
    for (int round = 0; round < 10; round++) {
        for (int i = 1; i < argc; i++) {
            void *library = dlopen(argv[i], RTLD_NOW);
            void (*entry)(void) = library ? (void (*)(void))dlsym(library, "entry") : NULL;

            if (!entry) {
                puts(dlerror());
                return 1;
            }
            entry();
            if (dlclose(library) != 0)
                return 1;
        }
    }
    return 0;
}
#else
__attribute__((noinline)) static void NAME(void) {
    for (int i = 0; i < 100; i++)
        free(malloc(10));
}

void entry(void) {
    NAME();
}
#endif
