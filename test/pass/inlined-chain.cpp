// A call's frames, innermost first, at every level; a frame that was not inlined
// begins a chain of its own.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clangxx -g -O0 %s %t.runtime.o -o %t.0 && %t.0 | FileCheck %s --check-prefix=APART
// RUN: %clangxx -g -O2 %s %t.runtime.o -o %t.2 && %t.2 | FileCheck %s --check-prefix=INLINED

struct Node {
  int value = 0;
};

template <class T> static T *inner(int n) {
  try {
    // INLINED: site {{.*}} api=3 flags=0 type=Node | _ZL5innerI4NodeEPT_i [[FILE:.*inlined-chain.cpp]]:[[@LINE+2]]:12
    // APART: site {{.*}} api=3 flags=0 type=Node | _ZL5innerI4NodeEPT_i {{.*}}inlined-chain.cpp:[[@LINE+1]]:12{{$}}
    return new T[n];
  } catch (...) {
    return nullptr;
  }
}

template <class T> static T *middle(int n) {
  // INLINED-SAME: | _ZL6middleI4NodeEPT_i [[FILE]]:[[@LINE+1]]:10
  return inner<T>(n);
}

Node *sink;
// INLINED-SAME: | main [[FILE]]:[[@LINE+1]]:39{{$}}
int main(int argc, char **) { sink = (middle<Node>(argc)); }
