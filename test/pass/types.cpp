// Types of what is allocated: from the compiler's own mark on `new`, and from the
// standard allocators' template argument.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clangxx -g -O0 %s %t.runtime.o -o %t && %t | FileCheck %s
// RUN: %clangxx -g -O2 %s %t.runtime.o -o %t && %t | FileCheck %s

#include <list>
#include <memory>
#include <vector>

namespace shapes {
template <class T> struct Box {
  T item[2];
  struct Lid {};
};
typedef struct {
  int x;
} Plain;
namespace {
struct Hidden {};
} // namespace
} // namespace shapes

#define NOINLINE __attribute__((noinline))
// CHECK-DAG: type=shapes::Box<int> | _Z1av
NOINLINE void *a() { return new shapes::Box<int>; }
// CHECK-DAG: type=shapes::Box<int>::Lid | _Z1bv
NOINLINE void *b() { return new shapes::Box<int>::Lid[3]; }
// CHECK-DAG: type=shapes::Box<int> * | _Z1cv
NOINLINE void *c() { return new shapes::Box<int> *[3]; }
// CHECK-DAG: type=shapes::Plain | _Z1dv
NOINLINE void *d() { return new shapes::Plain; }
// CHECK-DAG: type=shapes::(anonymous)::Hidden | _Z1ev
NOINLINE void *e() { return new shapes::Hidden; }
// CHECK-DAG: type=unsigned long | _Z1fv
NOINLINE const void *f() { return new const size_t(3); }
// CHECK-DAG: type=std::vector<char *, std::allocator<char *> > | _Z1gv
NOINLINE void *g() { return new std::vector<char *>; }
// CHECK-DAG: type=- | _Z1hv
NOINLINE void *h() { return ::operator new(3); }
// CHECK-DAG: api=2 flags=0 type=shapes::Plain | {{.*}}8allocate
NOINLINE void i(std::vector<shapes::Plain> &v) { v.reserve(10); }
// CHECK-DAG: type=std::_List_node<long> | {{.*}}8allocate
NOINLINE void j(std::list<long> &l) { l.push_back(1); }

int main() {
  std::vector<shapes::Plain> v;
  std::list<long> l;
  i(v);
  j(l);
  return !(a() && b() && c() && d() && e() && f() && g() && h());
}
