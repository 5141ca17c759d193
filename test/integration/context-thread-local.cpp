// A thread that ends by pthread_exit has left its functions when the destructors of its thread_local
// objects run; where it returns, and where the process exits, they have the callers they have.
// RUN: %cxx -g -O0 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O2 -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: sorted(chain(c) for c in at("after =")) == [["allocate", "destroy"], ["allocate", "destroy", "main"]]
// EXPECT: sorted(c["allocations"] for c in at("after =")) == [1, 20]
#include <cstdlib>
#include <pthread.h>

static void *volatile after;
static volatile int count;

#define NOINLINE __attribute__((noinline))
NOINLINE static void allocate() {
    after = malloc(1);
    count = count + 1;
}
NOINLINE static void destroy() {
    allocate();
    count = count + 1;
}
struct object {
    volatile int used = 0;
    /* Not instrumented. What it does not write of its frame is as the functions before it have left
     * it. */
    NOINLINE __attribute__((disable_sanitizer_instrumentation)) ~object() {
        volatile char room[1000];

        room[0] = 1;
        destroy();
        count = count + room[0];
    }
};
static thread_local object local;

NOINLINE static void ends(bool by_itself, int depth) {
    if (depth > 0)
        ends(by_itself, depth - 1);
    local.used = 1;
    free(malloc(2));
    if (by_itself)
        pthread_exit(nullptr);
    count = count + 1;
}
static void *start(void *argument) {
    ends(argument != nullptr, 10);
    return nullptr;
}

int main() {
    local.used = 1;
    for (int i = 0; i < 20; i++) {
        pthread_t thread;

        pthread_create(&thread, nullptr, start, i % 2 ? &thread : nullptr);
        pthread_join(thread, nullptr);
    }
    exit(count != 60 + 10 * 11);
}
