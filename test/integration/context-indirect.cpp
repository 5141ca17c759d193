// Calls through std::function, a virtual function and a pointer to a member.
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: len(at("target =")) == len(at("virtually =")) == len(at("member =")) == 1
// EXPECT: [f for f in chain(at("target =")[0]) if f[:5] != "std::" and " std::" not in f] == ["target_of", "call_function", "main"]
// EXPECT: chain(at("virtually =")[0]) == ["Derived::run", "call_virtual", "main"]
// EXPECT: chain(at("member =")[0]) == ["Derived::more", "call_member", "main"]
#include <cstdlib>
#include <functional>

#define NOINLINE __attribute__((noinline))
static void *volatile target, *volatile virtually, *volatile member;
static volatile int count;

NOINLINE static void target_of(int) {
    target = malloc(1);
    count = count + 1;
}
struct Base {
    virtual ~Base() = default;
    virtual void run() = 0;
};
struct Derived : Base {
    NOINLINE void run() override {
        virtually = malloc(2);
        count = count + 1;
    }
    NOINLINE void more() {
        member = malloc(3);
        count = count + 1;
    }
};
NOINLINE static void call_function(const std::function<void(int)> &function) {
    function(1);
    count = count + 1;
}
NOINLINE static void call_virtual(Base *object) {
    object->run();
    count = count + 1;
}
NOINLINE static void call_member(Derived *object, void (Derived::*function)()) {
    (object->*function)();
    count = count + 1;
}

int main() {
    Derived object;
    call_function(target_of);
    call_virtual(&object);
    call_member(&object, &Derived::more);
    return count != 6;
}
