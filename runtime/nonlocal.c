/* Ways out of a function that are no return: longjmp and its kind, the switch to another stack, and
 * the end of a thread.
 *
 * Instrumented code sees to itself where it calls setjmp; but where code that is not instrumented
 * does, between instrumented functions, the thread's context would go on naming functions that are
 * gone. Only in the shared library, whose functions come before libc's: a program that is linked
 * statically has to do without.
 *
 * Runs in the program's threads, signal handlers too. */
#define _GNU_SOURCE
#include "nonlocal.h"

#include "compiler.h"
#include "guard.h"
#include "record.h"
#include "stack.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <ucontext.h>

/* As libc's header declares them, they are macros or have attributes that these must not have. */
#undef longjmp
#undef _longjmp
#undef siglongjmp

typedef void jump(struct __jmp_buf_tag *, int);

enum function {
    LONGJMP,
    LONGJMP_,
    SIGLONGJMP,
    LONGJMP_CHK,
    SWAPCONTEXT,
    SETCONTEXT,
    PTHREAD_EXIT,
    FUNCTIONS
};

static const char *const names[FUNCTIONS] = {
    [LONGJMP] = "longjmp",           [LONGJMP_] = "_longjmp",       [SIGLONGJMP] = "siglongjmp",
    [LONGJMP_CHK] = "__longjmp_chk", [SWAPCONTEXT] = "swapcontext", [SETCONTEXT] = "setcontext",
    [PTHREAD_EXIT] = "pthread_exit",
};
static void *functions[FUNCTIONS];

/* libc's own. */
static void *next(enum function which) {
    void *function = __atomic_load_n(&functions[which], __ATOMIC_RELAXED);

    if (!function) {
        function = dlsym(RTLD_NEXT, names[which]);
        __atomic_store_n(&functions[which], function, __ATOMIC_RELAXED);
    }
    return function;
}

/* Not when they are first called: that may be in a signal handler, and dlsym takes a lock. */
static __attribute__((constructor(101))) void find_all(void) {
    struct mt_lock_quiet before;

    mt_guard_quiet(&before);
    for (int which = 0; which < FUNCTIONS; which++)
        next((enum function)which);
    mt_guard_loud(&before);
}

/* The stack pointer that a jump will restore; 0 if that cannot be told. glibc hides it behind a
 * secret of the thread (PTR_MANGLE in sysdeps/unix/sysv/linux/x86_64/pointer_guard.h). */
static uintptr_t target_of(const struct __jmp_buf_tag *buffer) {
#if defined(__x86_64__) && defined(__LP64__)
    uintptr_t word = (uintptr_t)buffer->__jmpbuf[6], guard;

    __asm__("mov %%fs:0x30, %0" : "=r"(guard));
    return (word >> 17 | word << 47) ^ guard;
#else
    (void)buffer;
    return 0;
#endif
}

/* Asked of libc itself: 1 if target_of() knows it, else -1. */
static __attribute__((noinline)) int try_target(uintptr_t here) {
    struct __jmp_buf_tag buffer[1];

    if (_setjmp(buffer) != 0)
        return -1;
    return target_of(buffer) - here + 4096 < 8192 ? 1 : -1;
}

static bool knows_target(void) {
    static _Atomic int answer;
    int known = atomic_load_explicit(&answer, memory_order_relaxed);

    if (!known) {
        known = try_target(mt_stack_pointer());
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known > 0;
}

/* Links that a jump may pass; what is left of other stacks could lead in a circle. */
#define PASSED 10000000u

void mt_nonlocal_leave(struct mt_local *local, memtrack_context context, uintptr_t target) {
    bool own = mt_stack_is_on_own(local, target);

    for (unsigned i = 0; context && i < PASSED; i++) {
        bool on_own = mt_stack_is_on_own(local, context);

        /* What lies on the thread's own stack was interrupted by a handler on another one. */
        if (own ? on_own && context >= target : on_own || context >= target)
            break;
        context = mt_context_caller(local, context);
    }
    __memtrack_context = context;
}

static void jump_from_here(const struct __jmp_buf_tag *buffer) {
    struct mt_local *local = &mt_local;
    bool matters = __memtrack_context || local->busy;
    uintptr_t target = matters && knows_target() ? target_of(buffer) : 0;

    if (!target)
        return;
    mt_guard_leave(local, target);
    if (__memtrack_context)
        mt_nonlocal_leave(local, __memtrack_context, target);
}

#define JUMP(name, which)                                                                          \
    MT_EXPORT _Noreturn void name(struct __jmp_buf_tag buffer[1], int value);                      \
    MT_EXPORT _Noreturn void name(struct __jmp_buf_tag buffer[1], int value) {                     \
        jump_from_here(buffer);                                                                    \
        ((jump *)next(which))(buffer, value);                                                      \
        __builtin_unreachable();                                                                   \
    }

JUMP(longjmp, LONGJMP)
JUMP(_longjmp, LONGJMP_)
JUMP(siglongjmp, SIGLONGJMP)
JUMP(__longjmp_chk, LONGJMP_CHK)

/* What starts on another stack has no caller here, and what swapcontext left there gets its context
 * back below. On the thread's own stack a switch is a jump like any other, from where it was left
 * if it comes from another. So is one to a caller on a stack that is neither: that is where the
 * innermost link above it is one of the present chain. */
static void switch_from_here(const ucontext_t *to) {
    struct mt_local *local = &mt_local;
#if defined(__x86_64__)
    uintptr_t target = (uintptr_t)to->uc_mcontext.gregs[REG_RSP];
#else
    uintptr_t target = to->uc_mcontext.sp;
#endif
    bool to_own = mt_stack_is_on_own(local, target);
    uintptr_t here = mt_stack_pointer();
    bool from_own = mt_stack_is_own(local, here);

    if (from_own)
        local->left = __memtrack_context;
    if (to_own)
        mt_nonlocal_leave(local, local->left, target);
    else if (!from_own && target > here)
        mt_nonlocal_leave(local, __memtrack_context, target);
    else
        __memtrack_context = 0;
}

MT_EXPORT int swapcontext(ucontext_t *restrict from, const ucontext_t *restrict to) {
    memtrack_context context = __memtrack_context;
    int result;

    switch_from_here(to);
    result = ((int (*)(ucontext_t *, const ucontext_t *))next(SWAPCONTEXT))(from, to);
    __memtrack_context = context;
    return result;
}

MT_EXPORT int setcontext(const ucontext_t *to) {
    memtrack_context context = __memtrack_context;
    int result;

    switch_from_here(to);
    result = ((int (*)(const ucontext_t *))next(SETCONTEXT))(to);
    __memtrack_context = context;
    return result;
}

/* libc's, by which C++ registers destructors of thread_local objects; the last one runs first. */
int __cxa_thread_atexit_impl(void (*function)(void *), void *argument, void *dso);
extern void *__dso_handle;

static void forget_left(void *argument) {
    (void)argument;
    __memtrack_context = 0;
}

/* Runs the thread's destructors when its functions are gone. */
MT_EXPORT _Noreturn void pthread_exit(void *value) {
    struct mt_lock_quiet before;
    int saved = errno;

    mt_guard_quiet(&before);
    __cxa_thread_atexit_impl(forget_left, NULL, &__dso_handle);
    mt_guard_loud(&before);
    errno = saved;
    ((void (*)(void *))next(PTHREAD_EXIT))(value);
    __builtin_unreachable();
}
