// Functions with the attribute alloc_size are custom allocators, wherever their bodies are; but not
// those whose bodies show that they only pass memory on, nor libc's own. The attribute malloc alone
// says too little: fopen has it.
// REQUIRES: clang
// RUN: %clang -g -O0 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O2 -S -emit-llvm %s -o - | FileCheck %s
#include <stdio.h>
#include <stdlib.h>

__attribute__((alloc_size(1))) void *elsewhere(size_t n);
__attribute__((alloc_size(2, 3), malloc)) void *many(void *pool, size_t n, size_t m);
__attribute__((malloc)) void *no_size(size_t n);

__attribute__((alloc_size(1), noinline)) static void *wrapper(size_t n) {
    void *p = malloc(n);
    if (!p)
        abort();
    return p;
}
static char memory[1024];
static size_t used;
__attribute__((alloc_size(1), noinline)) void *here(size_t n) {
    used += n;
    return memory + used - n;
}

// CHECK-LABEL: define {{.*}}@use(
// CHECK: call {{.*}}@elsewhere(
// CHECK: call void @__memtrack_pool_alloc(
// CHECK: call {{.*}}@many(
// CHECK: call void @__memtrack_pool_alloc({{[^,]*}}, i64 12,
// CHECK-NOT: pool_
// CHECK: call {{.*}}@no_size(
// CHECK-NOT: pool_
// CHECK: call {{.*}}@wrapper(
// CHECK-NOT: pool_alloc
// CHECK: call {{.*}}@here(
// CHECK: call void @__memtrack_pool_alloc({{[^,]*}}, i64 5,
// CHECK-NOT: pool_
// CHECK: call {{.*}}@fopen
// CHECK-NOT: pool_
// CHECK: ret
void *volatile sink;
void use(size_t n) {
    sink = elsewhere(n);
    sink = many(0, 3, 4);
    sink = no_size(n);
    sink = wrapper(n);
    sink = here(5);
    sink = fopen("x", "r");
}
