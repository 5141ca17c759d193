/* What every generated program carries: the true calling chain of each of its allocations, kept by
 * the program itself and without a word to MemTrack.
 *
 * Each function is given `up`, the link of its caller, and makes a link of its own, on the line of
 * the call, for everything it calls. Links lie in a file mapped at start (EXACT_TRUTH), so that
 * they outlive longjmp, throw, fork and the process, need no pointer into a frame, which would keep
 * the compiler from making tail calls, and cost no call, which would change what is to be tested.
 * truth.py reads the file. */
#ifndef EXACT_H
#define EXACT_H

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

#ifdef __cplusplus
#define EXACT_C extern "C"
#define EXACT_NOEXCEPT noexcept
extern "C" {
#else
#define EXACT_C extern
#define EXACT_NOEXCEPT
#endif

typedef unsigned callback(unsigned up, int n);

enum {
    EXACT_LINKS = 1 << 20,
    EXACT_NOTES = 1 << 14,
    /* The sizes noted start here: a program's other blocks are smaller, or thread stacks. */
    EXACT_BASE = 20000,
    EXACT_SUSPENDED = 4,
};

/* What a link may demand of its frame, when it is not simply there. */
enum {
    /* The call is in tail position: optimized code may have dropped the frame. */
    EXACT_TAIL = 1,
    /* A musttail call: the frame is there only if it was inlined. */
    EXACT_MUSTTAIL = 2,
    /* Interrupted somewhere: the frame may be missing, and its line is any. */
    EXACT_INTERRUPTED = 4,
    /* The lowest link of a stack of the program's own: the chain ends here, or goes on with the one
     * that resumed this stack. */
    EXACT_BOTTOM = 8,
    /* Not a frame: `up` resumed a stack, and `line` is the resumption that was in force then. */
    EXACT_RESUMPTION = 16,
    /* Nothing is known of what lies below. */
    EXACT_OPEN = 32,
    /* An allocation in tail position: MemTrack is told where it is, but no unwinder can know. */
    EXACT_ALLOCATION = 64,
    /* An allocation that instrumented code does not make itself: only an allocator whose public
     * symbols are watched sees it. */
    EXACT_UNSEEN = 128,
};

struct exact_link {
    unsigned up; /* 0: there is no caller */
    unsigned function;
    unsigned line;
    unsigned last_line; /* of an implicit call, the end of the range its line is in */
    unsigned flags;
};

struct exact_note {
    unsigned link; /* the allocation itself */
    unsigned resumption;
    unsigned process; /* 0, or the child's pid */
    unsigned unused;
};

/* The note at index i is about the block of EXACT_BASE + i bytes. */
struct exact_truth {
    unsigned links;
    unsigned notes;
    struct exact_link link[EXACT_LINKS];
    struct exact_note note[EXACT_NOTES];
};

/* Where a longjmp or a throw may go from here. Whoever is landed at puts its own back. */
struct exact_state {
    struct exact_jump *jump;
    int tries;  /* try blocks around */
    int pinned; /* in a handler or a destructor: no switching of stacks */
};

struct exact_jump {
    jmp_buf env;
    struct exact_state saved;
};

struct exact_generator {
    ucontext_t own;
    ucontext_t resumer;
    callback *body;
    int n;
    unsigned result;
    int done;
    struct exact_state state;
};

struct exact_self {
    struct exact_state state;
    unsigned random;
    int fuel;         /* function entries left, so that programs end */
    unsigned carry;   /* `up` for those that are given no argument */
    unsigned loading; /* the link that called dlopen */
    unsigned leaving; /* the link that called exit or dlclose */
    unsigned resumption;
    struct exact_generator *generator;
    struct exact_generator *suspended[EXACT_SUSPENDED];
    /* An alarm may allocate: the thread is in no allocator. */
    volatile int calm;
};

extern struct exact_truth *exact_truth;
extern __thread struct exact_self exact_self;
extern volatile unsigned exact_sink;
extern void *volatile exact_block;
extern unsigned exact_process;
extern volatile int exact_threads_left;
extern volatile int exact_forks_left;
extern volatile int exact_alarms_left;
extern volatile int exact_storms_left;
/* The destructors of a library or the program run. An exit() there runs no more of them, MemTrack's
 * own included, and what is registered to run at exit may come after them all. */
extern volatile int exact_unloading;
/* Defined where the compiler cannot see that it is malloc. */
extern void *(*volatile exact_malloc)(size_t size);

/* A generator with a stack of its own, or NULL: there are enough. */
struct exact_generator *exact_generator_new(callback *body, int n);
/* A string that strdup needs so many bytes for. */
const char *exact_text(size_t size);
/* The page that cannot be written until exact_fault_allow. */
extern volatile unsigned *exact_fault_page;
void exact_fault_forbid(void);
void exact_fault_allow(void);
/* Gives the thread a signal stack if it has none. */
void exact_signal_stack(void);
void exact_signal(int number, void (*handler)(int), int flags);
/* SIGALRM to this thread all the time, and no more. */
void exact_alarm_start(void);
void exact_alarm_stop(void);
void exact_root(unsigned random);

static inline unsigned exact_enter(unsigned up, unsigned function, unsigned line,
                                   unsigned last_line, unsigned flags) {
    unsigned index = __atomic_add_fetch(&exact_truth->links, 1, __ATOMIC_RELAXED);
    struct exact_link *link = &exact_truth->link[index];

    if (index >= EXACT_LINKS)
        __builtin_trap();
    link->up = up;
    link->function = function;
    link->line = line;
    link->last_line = last_line;
    link->flags = flags;
    return index;
}

/* Returns the size to allocate. */
static inline size_t exact_note(unsigned link) {
    unsigned index = __atomic_fetch_add(&exact_truth->notes, 1, __ATOMIC_RELAXED);
    struct exact_note *note = &exact_truth->note[index];

    if (index >= EXACT_NOTES)
        __builtin_trap();
    note->link = link;
    note->resumption = exact_self.resumption;
    note->process = exact_process;
    return EXACT_BASE + (size_t)index;
}

#define EXACT_HERE(flags) exact_enter(up, self, __LINE__, __LINE__, flags)
#define HERE EXACT_HERE(0)
#define TAIL EXACT_HERE(EXACT_TAIL)
#define MUSTTAIL EXACT_HERE(EXACT_MUSTTAIL)
/* For a call the compiler makes at the end of a scope. */
#define WITHIN(lines) exact_enter(up, self, __LINE__, __LINE__ + (lines), 0)
/* For what is called some lines on, so that a site left from this one is seen to be wrong. */
#define NEXT(lines) exact_enter(up, self, __LINE__ + (lines), __LINE__ + (lines), 0)
/* The size of what is allocated there. */
#define NOTE(lines) exact_note(NEXT(lines))
#define NOTE_UNSEEN(lines)                                                                         \
    exact_note(exact_enter(up, self, __LINE__ + (lines), __LINE__ + (lines), EXACT_UNSEEN))

/* Something to do after the last call, so that it is in no tail position. */
static inline unsigned exact_done(unsigned x) {
    exact_sink = x;
    return x;
}

static inline unsigned exact_roll(unsigned sides) {
    exact_self.random = exact_self.random * 1664525u + 1013904223u;
    return (exact_self.random >> 16) % sides;
}

static inline int exact_spent(int n) {
    return n <= 0 || exact_self.fuel-- <= 0;
}

/* Lets nobody assume that the block is not used. */
static inline void *exact_hold(void *block) {
    exact_block = block;
    return block;
}

struct exact_item {
    unsigned up;
    int n;
    int key;
};

struct exact_start {
    callback *body;
    int n;
    unsigned random;
    unsigned result;
};

static inline int exact_take(volatile int *left) {
    return __atomic_fetch_sub(left, 1, __ATOMIC_RELAXED) > 0;
}

static inline void exact_fill(struct exact_item *items, int count, unsigned link, int n) {
    for (int i = 0; i < count; i++) {
        items[i].up = link;
        items[i].n = n;
        items[i].key = (int)exact_roll(100);
    }
}

/* Time for an alarm to come. */
static inline void exact_spin(void) {
    for (unsigned i = 0; i < 3000; i++)
        exact_sink = i;
}

static inline void exact_begin_thread(const struct exact_start *start) {
    exact_self.random = start->random;
    exact_self.fuel = 25;
}

/* What a resumer puts back when the generator has come back to it. */
struct exact_resumer {
    struct exact_state state;
    unsigned resumption;
    struct exact_generator *generator;
};

static inline void exact_switch_in(struct exact_resumer *resumer, struct exact_generator *generator,
                                   unsigned link) {
    resumer->state = exact_self.state;
    resumer->resumption = exact_self.resumption;
    resumer->generator = exact_self.generator;
    exact_self.resumption = exact_enter(link, 0, resumer->resumption, 0, EXACT_RESUMPTION);
    exact_self.state = generator->state;
    exact_self.generator = generator;
}

static inline void exact_switch_out(const struct exact_resumer *resumer) {
    struct exact_generator *generator = exact_self.generator;

    generator->state = exact_self.state;
    for (int i = 0; !generator->done && i < EXACT_SUSPENDED; i++) {
        if (!exact_self.suspended[i]) {
            exact_self.suspended[i] = generator;
            break;
        }
    }
    exact_self.state = resumer->state;
    exact_self.resumption = resumer->resumption;
    exact_self.generator = resumer->generator;
}

/* A generator that waits to be resumed, or NULL. */
static inline struct exact_generator *exact_pick(void) {
    unsigned i = exact_roll(EXACT_SUSPENDED);
    struct exact_generator *generator = exact_self.suspended[i];

    exact_self.suspended[i] = NULL;
    return generator;
}

#ifdef __cplusplus
}

/* `up` is for the destructor of a derived class; whoever catches it and lets it go sets it. */
struct exact_thrown {
    unsigned up = 0;
    virtual ~exact_thrown() {
    }
};

/* Too big for std::function to hold without allocating. */
struct exact_carrier {
    callback *function;
    char bytes[100];

    unsigned operator()(unsigned up, int n) const {
        return function(up, n) + (unsigned)bytes[0];
    }
};

struct exact_order {
    int (*compare)(const void *left, const void *right);

    bool operator()(const exact_item &left, const exact_item &right) const {
        return compare(&left, &right) < 0;
    }
};
#endif

#endif
