// What the program can still reach at its end, by whatever it holds it, and what it cannot. Functions named
// keep_ allocate what is reachable, those named leak_ what is not.
// RUN: %cc -g -O1 -fno-builtin -shared -fPIC -DNAME=linked %s -o %t.linked.so
// RUN: %cc -g -O1 -fno-builtin -shared -fPIC -DNAME=opened %s -o %t.opened.so
// RUN: %cc -g -O1 -fno-builtin -pthread %s %t.linked.so -ldl -o %t
// RUN: %run %t.mtrace %t %t.opened.so
// RUN: %check %t.mtrace @%s
// RUN: %memtrack info --verify %t.mtrace | FileCheck --check-prefix=INFO %s
// RUN: %memtrack report %t.mtrace | FileCheck %s
// EXPECT: s.complete and s.unmatched_frees == 0 and not errors
// EXPECT: [chain(c) for c in contexts if c["unreachable_blocks"] and not any(f.startswith("leak_") for f in chain(c))] == []
// EXPECT: [chain(c) for c in contexts if c["reachable_blocks"] and any(f.startswith("leak_") for f in chain(c))] == []
// EXPECT: len([c for c in contexts if c["reachable_blocks"] and c["frames"][0]["file"]]) == 22
// EXPECT: (s.unreachable_blocks, s.indirect_blocks) == (16, 6)
// EXPECT: s.unreachable_bytes == 24 + 100 + 10 + 64 + 3 * 16 + 2 * 16 + 3 * 16 + 40 + 50 + 60 + 70
// EXPECT: s.reachable_bytes + s.unreachable_bytes == s.leaked_bytes
// EXPECT: s.reachable_blocks + s.unreachable_blocks == s.leaked_blocks
// EXPECT: (total(by("leak_chain"), "indirect_blocks"), total(by("leak_chain"), "kept_bytes")) == (2, 32)
// EXPECT: (total(by("leak_ring"), "indirect_blocks"), total(by("leak_ring"), "kept_bytes")) == (1, 16)
// EXPECT: (total(by("leak_ring_and_tail"), "indirect_blocks"), total(by("leak_ring_and_tail"), "kept_blocks")) == (2, 3)
// EXPECT: (total(by("leak_own_tail"), "indirect_blocks"), total(by("leak_own_tail"), "kept_blocks")) == (1, 0)
// EXPECT: [c["kept_bytes"] for c in by("leak_kept_by_freed")] == [0, 0]
// INFO: leak scan {{.*}} pointers; registers of 2 of 2 other threads
// INFO: integrity: every block is sound and was decoded
// CHECK: leaked {{.*}} blocks
// CHECK-NEXT: unreachable 546 B (546 bytes) in 16 blocks, 10 of them directly
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define OUTLINE __attribute__((noinline))

#ifdef NAME
static void *variable;
static __thread void *local;

OUTLINE static void *keep_in_library(void) {
    return variable = malloc(201);
}
OUTLINE static void *keep_in_local_of_library(void) {
    return local = malloc(202);
}
void NAME(void);
void NAME(void) {
    keep_in_library();
    keep_in_local_of_library();
}
#else
void linked(void);

struct node {
    struct node *next;
    void *other;
};

void *global_variable;
static void *static_variable, *inner, *odd, *slot, *arena, *block_stack, *past;
static __thread void *local;
static struct node *list;
static sem_t ready, leave;

/* What functions leave behind on the stack and in registers is not for others to find. */
OUTLINE static void clear(void) {
    char room[8192];

    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory", "rbx", "r12", "r13", "r14", "r15");
}

OUTLINE static void keep_in_globals(void) {
    global_variable = malloc(11);
    static_variable = malloc(12);
}
OUTLINE static void keep_in_local(void) {
    local = malloc(13);
}
OUTLINE static void keep_of_key(void) {
    pthread_key_t key;

    /* Past those for which there is room in the thread's own structure. */
    for (int i = 0; i < 40; i++)
        pthread_key_create(&key, NULL);
    pthread_setspecific(key, malloc(14));
}
OUTLINE static void keep_by_inside(void) {
    inner = (char *)malloc(64) + 63;
    odd = (void *)((uintptr_t)malloc(32) | 1);
}
OUTLINE static void keep_by_list(void) {
    for (int i = 0; i < 10; i++) {
        struct node *node = malloc(sizeof *node);

        *node = (struct node){list, NULL};
        list = node;
    }
}
OUTLINE static void keep_by_mapping(void) {
    /* Two blocks of the allocator's that are mappings of their own, and one of the program's between. */
    void *above = malloc(300000);

    arena = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ((void **)arena)[1000] = malloc(15);
    ((void **)arena)[1001] = above;
    ((void **)arena)[1002] = malloc(300001);
}
OUTLINE static void keep_in_shared_mapping(void) {
    void **memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    memory[10] = malloc(16);
}
OUTLINE static void keep_in_untouched_shared_mapping(void) {
    void **memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    memory[10] = malloc(22);
    madvise(memory, 8192, MADV_DONTNEED);
}
OUTLINE static void keep_in_sealed_mapping(void) {
    void **memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memory[10] = malloc(17);
    mprotect(memory, 4096, PROT_READ);
}
OUTLINE static void keep_of_file(void) {
    FILE *file = fopen("/dev/null", "w");

    fputs("never closed", file);
}

static ucontext_t back, on_mapping, on_block;

static void routine(void) {
    void *volatile here = malloc(18);

    swapcontext(here ? &on_mapping : NULL, &back);
}
static void other_routine(void) {
    void *volatile here = malloc(19);

    swapcontext(here ? &on_block : NULL, &back);
}
OUTLINE static void keep_of_coroutines(void) {
    getcontext(&on_mapping);
    on_mapping.uc_stack.ss_size = 65536;
    on_mapping.uc_stack.ss_sp =
        mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    makecontext(&on_mapping, routine, 0);
    swapcontext(&back, &on_mapping);
    getcontext(&on_block);
    on_block.uc_stack.ss_size = 65536;
    on_block.uc_stack.ss_sp = block_stack = malloc(65536);
    makecontext(&on_block, other_routine, 0);
    swapcontext(&back, &on_block);
    memset(&on_mapping, 0, sizeof on_mapping);
    memset(&on_block, 0, sizeof on_block);
    memset(&back, 0, sizeof back);
}

OUTLINE static void *keep_on_stack_of_thread(void *argument) {
    void *volatile here = malloc(20);

    sem_post(&ready);
    for (;;)
        pause();
    return here ? argument : NULL;
}
OUTLINE static void *keep_in_register(void *argument) {
    slot = malloc(21);
    clear();
    sem_post(&ready);
    /* Out of the variable and into the register, where it stays; and what was below the stack
     * pointer, where a function may have variables, is gone. */
    __asm__ volatile("lea -128(%%rsp), %%rdi\n\tmov $16, %%ecx\n\txor %%eax, %%eax\n\trep stosq\n\t"
                     "xor %%r12d, %%r12d\n\txchg %%r12, %0\n1:\tmov $34, %%eax\n\tsyscall\n\tjmp 1b"
                     : "+m"(slot)
                     :
                     : "rax", "rcx", "rdi", "r11", "r12", "memory");
    return argument;
}

OUTLINE static void leak_directly(void) {
    static void *volatile nowhere;

    nowhere = malloc(24);
    nowhere = malloc(100);
    nowhere = nowhere ? NULL : &nowhere;
}
OUTLINE static void leak_chain(void) {
    struct node *nodes[3];

    for (int i = 0; i < 3; i++) {
        nodes[i] = malloc(sizeof **nodes);
        *nodes[i] = (struct node){i ? nodes[i - 1] : NULL, NULL};
    }
}
OUTLINE static void leak_ring(void) {
    struct node *a = malloc(sizeof *a), *b = malloc(sizeof *b);

    *a = (struct node){b, a};
    *b = (struct node){a, NULL};
}
OUTLINE static void *leak_own_tail(void) {
    return malloc(10);
}
OUTLINE static void leak_ring_and_tail(void) {
    struct node *a = malloc(sizeof *a), *b = malloc(sizeof *b), *c = malloc(sizeof *c);

    *a = (struct node){b, NULL};
    *b = (struct node){c, NULL};
    *c = (struct node){a, NULL};
    a->other = leak_own_tail();
}
OUTLINE static void leak_behind_end(void) {
    past = (char *)malloc(64) + 64;
}
OUTLINE static void leak_kept_by_freed(void) {
    void **holder = malloc(400);

    holder[30] = malloc(40);
    free(holder);
}
/* Far below all that is called later. */
OUTLINE static void leak_below_stack(void) {
    void *volatile room[10000];

    room[1] = malloc(70);
    room[9999] = room[1];
    room[9999] = NULL;
}
OUTLINE static void *leak_on_ended_stack(void *argument) {
    void *volatile here[64];

    for (int i = 0; i < 64; i++)
        here[i] = argument;
    here[30] = malloc(50);
    sem_post(&ready);
    sem_wait(&leave);
    return here[30] ? NULL : argument;
}
OUTLINE static void *leak_of_ended_thread(void *argument) {
    local = malloc(60);
    sem_post(&ready);
    sem_wait(&leave);
    return argument;
}

static pthread_t start(void *(*function)(void *)) {
    pthread_t thread;

    pthread_create(&thread, NULL, function, NULL);
    sem_wait(&ready);
    return thread;
}

OUTLINE static void open_library(const char *path) {
    void (*function)(void) = (void (*)(void))dlsym(dlopen(path, RTLD_NOW), "opened");

    function();
}

int main(int count, char **arguments) {
    pthread_t ended[2];

    sem_init(&ready, 0, 0);
    sem_init(&leave, 0, 0);
    leak_directly();
    leak_chain();
    leak_ring();
    leak_ring_and_tail();
    leak_behind_end();
    leak_kept_by_freed();
    leak_below_stack();
    clear();
    keep_in_globals();
    keep_in_local();
    keep_of_key();
    keep_by_inside();
    keep_by_list();
    keep_by_mapping();
    keep_in_shared_mapping();
    keep_in_untouched_shared_mapping();
    keep_in_sealed_mapping();
    keep_of_file();
    keep_of_coroutines();
    linked();
    open_library(arguments[count - 1]);
    clear();
    /* All at once, so that each has a stack of its own, and none has one of those that ended. */
    start(keep_on_stack_of_thread);
    start(keep_in_register);
    ended[0] = start(leak_on_ended_stack);
    ended[1] = start(leak_of_ended_thread);
    for (int i = 0; i < 2; i++)
        sem_post(&leave);
    for (int i = 0; i < 2; i++)
        pthread_join(ended[i], NULL);
    usleep(100000);
    clear();
    return 0;
}
#endif
