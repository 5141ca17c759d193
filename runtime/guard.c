#include "guard.h"

#include "hidden.h"
#include "stack.h"

#include <stddef.h>
#include <unwind.h>

static bool is_left(struct mt_local *local, uintptr_t frame, uintptr_t target, bool own) {
    return frame < target && mt_stack_is_on_own(local, frame) == own;
}

/* Or other functions have stored to where it was. */
static bool is_written_over(const struct mt_local *local, const struct mt_guard *guard) {
    return mt_stack_is_own(local, (uintptr_t)guard) && guard->mark != ~(uintptr_t)guard;
}

/* The jump was long ago: where guards were there may be anything, so the ones outside of the
 * innermost are not to be found any more, and go too. */
static void drop_left(struct mt_local *local, uintptr_t target) {
    if (local->guard && (is_left(local, (uintptr_t)local->guard, target, true) ||
                         is_written_over(local, local->guard))) {
        local->guard = NULL;
        local->busy &= ~MT_LOCAL_GUARDED;
    }
    mt_guard_leave(local, target);
}

static void begin(struct mt_guard *guard, const void *releasing) {
    struct mt_local *local = &mt_local;

    /* Else it might become its own outer one. */
    if (MT_UNLIKELY(local->guard != NULL) && mt_stack_is_own(local, (uintptr_t)guard))
        drop_left(local, (uintptr_t)(guard + 1));
    guard->mark = ~(uintptr_t)guard;
    guard->releasing = releasing;
    guard->result = NULL;
    atomic_store_explicit(&guard->inner, NULL, memory_order_relaxed);
    guard->outer = local->guard;
    MT_SIGNAL_FENCE();
    local->guard = guard;
    local->busy |= MT_LOCAL_GUARDED;
    MT_SIGNAL_FENCE();
}

static void end(struct mt_guard *guard) {
    struct mt_local *local = &mt_local;
    const void *inner;

    MT_SIGNAL_FENCE();
    local->guard = guard->outer;
    if (!guard->outer)
        local->busy &= ~MT_LOCAL_GUARDED;
    MT_SIGNAL_FENCE();
    inner = atomic_load_explicit(&guard->inner, memory_order_relaxed);
    if (inner && inner != guard->result)
        mt_hidden_add(inner);
}

/* The personality routine of the functions below, each of which has begun the innermost guard where
 * an exception passes. It asks nothing of the unwinder: that may be any, in the program or in a
 * library, while __gcc_personality_v0, which the attribute `cleanup` brings, works with one only.
 */
__attribute__((used)) _Unwind_Reason_Code
mt_guard_personality(int version, int actions, uint64_t class, void *exception, void *context);

_Unwind_Reason_Code mt_guard_personality(int version, int actions, uint64_t class, void *exception,
                                         void *context) {
    (void)version;
    (void)class;
    (void)exception;
    (void)context;
    if (!(actions & _UA_CLEANUP_PHASE))
        return _URC_CONTINUE_UNWIND;
    mt_guard_drop_dead(&mt_local);
    if (mt_local.guard)
        end(mt_local.guard);
    return _URC_CONTINUE_UNWIND;
}

/* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
#define HAS_PERSONALITY() __asm__ volatile(".cfi_personality 0x1b, mt_guard_personality")

__attribute__((noinline)) uintptr_t mt_guard_call(const void *function, const void *releasing,
                                                  uintptr_t a, uintptr_t b, uintptr_t c) {
    struct mt_guard guard;
    uintptr_t result;

    HAS_PERSONALITY();
    begin(&guard, releasing);
    result = ((uintptr_t(*)(uintptr_t, uintptr_t, uintptr_t))function)(a, b, c);
    guard.result = (const void *)result;
    end(&guard);
    return result;
}

__attribute__((noinline)) int mt_guard_call_posix_memalign(const void *function, void **memory,
                                                           size_t alignment, size_t size) {
    struct mt_guard guard;
    int error;

    HAS_PERSONALITY();
    begin(&guard, NULL);
    error = ((int (*)(void **, size_t, size_t))function)(memory, alignment, size);
    guard.result = error == 0 ? *memory : NULL;
    end(&guard);
    return error;
}

void mt_guard_leave(struct mt_local *local, uintptr_t target) {
    bool own = mt_stack_is_on_own(local, target);

    while (local->guard && is_left(local, (uintptr_t)local->guard, target, own))
        end(local->guard);
    if (local->busy >= MT_LOCAL_OWN && is_left(local, local->own_frame, target, own))
        local->busy &= MT_LOCAL_OWN - 1;
}

void mt_guard_drop_dead(struct mt_local *local) {
    uintptr_t here = mt_stack_pointer();

    if (local->busy > 1 && mt_stack_is_own(local, here))
        drop_left(local, here);
}

void mt_guard_record_outside(struct mt_local *local, const struct mt_event *events,
                             unsigned count) {
    struct mt_guard *guard = local->guard;
    uint32_t busy = local->busy;

    local->guard = NULL;
    local->busy = busy & 1;
    MT_SIGNAL_FENCE();
    mt_record_events(events, count);
    MT_SIGNAL_FENCE();
    local->busy = busy;
    local->guard = guard;
}

static void allocated_inside(struct mt_local *local, const void *block) {
    const void *before =
        atomic_exchange_explicit(&local->guard->inner, block, memory_order_relaxed);

    if (before)
        mt_hidden_add(before);
}

/* Whether the block is none that the program knows of. */
static bool released_inside(struct mt_local *local, const void *block) {
    for (struct mt_guard *guard = local->guard; guard; guard = guard->outer) {
        const void *inner = block;

        if (block == guard->releasing ||
            atomic_compare_exchange_strong_explicit(&guard->inner, &inner, NULL,
                                                    memory_order_relaxed, memory_order_relaxed))
            return true;
    }
    return mt_hidden_remove(block);
}

static void record_guarded(struct mt_local *local, const struct mt_event *events, unsigned count) {
    switch (events[0].op) {
    case MT_OP_ALLOC:
        allocated_inside(local, events[0].address);
        return;
    case MT_OP_FREE:
        if (released_inside(local, events[0].address))
            return;
        break;
    case MT_OP_REALLOC_FREE:
        if (released_inside(local, events[0].address)) {
            if (count == 2)
                allocated_inside(local, events[1].address);
            return;
        }
        break;
    default:
        break;
    }
    mt_guard_record_outside(local, events, count);
}

/* An allocator of the program's own that was called by code which is not instrumented, or by a
 * pointer: the first to allocate something makes the event, in its name. */
static void record_own(struct mt_local *local, const struct mt_event *events, unsigned count) {
    struct mt_event own[2];

    if (!mt_interposed || mt_guard_hides(events, count))
        return;
    for (unsigned i = 0; i < count; i++) {
        own[i] = events[i];
        own[i].call = mt_call_foreign(local->own_address, MT_API_UNKNOWN);
    }
    mt_guard_record_outside(local, own, count);
}

void mt_guard_record(struct mt_local *local, const struct mt_event *events, unsigned count) {
    if (local->guard)
        record_guarded(local, events, count);
    else
        record_own(local, events, count);
}

bool mt_guard_hides(const struct mt_event *events, unsigned count) {
    if ((events[0].op != MT_OP_FREE && events[0].op != MT_OP_REALLOC_FREE) ||
        !mt_hidden_remove(events[0].address))
        return false;
    if (count == 2)
        mt_hidden_add(events[1].address);
    return true;
}

void mt_guard_quiet(struct mt_lock_quiet *before) {
    mt_lock_quiet(before);
    mt_local.busy |= MT_LOCAL_QUIET;
    MT_SIGNAL_FENCE();
}

void mt_guard_loud(const struct mt_lock_quiet *before) {
    MT_SIGNAL_FENCE();
    mt_local.busy &= ~MT_LOCAL_QUIET;
    mt_lock_loud(before);
}
