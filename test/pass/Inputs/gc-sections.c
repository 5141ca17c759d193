// Input of gc-sections-*.c: `dead` goes when sections are collected, and with
// -DALL_DEAD nothing that allocates is left.
#include <stdlib.h>

__attribute__((noinline)) void *live(size_t n) { return malloc(n); }
__attribute__((noinline)) void *dead(size_t n) { return calloc(n, 2); }

int main(void) {
#ifndef ALL_DEAD
  return !live(1);
#endif
}
