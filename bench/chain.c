/* chain DEPTH TIMES: a block allocated and freed below DEPTH calls, each of them made anew. */
#include <stdlib.h>

static void *volatile block;
static volatile int calls;

__attribute__((noinline)) static void descend(int depth) {
    if (depth > 1) {
        descend(depth - 1);
    } else {
        block = malloc(64);
        free(block);
    }
    calls++; /* keeps the call from being a jump */
}

int main(int argc, char **argv) {
    int depth = argc > 2 ? atoi(argv[1]) : 1;
    long times = argc > 2 ? atol(argv[2]) : 1000000;

    for (long i = 0; i < times; i++)
        descend(depth);
    return 0;
}
