// Every replaceable operator new and delete; what is mismatched is told.
// RUN: %cxx -g -O0 -fsized-deallocation %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -fsized-deallocation %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: own.allocations == 9
// EXPECT: s.frees == 9
// EXPECT: own.leaked_blocks == 0
// EXPECT: own.allocated_bytes == 8+16+24+32+64+128+192+256+1
// EXPECT: s.unmatched_frees == 0
// EXPECT: [e["kind"] for e in errors] == ["mismatched_free"]
// EXPECT: errors[0]["count"] == 1
#include <new>

struct alignas(64) Wide {
    char bytes[64];
};

static void *volatile sink;
template <class T> static T *hide(T *p) {
    sink = p;
    return (T *)sink;
}

int main() {
    using std::align_val_t;
    using std::nothrow;
    ::operator delete(hide(::operator new(8)));
    ::operator delete(hide(::operator new(16, nothrow)), nothrow);
    ::operator delete[](hide(::operator new[](24)));
    ::operator delete[](hide(::operator new[](32, nothrow)), nothrow);
    delete hide(new Wide);
    delete[] hide(new Wide[2]);
    ::operator delete(hide(::operator new(192, align_val_t(64), nothrow)), align_val_t(64),
                      nothrow);
    ::operator delete[](hide(::operator new[](256, align_val_t(64), nothrow)), align_val_t(64),
                        nothrow);
    delete hide(new char[1]);
}
