// context=site tells allocations apart by their sites alone; max_contexts cuts what does not fit, counts
// it, and the report says so; what is built with the pass's option does not have callers.
// RUN: %cc -g -O1 %s -o %t && %run %t.mtrace %t && %check %t.mtrace 'len(contexts) == 20' \
// RUN:   's.cut_contexts == 0' 'all(chain(c)[0] == "allocate" for c in contexts)' \
// RUN:   'all(chain(c)[-1] == "main" and len(chain(c)) == 3 for c in contexts)'
// RUN: env MEMTRACK_OPTIONS=context=site %run %t.mtrace %t
// RUN: %check %t.mtrace '[chain(c) for c in contexts] == [["allocate"]]' 's.allocations == 20'
// RUN: env MEMTRACK_OPTIONS=max_contexts=10 %run %t.mtrace %t 2>%t.err
// RUN: FileCheck %s <%t.err
// RUN: %check %t.mtrace 's.cut_contexts > 0' 's.allocations == 20' 's.cut_contexts < 20' \
// RUN:   'any(len(chain(c)) == 3 for c in contexts)' 's.leaked_bytes == 210'
// RUN: %memtrack report %t.mtrace | grep "only the outer calls are known"
// RUN: env MEMTRACK_PASS_OPTIONS=context=site %cc -g -O1 %s -o %t && %run %t.mtrace %t
// RUN: %check %t.mtrace '[chain(c) for c in contexts] == [["allocate"]]'
// CHECK: memtrack: no room for more calling contexts
#include <stdlib.h>

static void *volatile sink;
static volatile int count;

__attribute__((noinline)) static void allocate(int size) {
    sink = malloc((size_t)size);
    count++;
}
#define CALLER(number)                                                                             \
    __attribute__((noinline)) static void caller_##number(void) {                                  \
        allocate(number);                                                                          \
        count++;                                                                                   \
    }
#define TWENTY(X)                                                                                  \
    X(1)                                                                                           \
    X(2)                                                                                           \
    X(3)                                                                                           \
    X(4)                                                                                           \
    X(5)                                                                                           \
    X(6)                                                                                           \
    X(7)                                                                                           \
    X(8)                                                                                           \
    X(9)                                                                                           \
    X(10)                                                                                          \
    X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20)
TWENTY(CALLER)
#define CALL(number) caller_##number();

int main(void) {
    TWENTY(CALL)
    return count != 40;
}
