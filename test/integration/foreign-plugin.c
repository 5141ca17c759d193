// Memory that crosses between a host and a plugin of which one is instrumented: nothing is counted
// that the runtime cannot see both ends of, and what it sees is matched.
// RUN: %cc -g -O1 -fno-builtin -DPLUGIN -shared -fPIC %s -o %t.tracked.so
// RUN: clang -g -O1 -fno-builtin -DPLUGIN -shared -fPIC %s -o %t.plain.so
// RUN: %cc -g -O1 -fno-builtin %s -o %t
//
// RUN: %run %t.mtrace %t %t.plain.so && %check %t.mtrace @%s \
// RUN:   '[(c["allocations"], c["frees"]) for c in at("peer = peer_")] == []' \
// RUN:   '[(c["allocations"], c["frees"]) for c in at("mine = malloc")] == [(100, 100)]' \
// RUN:   '[(c["allocations"], c["frees"]) for c in library("foreign-plugin.c.tmp.plain")] == [(100, 100)]'
// RUN: %run %t.mtrace %t %t.tracked.so && %check %t.mtrace @%s \
// RUN:   '[chain(c) for c in at("return malloc")] == [["peer_allocate", "use", "main"]]'
//
// A host that knows nothing of MemTrack: from when the plugin is loaded on.
// RUN: clang -O1 -fno-builtin %s -o %t
// RUN: %run %t.mtrace %t %t.tracked.so && %check %t.mtrace @%s \
// RUN:   '[(c["allocations"], c["frees"]) for c in at("return malloc")] == [(100, 100)]' \
// RUN:   '[(c["allocations"], c["frees"]) for c in library("foreign-plugin.c.tmp") if "use" in chain(c)] == [(100, 100)]' \
// RUN:   'process["capture"] == "redirected"'
// RUN: clang -O1 -fno-builtin -Wl,-z,now,-z,relro %s -o %t
// RUN: %run %t.mtrace %t %t.tracked.so && %check %t.mtrace @%s \
// RUN:   '[(c["allocations"], c["frees"]) for c in library("foreign-plugin.c.tmp") if "use" in chain(c)] == [(100, 100)]'
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef PLUGIN
void *peer_allocate(void) {
    return malloc(30);
}
void peer_free(void *memory) {
    free(memory);
}
#else
static void *volatile mine;
static void *volatile peer;

__attribute__((noinline)) static void use(const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    void *(*peer_allocate)(void) =
        library ? (void *(*)(void))dlsym(library, "peer_allocate") : NULL;
    void (*peer_free)(void *) = library ? (void (*)(void *))dlsym(library, "peer_free") : NULL;

    if (!peer_allocate || !peer_free) {
        puts(dlerror());
        exit(1);
    }
    for (int i = 0; i < 100; i++) {
        mine = malloc(20);
        peer_free(mine);
        peer = peer_allocate();
        free(peer);
    }
    dlclose(library);
}

int main(int argc, char **argv) {
    if (argc > 1)
        use(argv[1]);
    return 0;
}
#endif
