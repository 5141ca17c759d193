// C without prototypes, as the compiler really hands it over: the size_t
// argument makes a call like any other, the int one does not.
// REQUIRES: clang
// RUN: %clang -std=c89 -fno-builtin -Wno-everything -Rpass-missed=memtrack \
// RUN:   -S -emit-llvm %s -o - 2>%t.remarks | FileCheck %s
// RUN: FileCheck --check-prefix=REMARK %s <%t.remarks

char *malloc();
void free();

// CHECK-LABEL: define {{.*}} @f
// CHECK: call {{.*}}@__memtrack_malloc({{.*}} 10, {{.*}}@__memtrack_sites
// CHECK: call {{.*}}@__memtrack_free({{.*}}@__memtrack_sites
void f(void) { free(malloc(sizeof(char[10]))); }

// CHECK-LABEL: define {{.*}} @g
// CHECK: call {{.*}}@malloc
// REMARK: no-prototype.c:[[@LINE+1]]:{{[0-9]+}}: remark: call of malloc left alone
char *g(void) { return malloc(11); }
