// A library that is not instrumented calls back: the chain leads past it to its caller.
// RUN: %cc -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: [chain(c) for c in at("key =")] == [["compare", "sort", "main"]]
// EXPECT: [chain(c) for c in at("after =")] == [["sort", "main"]]
#include <stdlib.h>

static void *volatile key, *volatile after;

__attribute__((noinline)) static int compare(const void *a, const void *b) {
    key = malloc(8);
    free(key);
    return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static void sort(int *numbers, size_t count) {
    qsort(numbers, count, sizeof *numbers, compare);
    after = malloc(16);
    free(after);
}

int main(void) {
    int numbers[] = {3, 1, 2, 5, 4};

    sort(numbers, 5);
    return numbers[0] != 1;
}
