/* Compiler facts that the runtime leans on. */
#ifndef MT_COMPILER_H
#define MT_COMPILER_H

#include <stdint.h>

#define MT_LIKELY(x) __builtin_expect(!!(x), 1)
#define MT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MT_COLD __attribute__((noinline, cold))
#define MT_EXPORT __attribute__((visibility("default")))

/* A variable of the runtime, declared: without it, position-independent code takes a detour. */
#define MT_EXTERN extern __attribute__((visibility("hidden")))

/* Initial-exec: one %fs-relative access, no call, no allocation at a thread's first touch. It takes
 * room from the static TLS block even when the runtime is dlopen'ed, so what is declared with it
 * has to stay small. */
#define MT_THREAD_LOCAL_EXTERN extern __thread __attribute__((tls_model("initial-exec")))

/* Orders this thread's memory accesses against a signal handler of the same thread. */
#define MT_SIGNAL_FENCE() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* The top of the running stack, without making the function keep a frame pointer. */
static inline __attribute__((always_inline)) uintptr_t mt_stack_pointer(void) {
#if defined(__x86_64__)
    uintptr_t top;

    __asm__("mov %%rsp, %0" : "=r"(top));
    return top;
#else
    return (uintptr_t)__builtin_frame_address(0);
#endif
}

#endif
