/* The part of exact.h that needs a home; built without MemTrack. */
#define _GNU_SOURCE
#include "exact.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STACK_SIZE = 512 << 10, GENERATORS = 64, TEXT_SIZE = EXACT_BASE + EXACT_NOTES };

struct exact_truth *exact_truth;
__thread struct exact_self exact_self = {.fuel = 25, .random = 1};
volatile unsigned exact_sink;
void *volatile exact_block;
unsigned exact_process;
volatile int exact_threads_left = 12;
volatile int exact_forks_left = 2;
volatile int exact_alarms_left = 200;
volatile int exact_storms_left = 10;
volatile int exact_unloading;
void *(*volatile exact_malloc)(size_t size) = malloc;
volatile unsigned *exact_fault_page;

static char text[TEXT_SIZE];

static void *map(size_t size, int fd) {
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (memory == MAP_FAILED)
        abort();
    return memory;
}

/* Before the program's own constructors, which are of lower priority. */
__attribute__((constructor(101))) static void open_truth(void) {
    const char *path = getenv("EXACT_TRUTH");
    int fd = -1;

    if (path) {
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0 || ftruncate(fd, sizeof(struct exact_truth)) != 0)
            abort();
    }
    exact_truth = map(sizeof(struct exact_truth), fd);
    if (fd >= 0)
        close(fd);
    exact_fault_page = map((size_t)sysconf(_SC_PAGESIZE), -1);
    memset(text, 'x', sizeof text - 1);
}

struct exact_generator *exact_generator_new(callback *body, int n) {
    static struct exact_generator generators[GENERATORS];
    static int used;
    int index = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
    struct exact_generator *generator = &generators[index];

    if (index >= GENERATORS)
        return NULL;
    if (getcontext(&generator->own) != 0)
        abort();
    generator->own.uc_stack.ss_sp = map(STACK_SIZE, -1);
    generator->own.uc_stack.ss_size = STACK_SIZE;
    generator->own.uc_link = &generator->resumer;
    generator->body = body;
    generator->n = n;
    return generator;
}

const char *exact_text(size_t size) {
    return text + sizeof text - size;
}

void exact_fault_forbid(void) {
    if (mprotect((void *)exact_fault_page, (size_t)sysconf(_SC_PAGESIZE), PROT_READ) != 0)
        abort();
}

void exact_fault_allow(void) {
    if (mprotect((void *)exact_fault_page, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE) !=
        0)
        abort();
}

void exact_signal_stack(void) {
    stack_t stack;

    if (sigaltstack(NULL, &stack) != 0)
        abort();
    if (!(stack.ss_flags & SS_DISABLE))
        return;
    stack = (stack_t){.ss_sp = map(STACK_SIZE, -1), .ss_size = STACK_SIZE};
    if (sigaltstack(&stack, NULL) != 0)
        abort();
}

/* Handlers may be left by longjmp, so the signal is not to stay blocked. */
void exact_signal(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags | SA_NODEFER | SA_RESTART};

    if (sigaction(number, &action, NULL) != 0)
        abort();
}

static __thread timer_t timer;

void exact_alarm_start(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    struct itimerspec times = {.it_interval.tv_nsec = 40000, .it_value.tv_nsec = 40000};

    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &times, NULL) != 0)
        abort();
}

void exact_alarm_stop(void) {
    timer_delete(timer);
}

void exact_root(unsigned random) {
    exact_self.random = random;
    exact_self.fuel = 60;
    exact_self.state = (struct exact_state){0};
}
