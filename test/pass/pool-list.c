// Lists of allocators, in the translation unit as the drivers put them there, or in a file that the
// variable names. Lines that are not understood are told of, each once, and the build goes on.
// REQUIRES: clang
// RUN: grep -v '^//' %s | sed -n '/^#if 0/,/^#endif/p' | grep -v '^#[ie]' >%t.list
// RUN: env MEMTRACK_PASS_OPTIONS="context=site allocators=%t.list" %clang -Werror -O1 -S -emit-llvm %s -o %t.ll 2>%t.err
// RUN: FileCheck %s <%t.ll && FileCheck %s --check-prefix=ERR <%t.err
// RUN: env MEMTRACK_PASS_OPTIONS="context=site" %clang -Werror -O1 -DLIST -S -emit-llvm %s -o %t.ll 2>%t.err
// RUN: FileCheck %s <%t.ll && FileCheck %s --check-prefix=CARRIED <%t.err
// RUN: env MEMTRACK_PASS_OPTIONS="context=site allocators=%t.missing" %clang -Werror -O1 -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=MISSING

#if 0
# The figures are positions.

alloc    obj_get bytes=64 pool=1 name=the objects
free     obj_put ptr=2 pool=1 name=the objects
realloc  obj_again ptr=1 size=2   # a comment
frobnicate obj_get
alloc    obj_get size=two
alloc    obj_get colour=red
free     obj_get
free-pool obj_get
alloc
alloc    obj_get bytes=64 name=
#endif

// ERR: warning: memtrack: {{.*}}.list:6: the line is ignored: 'frobnicate' is unknown; a line begins with alloc, realloc, free or free-pool; see docs/custom-allocators.md
// ERR-NEXT: .list:7: the line is ignored: 'size=two' needs a number, the position of a parameter from 1
// ERR-NEXT: .list:8: the line is ignored: 'colour=red' is unknown
// ERR-NEXT: .list:9: the line is ignored: 'free' needs ptr=N
// ERR-NEXT: .list:10: the line is ignored: 'free-pool' needs pool=N
// ERR-NEXT: .list:11: the line is ignored: the name of a function is missing after 'alloc'
// ERR-NEXT: .list:12: the line is ignored: the name of the pool is empty
// ERR-NOT: warning:
// CARRIED: warning: memtrack: another:1: the line is ignored: 'x' is unknown
// CARRIED: warning: memtrack: a file:2: the line is ignored: 'what' is unknown
// CARRIED-NOT: warning:
// MISSING: warning: memtrack: cannot read the list of allocators {{.*}}.missing: No such file or directory
// MISSING-NOT: warning:

#ifdef LIST
static const char list[] __attribute__((used, section("memtrack.cfg"))) =
    "allocators=a file\nalloc obj_get bytes=64 pool=1 name=the objects\n\0allocators=another\nx\n"
    "free obj_put ptr=2 pool=1 name=the objects\nrealloc obj_again ptr=1 size=2\n";
static const char more[] __attribute__((used, section("memtrack.cfg"))) = "allocators=a file\n\nwhat\n";
#endif

void *obj_get(void *pool);
void obj_put(void *pool, void *p);
void *obj_again(void *p, int n);

// CHECK-DAG: c"the objects\00"
// CHECK-DAG: c"obj_again\00"
// CHECK: call {{.*}}@obj_get(
// CHECK: call void @__memtrack_pool_alloc({{[^,]*}}, i64 64,
// CHECK: call {{.*}}@obj_again(
// CHECK: call void @__memtrack_pool_realloc({{[^,]*}}, i64 3,
// CHECK: call void @__memtrack_pool_free(
// CHECK: call {{.*}}@obj_put(
void use(void *pool) {
    void *p = obj_get(pool);
    p = obj_again(p, 3);
    obj_put(pool, p);
}
