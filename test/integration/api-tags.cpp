// Tags as objects: taken back when exceptions pass, with what functions without objects have pushed on
// top of them, inside functions that were inlined, in several threads.
// RUN: %cxx -g -O2 -fno-builtin -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.complete and s.cut_contexts == 0
// EXPECT: sorted(tags("leaf")) == sorted([["inner", "outer"], ["outer"], [], ["caught"]])
// EXPECT: counts("leaf") == [1000] * 4
// EXPECT: tags("unrecorded") == [] and counts("recorded") == [1000]
#include <memtrack/memtrack.h>

#include <thread>
#include <vector>

static char *volatile sink;

__attribute__((noinline)) static void leaf() {
    sink = new char[10];
    delete[] sink;
}

__attribute__((noinline)) static void unrecorded() {
    sink = new char[20];
    delete[] sink;
}

__attribute__((noinline)) static void recorded() {
    sink = new char[30];
    delete[] sink;
}

__attribute__((noinline)) static void fail() {
    memtrack_push_tag("left behind");
    memtrack::tag lost("lost");
    throw 1;
}

static void catches() {
    memtrack::tag outer("caught");
    try {
        memtrack::tag tag("tried");
        fail();
    } catch (int) {
    }
    leaf();
}

__attribute__((noinline)) static void pauses() {
    try {
        memtrack::paused paused;
        unrecorded();
        throw 1;
    } catch (int) {
    }
}

static void once() {
    {
        memtrack::tag outer("outer");
        {
            memtrack::tag inner("inner");
            leaf();
        }
        leaf();
    }
    leaf();
    catches();
}

int main() {
    std::vector<std::thread> threads;

    for (int i = 0; i < 4; i++)
        threads.emplace_back([] {
            for (int round = 0; round < 250; round++)
                once();
        });
    for (std::thread &thread : threads)
        thread.join();
    for (int i = 0; i < 1000; i++) {
        pauses();
        recorded();
    }
}
