// Tags are part of the contexts of what is allocated under them: nested, in threads of their own and
// handed from one to another, kept by who jumps past the pops, and where callers do not count.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: s.complete and s.cut_contexts == 0
// EXPECT: tags("a1") == [[]] and tags("a2") == [["a"]] and tags("a3") == [["b", "a"]] and tags("a4") == [["a"]]
// EXPECT: tags("a5") == [[]]
// EXPECT: counts("a3") == [100] and counts("a2") == [1]
// EXPECT: sorted(tags("a10")) == [["thread " + str(i)] for i in range(8)] and counts("a10") == [1000] * 8
// EXPECT: tags("a11") == [["job"]] and tags("a12") == [[]]
// EXPECT: tags("a20") == [["outer"]] and tags("a21") == [[]]
// EXPECT: tags("a30") == [["handler", "interrupted"]] and tags("a31") == [["interrupted"]]
// EXPECT: sorted(tags("a40")) == [["t" * 197], ["t" * 199]]
// EXPECT: [len(t) for t in tags("a50")] == [64, 64] and tags("a51") == [[], []]
// EXPECT: tags("grow") == [["grown"]] * 2 and total(by("grow"), "allocations") == 2
// EXPECT: all({"main", "run", "run_job"} & set(chain(c)) for c in contexts)
//
// RUN: env MEMTRACK_OPTIONS=context=site %run %t.mtrace %t
// RUN: %check %t.mtrace 's.complete' 'tags("a3") == [["b", "a"]]' 'counts("a10") == [1000] * 8' \
// RUN:   'all("main" not in chain(c) for c in contexts)'
//
// RUN: env MEMTRACK_OPTIONS=mode=off %run %t.mtrace %t
#include <memtrack/memtrack.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile sink;

/* Each with a line of its own. */
#define ALLOCATE(number)                                                                           \
    __attribute__((noinline)) static void a##number(void) {                                        \
        sink = malloc(number);                                                                     \
        free(sink);                                                                                \
    }
ALLOCATE(1)
ALLOCATE(2)
ALLOCATE(3)
ALLOCATE(4)
ALLOCATE(5)
ALLOCATE(10)
ALLOCATE(11)
ALLOCATE(12)
ALLOCATE(20)
ALLOCATE(21)
ALLOCATE(30)
ALLOCATE(31)
ALLOCATE(40)
ALLOCATE(50)
ALLOCATE(51)

static void nest(void) {
    a1();
    memtrack_push_tag("a");
    a2();
    for (int i = 0; i < 100; i++) {
        char b[] = "b";

        memtrack_push_tag(b);
        b[0] = 'x';
        a3();
        memtrack_pop_tag();
    }
    a4();
    memtrack_pop_tag();
    a5();
    memtrack_pop_tag();
}

static void *run(void *argument) {
    char tag[20];

    snprintf(tag, sizeof tag, "thread %d", (int)(size_t)argument);
    for (int i = 0; i < 1000; i++) {
        memtrack_push_tag(tag);
        a10();
        memtrack_pop_tag();
    }
    return NULL;
}

static void *run_job(void *argument) {
    memtrack_tags before = memtrack_get_tags();

    memtrack_set_tags((memtrack_tags)argument);
    a11();
    memtrack_set_tags(before);
    a12();
    return NULL;
}

static void in_threads(void) {
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    memtrack_push_tag("job");
    pthread_create(&threads[0], NULL, run_job, (void *)memtrack_get_tags());
    pthread_join(threads[0], NULL);
    memtrack_pop_tag();
}

static jmp_buf target;

static void jump(void) {
    memtrack_push_tag("left");
    longjmp(target, 1);
}

static void jumping(void) {
    memtrack_tags tags;

    memtrack_push_tag("outer");
    tags = memtrack_get_tags();
    if (setjmp(target) == 0)
        jump();
    memtrack_set_tags(tags);
    a20();
    memtrack_pop_tag();
    a21();
}

static void on_signal(int number) {
    memtrack_push_tag("handler");
    a30();
    memtrack_pop_tag();
    (void)number;
}

static void interrupted(void) {
    memtrack_push_tag("interrupted");
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    a31();
    memtrack_pop_tag();
}

/* Texts are cut between characters, and what is nested too deep does not show. */
static void limits(void) {
    char text[300];

    memset(text, 't', sizeof text);
    text[299] = 0;
    memtrack_push_tag(text);
    a40();
    memtrack_pop_tag();
    memcpy(text + 197, "\xe2\x82\xac", 3);
    memtrack_push_tag(text);
    a40();
    memtrack_pop_tag();
    for (int i = 0; i < 70; i++)
        memtrack_push_tag("deep");
    a50();
    for (int i = 0; i < 6; i++)
        memtrack_pop_tag();
    a50();
    for (int i = 0; i < 64; i++)
        memtrack_pop_tag();
    a51();
    memtrack_set_tags(~0ul);
    memtrack_set_tags(12345678);
    a51();
}

__attribute__((noinline)) static void grow(void) {
    sink = realloc(malloc(59), 60);
    free(sink);
}

int main(void) {
    nest();
    in_threads();
    jumping();
    interrupted();
    limits();
    memtrack_push_tag("grown");
    grow();
    memtrack_pop_tag();
    return 0;
}
