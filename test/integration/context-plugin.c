// Chains through a library that was unloaded, also when another took its place, are in the report.
// RUN: %cc -g -O1 -shared -fPIC -DNAME=alpha %s -o %t.alpha.so
// RUN: %cc -g -O1 -shared -fPIC -DNAME=omega %s -o %t.omega.so
// RUN: %cc -g -O1 -rdynamic %s -o %t && %run %t.mtrace %t %t.alpha.so %t.omega.so
// RUN: %check %t.mtrace @%s
// EXPECT: sorted(chain(c) for c in at("sink =")) == [["allocate", "alpha", "load", "main"], ["allocate", "omega", "load", "main"]]
// EXPECT: [c["allocations"] for c in at("sink =")] == [10, 10]
// EXPECT: s.complete
#include <dlfcn.h>
#include <stdlib.h>

void allocate(void);

#ifdef NAME
static volatile int count;

__attribute__((noinline)) static void NAME(void) {
    allocate();
    count++;
}
void (*entry)(void) = NAME;
#else
static void *volatile sink;
static volatile int count;

__attribute__((noinline)) void allocate(void) {
    sink = malloc(1);
    count++;
}
__attribute__((noinline)) static int load(const char *path) {
    void *library = dlopen(path, RTLD_NOW);

    if (!library)
        return 1;
    (*(void (**)(void))dlsym(library, "entry"))();
    return dlclose(library);
}
int main(int argc, char **argv) {
    for (int round = 0; round < 10; round++)
        for (int i = 1; i < argc; i++)
            if (load(argv[i]) != 0)
                return 1;
    return count != 20;
}
#endif
