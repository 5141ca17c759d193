// Other allocators behind the runtime, when the program is linked with them, and in front of it, when
// they are preloaded.
// REQUIRES: allocators
// RUN: %cxx -x c++ -g -O1 -fno-builtin -pthread %s -x none %jemalloc -o %t
// RUN: %run %t.mtrace %t jemalloc && %check %t.mtrace @%s
// RUN: %cxx -x c++ -g -O1 -fno-builtin -pthread %s -x none %tcmalloc -o %t
// RUN: %run %t.mtrace %t tcmalloc && %check %t.mtrace @%s
// RUN: %cxx -x c++ -g -O1 -fno-builtin -pthread %s -x none %mimalloc -o %t
// RUN: %run %t.mtrace %t mimalloc && %check %t.mtrace @%s
//
// RUN: %cxx -x c++ -g -O1 -fno-builtin -pthread %s -o %t
// RUN: %run %t.mtrace env LD_PRELOAD=%jemalloc %t jemalloc && %check %t.mtrace @%s
// RUN: %run %t.mtrace env LD_PRELOAD=%tcmalloc %t tcmalloc && %check %t.mtrace @%s
// RUN: %run %t.mtrace env LD_PRELOAD=%mimalloc %t mimalloc && %check %t.mtrace @%s
// RUN: %run %t.mtrace %t libc.so && %check %t.mtrace @%s
//
// EXPECT: total(by("c_functions"), "allocations") == 2 * 1000 * 7
// EXPECT: total(by("c_functions"), "frees") == 2 * 1000 * 7
// EXPECT: total(by("operators"), "allocations") == 2 * 1000 * 3
// EXPECT: total(by("operators"), "frees") == 2 * 1000 * 3
// EXPECT: total(by("refused"), "allocations") == 0
// EXPECT: total([c for c in library("libc.so") if "crossing" in chain(c)], "allocations") >= 2 * 1000 * 2
// EXPECT: total([c for c in library("libstdc++") if "crossing" in chain(c)], "allocations") >= 2 * 1000
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
#include <dlfcn.h>
#include <initializer_list>
#include <malloc.h>
#include <new>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>

static __thread void *volatile sink;

__attribute__((noinline)) static void use(void *memory) {
    if (!memory)
        abort();
    sink = memory;
    memset(memory, 1, 8);
}

__attribute__((noinline)) static void c_functions() {
    void *memory;

    use(malloc(100));
    free(sink);
    use(calloc(3, 30));
    use(realloc(sink, 5000));
    free(sink);
    if (posix_memalign(&memory, 64, 100) != 0)
        abort();
    use(memory);
    free(sink);
    use(aligned_alloc(128, 256));
    free(sink);
    use(memalign(32, 256));
    free(sink);
    use(strdup("eight bytes"));
    free(sink);
}

__attribute__((noinline)) static void operators() {
    use(::operator new(100));
    ::operator delete(sink);
    use(::operator new[](200));
    ::operator delete[](sink);
    use(::operator new(300, std::nothrow));
    ::operator delete(sink);
}

// libc and libstdc++ allocate, the program frees.
__attribute__((noinline)) static void crossing() {
    char *text;

    if (asprintf(&text, "%100d", 1) < 0)
        abort();
    use(text);
    free(sink);
    use(realpath("/", NULL));
    free(sink);
    std::string string;
    string.append(200, 'x');
    use(&string[0]);
}

__attribute__((noinline)) static void refused() {
    try {
        sink = ::operator new((size_t)-1 / 4);
        abort();
    } catch (const std::bad_alloc &) {
    }
    if (malloc((size_t)-1 / 4) || ::operator new((size_t)-1 / 4, std::nothrow))
        abort();
}

static void *run(void *argument) {
    for (int i = 0; i < 1000; i++) {
        c_functions();
        operators();
        crossing();
    }
    return argument;
}

int main(int argc, char **argv) {
    pthread_t thread;
    Dl_info info;

    pthread_create(&thread, NULL, run, NULL);
    run(NULL);
    pthread_join(thread, NULL);
    /* That one ends the program. */
    if (argc > 1 && strcmp(argv[1], "mimalloc") != 0)
        refused();
    /* The next malloc after the runtime's, or the first of all. */
    for (void *from : {RTLD_NEXT, RTLD_DEFAULT})
        if (argc > 1 && dladdr(dlsym(from, "malloc"), &info) && strstr(info.dli_fname, argv[1]))
            return 0;
    dladdr((void *)dlsym(RTLD_NEXT, "calloc"), &info);
    return strstr(info.dli_fname, "memtrack") && argc > 1 ? 0 : 3;
}
