// A leak in a try block of a template that is inlined twice: the line and the chain.
// RUN: %cxx -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s \
// RUN:   'sorted(chain(c) for c in at("T[count]")) == [["void make<int>", who, "main"] for who in ("first", "second")]' \
// RUN:   '[f["inlined"] for f in at("T[count]")[0]["frames"]] == [True, True, False]'
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %memtrack report %t.mtrace | FileCheck %s
// EXPECT: total(at("T[count]"), "leaked_bytes") == 800
// EXPECT: total(at("T[count]"), "leaked_blocks") == 2
// EXPECT: own.leaked_bytes == 800
// EXPECT: at("T[count]")[0]["frames"][0]["file"].endswith("try-template.cpp")
// EXPECT: at("T[count]")[0]["frames"][0]["type"] == "int"
// CHECK: make<int>
// CHECK-SAME: try-template.cpp:[[#]]
static void *volatile sink;

template <class T> static inline void make(int count) {
    try {
        sink = new T[count];
    } catch (...) {
        sink = nullptr;
    }
}

static inline void first(int count) {
    make<int>(count);
}

static inline void second(int count) {
    make<int>(count);
}

int main(int argc, char **) {
    first(100 * argc);
    second(100 * argc);
}
