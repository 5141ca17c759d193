/* The program's other threads, made to stand still at its end: what they hold in registers, and
 * where their stacks end. By a process that shares the memory and traces them, since a thread
 * cannot trace those of its own process; it gives no signal when it ends, and only a wait() with
 * __WALL sees it. Where tracing is refused, /proc tells where the stacks of those end that wait
 * in the kernel. Nothing here waits for longer than a second or two.
 *
 * The caller is the thread that ends the trace. While the others stand still it takes no lock that
 * one of them may hold. */
#ifndef MT_STOP_H
#define MT_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MT_STOP_REGISTERS 36u
#define MT_STOP_THREADS 32768u

struct mt_stopped {
    pid_t id;
    pid_t name; /* its id in /proc, which may be that of an outer namespace */
    bool stopped;
    bool gone;               /* it has ended */
    int signal;              /* that it is to be given when it goes on; 0: none */
    uintptr_t stack_pointer; /* 0: not known */
    uintptr_t control_block; /* the thread pointer; 0: not known */
    uint32_t register_count; /* 0: not known */
    uintptr_t registers[MT_STOP_REGISTERS];
};

struct mt_stop {
    struct mt_stopped *threads; /* without the runtime's, and the one that exits */
    size_t count;
    bool all; /* of all of them it is known where their stacks end; there are no others */
    bool all_stopped;
};

/* `exiting` waits for the caller, or is it; `alone`: there is no other. False: no memory for it. */
bool mt_stop_begin(struct mt_stop *stop, pid_t exiting, bool alone);

/* Lets them go on. */
void mt_stop_end(struct mt_stop *stop);

#endif
