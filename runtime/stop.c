#define _GNU_SOURCE
#include "stop.h"

#include "os_memory.h"
#include "text.h"
#include "writer_thread.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRACER_STACK (64u << 10)
#define LIST_BYTES 4096u

/* How often the list of threads is read until it holds no new one, and how long all that may take.
 */
#define ROUNDS 8
#define STOP_NS UINT64_C(500000000)
#define SCAN_SECONDS 60

enum state { STATE_WAIT, STATE_GO, STATE_STOPPED, STATE_RELEASE, STATE_DONE };

/* Shared with the tracer. */
static struct {
    _Atomic uint32_t state; /* a futex: enum state */
    pid_t exiting;
    pid_t caller;
    bool listed; /* all threads are in the list */
    bool nested; /* ids in /proc are those of an outer namespace */
    int tasks;   /* /proc/self/task: for another process, /proc/self is another directory */
} shared;

static pid_t tracer;
static char *memory; /* the tracer's stack, room to read the list of threads, then the threads */

/* Returns what the kernel does. The tracer has the thread control block of the thread that made it,
 * and with it `errno`; on x86-64 it uses no function of the C library, in whose place a sanitizer's
 * may be. */
static long call(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d) {
#if defined(__x86_64__)
    register uintptr_t fourth __asm__("r10") = d;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
#else
    long result = syscall(number, a, b, c, d);

    return result < 0 ? -errno : result;
#endif
}

static uint64_t now(void) {
    struct timespec time = {0, 0};

    call(SYS_clock_gettime, CLOCK_MONOTONIC, (uintptr_t)&time, 0, 0);
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

static void set_state(enum state state) {
    atomic_store(&shared.state, state);
    call(SYS_futex, (uintptr_t)&shared.state, FUTEX_WAKE_PRIVATE, INT32_MAX, 0);
}

/* False: the time is over. */
static bool await(enum state state, uint64_t nanoseconds) {
    const struct timespec pause = {0, 10000000};
    uint64_t end = now() + nanoseconds;
    uint32_t seen;

    while ((seen = atomic_load(&shared.state)) < (uint32_t)state) {
        if (now() >= end)
            return false;
        call(SYS_futex, (uintptr_t)&shared.state, FUTEX_WAIT_PRIVATE, seen, (uintptr_t)&pause);
    }
    return true;
}

static void nap(void) {
    const struct timespec time = {0, 20000};

    call(SYS_nanosleep, (uintptr_t)&time, 0, 0, 0);
}

static struct mt_stopped *find(struct mt_stop *stop, pid_t id) {
    for (size_t i = 0; i < stop->count; i++) {
        if (stop->threads[i].id == id)
            return &stop->threads[i];
    }
    return NULL;
}

/* A file of a thread's in /proc, without what is too much; "" if there is none. Returns an error of
 * the kernel's, or 0. */
static long read_task(pid_t name, const char *file_name, char *line, size_t size) {
    char path[32], *at = path + sizeof path;
    long file, length = 0;
    size_t end = 0;

    while (file_name[end])
        end++;
    *--at = 0;
    while (end)
        *--at = file_name[--end];
    for (; name; name /= 10)
        *--at = (char)('0' + name % 10);
    file = call(SYS_openat, (uintptr_t)shared.tasks, (uintptr_t)at, O_RDONLY | O_CLOEXEC, 0);
    if (file >= 0) {
        length = call(SYS_read, (uintptr_t)file, (uintptr_t)line, size - 1, 0);
        call(SYS_close, (uintptr_t)file, 0, 0, 0);
    }
    line[length > 0 ? length : 0] = 0;
    return file < 0 ? file : length < 0 ? length : 0;
}

/* The ids that a thread has, from the namespace of /proc to its own: returns how many, and the
 * last. */
static int read_ids(const char *status, pid_t *id) {
    static const char key[] = "\nNSpid:";
    const char *at = status;
    int count = 0;

    for (; *at; at++) {
        size_t same = 0;

        while (same < sizeof key - 1 && at[same] == key[same])
            same++;
        if (same == sizeof key - 1)
            break;
    }
    at += *at ? sizeof key - 1 : 0;
    while (*at == '\t') {
        *id = 0;
        for (at++; *at >= '0' && *at <= '9'; at++)
            *id = 10 * *id + *at - '0';
        count++;
    }
    return *at == '\n' ? count : 0;
}

/* The id that calls know: 0 if the thread has ended, -1 if it cannot be told. */
static pid_t own_id(pid_t name) {
    char status[4096];
    long error;
    pid_t id;

    if (!shared.nested)
        return name;
    error = read_task(name, "/status", status, sizeof status);
    if (error)
        return error == -ENOENT || error == -ESRCH ? 0 : -1;
    return read_ids(status, &id) > 1 && id > 0 ? id : -1;
}

static bool add_thread(struct mt_stop *stop, pid_t name, bool *any_caller) {
    pid_t id = own_id(name);

    *any_caller = *any_caller || id == shared.caller;
    if (id < 0)
        return false;
    if (!id || id == shared.exiting || id == shared.caller || mt_writer_thread_is_own(id) ||
        find(stop, id))
        return true;
    if (stop->count == MT_STOP_THREADS)
        return false;
    stop->threads[stop->count++] = (struct mt_stopped){.id = id, .name = name};
    return true;
}

/* What is not in the list yet; returns how many that are, or -1 if they cannot be told. Where the
 * caller is not among them, they are not those of this process. */
static int list_threads(struct mt_stop *stop) {
    struct entry {
        uint64_t inode;
        int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[];
    };
    char *list = memory + TRACER_STACK;
    size_t before = stop->count;
    bool any_caller = false, all = true;
    long length;

    if (shared.tasks < 0 || call(SYS_lseek, (uintptr_t)shared.tasks, 0, SEEK_SET, 0) != 0)
        return -1;
    while (all && (length = call(SYS_getdents64, (uintptr_t)shared.tasks, (uintptr_t)list,
                                 LIST_BYTES, 0)) != 0) {
        all = length > 0;
        for (long at = 0; at < length && all;) {
            const struct entry *entry = (const void *)(list + at);
            pid_t name = 0;

            for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++)
                name = 10 * name + *digit - '0';
            at += entry->length;
            all = !name || add_thread(stop, name, &any_caller);
        }
    }
    if (all && !any_caller)
        stop->count = before;
    return all && any_caller ? (int)(stop->count - before) : -1;
}

static long trace(long request, pid_t id, uintptr_t address, uintptr_t data) {
    return call(SYS_ptrace, (uintptr_t)request, (uintptr_t)id, address, data);
}

static void read_registers(struct mt_stopped *thread) {
    const struct user_regs_struct *set = (void *)thread->registers;
    struct iovec vector = {thread->registers, sizeof thread->registers};

    _Static_assert(sizeof *set <= sizeof thread->registers, "all of them fit");
    if (trace(PTRACE_GETREGSET, thread->id, NT_PRSTATUS, (uintptr_t)&vector) != 0)
        return;
    thread->register_count = (uint32_t)(vector.iov_len / sizeof(uintptr_t));
#if defined(__x86_64__)
    thread->stack_pointer = set->rsp;
    thread->control_block = set->fs_base;
#elif defined(__aarch64__)
    thread->stack_pointer = set->sp;
    vector = (struct iovec){&thread->control_block, sizeof thread->control_block};
    trace(PTRACE_GETREGSET, thread->id, 0x401 /* NT_ARM_TLS */, (uintptr_t)&vector);
#endif
}

/* Waits until it stands still. One that is in the kernel for good does not, nor does one that has
 * ended meanwhile. */
static void await_stop(struct mt_stopped *thread, uint64_t until) {
    int status;

    for (;;) {
        long id = call(SYS_wait4, (uintptr_t)thread->id, (uintptr_t)&status, __WALL | WNOHANG, 0);

        if (id == thread->id && WIFSTOPPED(status)) {
            thread->stopped = true;
            /* Else it is a signal on its way to the program. */
            if (status >> 16 == 0)
                thread->signal = WSTOPSIG(status);
            return;
        }
        if (id != 0 || now() >= until)
            return;
        nap();
    }
}

/* The kernel goes on with most calls that a stop has interrupted, and lets some fail with EINTR,
 * such as epoll_wait. Those are begun anew, unless there is a signal that the thread is to notice.
 */
static void hide_stop(struct mt_stopped *thread) {
#if defined(__x86_64__)
    struct user_regs_struct set = *(const struct user_regs_struct *)(void *)thread->registers;
    struct iovec vector = {&set, sizeof set};
    uint64_t info[16]; /* a siginfo_t */

    if (thread->signal || set.rax != -(unsigned long)EINTR || (long)set.orig_rax < 0 ||
        set.orig_rax == SYS_close)
        return;
    for (uint32_t shared_ones = 0; shared_ones < 2; shared_ones++) {
        const struct {
            uint64_t from;
            uint32_t flags;
            int32_t count;
        } pending = {0, shared_ones ? PTRACE_PEEKSIGINFO_SHARED : 0, 1};

        if (trace(PTRACE_PEEKSIGINFO, thread->id, (uintptr_t)&pending, (uintptr_t)info) != 0)
            return;
    }
    set.rax = set.orig_rax;
    set.rip -= 2; /* back to the instruction `syscall` */
    trace(PTRACE_SETREGSET, thread->id, NT_PRSTATUS, (uintptr_t)&vector);
#else
    (void)thread;
#endif
}

static void stop_new(struct mt_stop *stop, size_t first, uint64_t until) {
    for (size_t i = first; i < stop->count; i++)
        stop->threads[i].stopped = trace(PTRACE_SEIZE, stop->threads[i].id, 0, 0) == 0 &&
                                   trace(PTRACE_INTERRUPT, stop->threads[i].id, 0, 0) == 0;
    for (size_t i = first; i < stop->count; i++) {
        struct mt_stopped *thread = &stop->threads[i];

        if (!thread->stopped)
            continue;
        thread->stopped = false;
        await_stop(thread, until);
        if (thread->stopped) {
            read_registers(thread);
            hide_stop(thread);
        }
    }
}

static int tracer_main(void *argument) {
    struct mt_stop *stop = argument;
    uint64_t until;

    call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
    if (!await(STATE_GO, STOP_NS))
        return 0;
    until = now() + STOP_NS;
    for (int round = 0; round < ROUNDS; round++) {
        size_t first = round ? stop->count : 0;
        int added = round ? list_threads(stop) : (int)stop->count;

        shared.listed = added == 0 && round;
        if (added <= 0 || now() >= until)
            break;
        stop_new(stop, first, until);
    }
    set_state(STATE_STOPPED);
    await(STATE_RELEASE, SCAN_SECONDS * UINT64_C(1000000000));
    for (size_t i = 0; i < stop->count; i++) {
        if (stop->threads[i].stopped)
            trace(PTRACE_DETACH, stop->threads[i].id, 0, (uintptr_t)stop->threads[i].signal);
    }
    /* What was seized and not stopped goes on when its tracer ends. */
    set_state(STATE_DONE);
    return 0;
}

/* A process in the same memory, which runs tracer_main() on a stack of its own. */
static pid_t clone_tracer(struct mt_stop *stop) {
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED;
    char *stack = memory + TRACER_STACK;
#if defined(__x86_64__)
    register uintptr_t none __asm__("r10") = 0;
    register int (*function)(void *) __asm__("r12") = tracer_main;
    register struct mt_stop *argument __asm__("r13") = stop;
    long result;

    __asm__ volatile("xor %%r8d, %%r8d\n\t"
                     "syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r13, %%rdi\n\t"
                     "call *%%r12\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov %[exit], %%eax\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result)
                     : "a"((long)SYS_clone), "D"((long)flags), "S"(stack), "d"(0L), "r"(none),
                       "r"(function), "r"(argument), [exit] "i"(SYS_exit)
                     : "rcx", "r8", "r11", "memory");
    return (pid_t)result;
#else
    return clone(tracer_main, stack, flags, stop);
#endif
}

static void start_tracer(struct mt_stop *stop) {
    atomic_store(&shared.state, STATE_WAIT);
    tracer = clone_tracer(stop);
    if (tracer < 0)
        return;
    /* Where the kernel lets nobody but ancestors trace. */
    prctl(PR_SET_PTRACER, (unsigned long)tracer, 0, 0, 0);
    set_state(STATE_GO);
}

static void end_tracer(void) {
    bool done = await(STATE_DONE, STOP_NS);

    if (!done)
        call(SYS_kill, (uintptr_t)tracer, SIGKILL, 0, 0);
    for (int i = 0; i < 5000; i++) {
        /* A wait of the program's for everything may have got it. */
        if (call(SYS_wait4, (uintptr_t)tracer, 0, __WALL | WNOHANG, 0) != 0)
            break;
        nap();
    }
    prctl(PR_SET_PTRACER, 0, 0, 0, 0);
    tracer = 0;
}

/* Of a thread that waits in the kernel the last number but one is its stack pointer. */
static void ask_kernel(struct mt_stopped *thread) {
    char line[512];
    const char *field, *last;
    long error;

    read_task(thread->name, "/syscall", line, sizeof line);
    last = strrchr(line, ' ');
    field = last;
    while (field && field > line && field[-1] != ' ')
        field--;
    if (field && strncmp(field, "0x", 2) == 0) {
        for (field += 2; field < last; field++)
            thread->stack_pointer = thread->stack_pointer << 4 |
                                    (uintptr_t)(*field <= '9' ? *field - '0' : *field - 'a' + 10);
    }
    if (thread->stack_pointer)
        return;
    /* The main thread may have ended long before its process. */
    error = read_task(thread->name, "/stat", line, sizeof line);
    field = strrchr(line, ')');
    thread->gone =
        error == -ENOENT || error == -ESRCH || (field && (field[2] == 'Z' || field[2] == 'X'));
}

/* ThreadSanitizer's functions, in the place of those that the caller is going to use, take locks
 * that a stopped thread may hold. */
extern void __tsan_acquire(void *address) __attribute__((weak));

static void open_tasks(void) {
    char text[4096];
    pid_t id;

    shared.tasks = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    shared.nested = false;
    if (shared.tasks < 0)
        return;
    mt_text_read_file("/proc/thread-self/status", text, sizeof text);
    /* Where it is not told, list_threads() looks for the caller. */
    shared.nested = read_ids(text, &id) > 1;
}

bool mt_stop_begin(struct mt_stop *stop, pid_t exiting, bool alone) {
    *stop = (struct mt_stop){.all = true, .all_stopped = true};
    tracer = 0;
    if (alone)
        return true;
    memory = mt_os_memory_map(TRACER_STACK + LIST_BYTES + MT_STOP_THREADS * sizeof *stop->threads);
    if (!memory)
        return false;
    stop->threads = (void *)(memory + TRACER_STACK + LIST_BYTES);
    shared.exiting = exiting;
    shared.caller = gettid();
    shared.listed = false;
    open_tasks();
    if (list_threads(stop) < 0)
        stop->all = false;
    if (!stop->count) {
        stop->all_stopped = stop->all;
        return true;
    }
    if (!__tsan_acquire)
        start_tracer(stop);
    if (tracer > 0 && !await(STATE_STOPPED, 2 * STOP_NS)) {
        end_tracer();
        stop->count = 0;
        stop->all = stop->all_stopped = false;
        return true;
    }
    stop->all_stopped = tracer > 0 && shared.listed;
    /* There may be some that have only just begun. */
    if (tracer > 0 ? !shared.listed : list_threads(stop) != 0)
        stop->all = false;
    for (size_t i = 0; i < stop->count; i++) {
        struct mt_stopped *thread = &stop->threads[i];

        if (!thread->register_count)
            ask_kernel(thread);
        stop->all_stopped = stop->all_stopped && (thread->register_count || thread->gone);
        stop->all = stop->all && (thread->stack_pointer || thread->gone);
    }
    return true;
}

void mt_stop_end(struct mt_stop *stop) {
    if (tracer > 0) {
        set_state(STATE_RELEASE);
        end_tracer();
    }
    if (memory && shared.tasks >= 0)
        close(shared.tasks);
    if (memory)
        mt_os_memory_unmap(memory,
                           TRACER_STACK + LIST_BYTES + MT_STOP_THREADS * sizeof *stop->threads);
    memory = NULL;
    *stop = (struct mt_stop){0};
}
