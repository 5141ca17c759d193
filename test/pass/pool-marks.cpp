// The marks of memtrack/allocators.h on declarations and definitions, members and templates; without a
// warning; and nothing at all comes of them without the plugin.
// REQUIRES: clang
// RUN: %clangxx -g -O0 -Wall -Wextra -Wpedantic -Werror -I%include -S -emit-llvm %s -o %t.ll
// RUN: FileCheck %s <%t.ll
// RUN: %clangxx -g -O2 -I%include -S -emit-llvm %s -o - | FileCheck %s --check-prefix=INLINED
// RUN: %clangxx -E -I%include %s -o %t.ii && %clangxx -g -O0 -Wall -Wextra -Werror -S -emit-llvm %t.ii -o - | FileCheck %s
// RUN: %plain -O0 -Wall -Wextra -Werror -I%include -c %s -o %t.marked.o
// RUN: %plain -O0 -DBARE -I%include -c %s -o %t.bare.o
// RUN: cmp %t.marked.o %t.bare.o

#ifdef BARE
#define MEMTRACK_ALLOCATES(name, size, pool)
#define MEMTRACK_ALLOCATES_ARRAY(name, count, size, pool)
#define MEMTRACK_ALLOCATES_BYTES(name, bytes, pool)
#define MEMTRACK_REALLOCATES(name, ptr, size, pool)
#define MEMTRACK_FREES(name, ptr, pool)
#define MEMTRACK_FREES_POOL(name, pool)
#else
#include <memtrack/allocators.h>
#endif

using size = decltype(sizeof 0);
struct arena;
#define SIZE_OF_NODE 24

extern "C" {
MEMTRACK_ALLOCATES("the arena, its name", 2, 1) void *arena_alloc(arena *a, size n);
MEMTRACK_ALLOCATES_ARRAY("arena", 2, 3, 1) extern void *arena_calloc(arena *a, size n, size m);
void *MEMTRACK_ALLOCATES_BYTES("nodes", SIZE_OF_NODE, 0) node_alloc(void);
MEMTRACK_REALLOCATES("arena", 2, 3, 1) void *arena_realloc(arena *a, void *p, size n);
MEMTRACK_FREES("arena", 2, 1) void arena_free(arena *a, void *p);
MEMTRACK_FREES_POOL("arena", 1) void arena_destroy(arena *a);
}

class Pool {
public:
    MEMTRACK_ALLOCATES("members", 2, 1) void *get(size n);
    MEMTRACK_ALLOCATES("members", 1, 0) static void *any(size n);
    MEMTRACK_FREES("members", 2, 1) void put(void *p) noexcept;
    template <class T> MEMTRACK_ALLOCATES_ARRAY("members", 2, 3, 1) T *make(size n, size m);
    MEMTRACK_ALLOCATES("members", 2, 1) void *operator()(size n) { return at += n; }
    char *at;
};
template <class T> struct Typed {
    MEMTRACK_ALLOCATES("typed", 2, 1) T *get(size n);
};
template <class T> MEMTRACK_ALLOCATES("free standing", 1, 0) T *get(size n);

// CHECK-DAG: c"the arena, its name\00"
// CHECK-DAG: c"nodes\00"

// CHECK-LABEL: define {{.*}}@_Z3useP5arenam
// INLINED-LABEL: define {{.*}}@_Z3useP5arenam
void use(arena *a, size n) {
    // CHECK: call {{.*}}@arena_alloc(
    // CHECK: call void @__memtrack_pool_alloc(
    void *p = arena_alloc(a, n);
    // CHECK: mul i64
    // CHECK: call {{.*}}@arena_calloc(
    // CHECK: call void @__memtrack_pool_alloc(
    arena_calloc(a, n, n);
    // CHECK: call {{.*}}@node_alloc(
    // CHECK: call void @__memtrack_pool_alloc({{[^,]*}}, i64 24,
    node_alloc();
    // CHECK: call {{.*}}@arena_realloc(
    // CHECK: call void @__memtrack_pool_realloc(
    p = arena_realloc(a, p, 5);
    // CHECK: call void @__memtrack_pool_free(
    // CHECK: call {{.*}}@arena_free(
    arena_free(a, p);
    // CHECK: call void @__memtrack_pool_free_all(
    // CHECK: call {{.*}}@arena_destroy(
    arena_destroy(a);
}

// CHECK-LABEL: define {{.*}}@_Z3useR4Poolm
// INLINED-LABEL: define {{.*}}@_Z3useR4Poolm
void use(Pool &pool, size n) {
    // CHECK: call {{.*}}@_ZN4Pool3getEm(
    // CHECK: call void @__memtrack_pool_alloc(
    void *p = pool.get(n);
    // CHECK: call {{.*}}@_ZN4Pool3anyEm(
    // CHECK: call void @__memtrack_pool_alloc({{[^,]*}}, i64 {{[^,]*}}, {{ptr|i8\*}} null,
    Pool::any(n);
    // CHECK: call void @__memtrack_pool_free(
    // CHECK: call {{.*}}@_ZN4Pool3putEPv(
    pool.put(p);
    // CHECK: call {{.*}}@_ZN4Pool4makeIiEEPT_mm(
    // CHECK: call void @__memtrack_pool_alloc(
    pool.make<int>(n, 2);
    // CHECK: call {{.*}}@_ZN4PoolclEm(
    // CHECK: call void @__memtrack_pool_alloc(
    // What is inlined is told of, too.
    // INLINED-NOT: @_ZN4PoolclEm(
    // INLINED-COUNT-4: call void @__memtrack_pool_alloc(
    pool(n);
}

// CHECK-LABEL: define {{.*}}@_Z3useR5TypedIiEm
void use(Typed<int> &typed, size n) {
    // CHECK: call {{.*}}@_ZN5TypedIiE3getEm(
    // CHECK: call void @__memtrack_pool_alloc(
    typed.get(n);
    // CHECK: call {{.*}}@_Z3getIiEPT_m(
    // CHECK: call void @__memtrack_pool_alloc(
    get<int>(n);
}
