/* Time stamps of events.
 *
 * The CPU's own counter where it is constant and runs on in sleep (x86-64: invariant TSC, CPUID
 * 80000007h EDX bit 8; aarch64: always), since a system call or vDSO call costs four times as much;
 * CLOCK_MONOTONIC otherwise.
 *
 * rdtsc is not ordered against earlier loads. rdtscp and lfence are, at three times the price
 * (measured: 19 against 6 ns); the analyzer restores the order of the few events this concerns, see
 * "Order across threads" in docs/trace-format.md.
 */
#ifndef MT_CLOCK_H
#define MT_CLOCK_H

#include "compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <sys/prctl.h>
#include <x86intrin.h>
#endif

/* Written once, before any event; see process.c. */
MT_EXTERN bool mt_clock_is_counter;

static inline uint64_t mt_clock_nanoseconds(clockid_t id) {
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t mt_clock_counter(void) {
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t t;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#else
    return mt_clock_nanoseconds(CLOCK_MONOTONIC);
#endif
}

static inline uint64_t mt_clock_ticks(void) {
    if (__builtin_expect(mt_clock_is_counter, 1))
        return mt_clock_counter();
    return mt_clock_nanoseconds(CLOCK_MONOTONIC);
}

/* Constant, and not forbidden to the program. */
static inline bool mt_clock_counter_is_usable(void) {
#if defined(__x86_64__)
    unsigned a, b, c, d;

    int access = PR_TSC_ENABLE;

    prctl(PR_GET_TSC, &access);
    return access == PR_TSC_ENABLE && __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
#elif defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

#endif
