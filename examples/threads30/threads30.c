/* Thirty threads allocate and free in four patterns whose every figure is known, to hold a heap
 * profiler's report against.
 *
 * Thread t follows pattern t mod 4. Its iteration i allocates one block, appends it to the thread's
 * list, and at times frees the oldest one. All threads meet at a barrier, where the most memory is
 * live; then each frees the older half of its list and leaks the rest. The block of iteration i is
 * allocated by the call path thread_<t>, pattern_<t mod 4>, step_<i mod 20>, century_<i / 100>.
 *
 * The program counts while it runs and prints the truth, as lines or with --json as JSON. Its own
 * bookkeeping is static, so the counted blocks are all that it allocates.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS = 30,
    PATTERNS = 4,
    STEPS = 20,
    CENTURIES = 20,
    MAX_OPERATIONS = 2000,
};

struct block {
    void *memory;
    size_t size;
};

/* Written by its own thread; main reads it only while the threads wait, and after they ended. */
struct worker {
    int index;
    struct block blocks[MAX_OPERATIONS]; /* in order of allocation */
    size_t oldest;
    size_t end;
    size_t frees;
    size_t allocated_bytes;
    size_t live_bytes;
    size_t peak_bytes;
    bool path_taken[STEPS][CENTURIES];
};

static struct worker workers[THREADS];
static pthread_barrier_t barrier; /* of all threads and main */

/* Stored to after every call of a path: it makes each function's code its own, so that no linker
 * folds two into one, and keeps the call from becoming a jump. */
static _Thread_local volatile int last_function;

#define PATH_FUNCTION static __attribute__((noinline))
#define NUMBER(digits) (1##digits - 100)
/* clang-format off */
#define TEN(X, tens)                                                                               \
    X(tens##0) X(tens##1) X(tens##2) X(tens##3) X(tens##4)                                         \
    X(tens##5) X(tens##6) X(tens##7) X(tens##8) X(tens##9)
#define TWENTY(X) TEN(X, 0) TEN(X, 1)
#define THIRTY(X) TWENTY(X) TEN(X, 2)
/* clang-format on */

/* The block is filled, so that the memory is really there. */
#define DEFINE_CENTURY(digits)                                                                     \
    PATH_FUNCTION void *century_##digits(size_t size) {                                            \
        void *memory = malloc(size);                                                               \
        if (memory == NULL) {                                                                      \
            fputs("threads30: out of memory\n", stderr);                                           \
            abort();                                                                               \
        }                                                                                          \
        memset(memory, 1 + NUMBER(digits), size);                                                  \
        last_function = 100 + NUMBER(digits);                                                      \
        return memory;                                                                             \
    }
TWENTY(DEFINE_CENTURY)

#define NAME_CENTURY(digits) century_##digits,
static void *(*const centuries[CENTURIES])(size_t) = {TWENTY(NAME_CENTURY)};

#define DEFINE_STEP(digits)                                                                        \
    PATH_FUNCTION void *step_##digits(int iteration, size_t size) {                                \
        void *memory = centuries[iteration / 100](size);                                           \
        last_function = 200 + NUMBER(digits);                                                      \
        return memory;                                                                             \
    }
TWENTY(DEFINE_STEP)

#define NAME_STEP(digits) step_##digits,
static void *(*const steps[STEPS])(int, size_t) = {TWENTY(NAME_STEP)};

PATH_FUNCTION void free_oldest(struct worker *worker) {
    struct block *block = &worker->blocks[worker->oldest++];
    free(block->memory);
    worker->frees++;
    worker->live_bytes -= block->size;
    last_function = 1;
}

PATH_FUNCTION void free_older_half(struct worker *worker) {
    size_t half = (worker->end - worker->oldest) / 2;
    for (size_t i = 0; i < half; i++)
        free_oldest(worker);
    last_function = 2;
}

static void keep(struct worker *worker, int iteration, void *memory, size_t size) {
    worker->blocks[worker->end++] = (struct block){memory, size};
    worker->allocated_bytes += size;
    worker->live_bytes += size;
    if (worker->live_bytes > worker->peak_bytes)
        worker->peak_bytes = worker->live_bytes;
    worker->path_taken[iteration % STEPS][iteration / 100] = true;
}

/* size is an expression in the iteration i. */
#define DEFINE_PATTERN(number, operations, free_every, size_of_i)                                  \
    PATH_FUNCTION void pattern_##number(struct worker *worker) {                                   \
        for (int i = 0; i < (operations); i++) {                                                   \
            size_t size = (size_of_i);                                                             \
            keep(worker, i, steps[i % STEPS](i, size), size);                                      \
            if (i % (free_every) == 0)                                                             \
                free_oldest(worker);                                                               \
        }                                                                                          \
        last_function = 300 + (number);                                                            \
    }

static const size_t mixed_sizes[] = {128, 2048, 32768};

DEFINE_PATTERN(0, 2000, 3, 64 + (size_t)(i % 8) * 32)
DEFINE_PATTERN(1, 1000, 5, 1024 + (size_t)(i % 16) * 512)
DEFINE_PATTERN(2, 500, 8, 16384 + (size_t)(i % 4) * 8192)
DEFINE_PATTERN(3, 1500, 4, mixed_sizes[i % 3])

static void (*const patterns[PATTERNS])(struct worker *) = {pattern_0, pattern_1, pattern_2,
                                                            pattern_3};

static void set_name(struct worker *worker) {
    char name[] = "t00";
    name[1] = (char)('0' + worker->index / 10);
    name[2] = (char)('0' + worker->index % 10);
    pthread_setname_np(pthread_self(), name);
}

static void meet(void) {
    pthread_barrier_wait(&barrier); /* every thread has finished its loop ... */
    pthread_barrier_wait(&barrier); /* ... and main has read what they hold */
}

#define DEFINE_THREAD(digits)                                                                      \
    PATH_FUNCTION void *thread_##digits(void *argument) {                                          \
        struct worker *worker = argument;                                                          \
        set_name(worker);                                                                          \
        patterns[NUMBER(digits) % PATTERNS](worker);                                               \
        last_function = 400 + NUMBER(digits);                                                      \
        meet();                                                                                    \
        free_older_half(worker);                                                                   \
        last_function = 500 + NUMBER(digits);                                                      \
        return NULL;                                                                               \
    }
THIRTY(DEFINE_THREAD)

#define NAME_THREAD(digits) thread_##digits,
static void *(*const thread_functions[THREADS])(void *) = {THIRTY(NAME_THREAD)};

struct truth {
    size_t allocations;
    size_t allocated_bytes;
    size_t frees;
    size_t leaked_blocks;
    size_t leaked_bytes;
    size_t contexts;
    size_t peak_bytes;
    size_t peak_blocks;
};

/* Every thread's last operation brings it to its own peak, so the sum at the barrier is the
 * process's peak, whatever the order the threads ran in. */
static void count_peak(struct truth *truth) {
    for (int t = 0; t < THREADS; t++) {
        if (workers[t].live_bytes != workers[t].peak_bytes) {
            fputs("threads30: a thread's peak is not at its end\n", stderr);
            exit(EXIT_FAILURE);
        }
        truth->peak_bytes += workers[t].live_bytes;
        truth->peak_blocks += workers[t].end - workers[t].oldest;
    }
}

static void count_totals(struct truth *truth) {
    for (int t = 0; t < THREADS; t++) {
        const struct worker *worker = &workers[t];
        truth->allocations += worker->end;
        truth->allocated_bytes += worker->allocated_bytes;
        truth->frees += worker->frees;
        truth->leaked_blocks += worker->end - worker->oldest;
        truth->leaked_bytes += worker->live_bytes;
        for (int step = 0; step < STEPS; step++)
            for (int century = 0; century < CENTURIES; century++)
                truth->contexts += worker->path_taken[step][century];
    }
}

static void print_truth(const struct truth *truth, bool json) {
    const struct {
        const char *key;
        size_t value;
    } figures[] = {
        {"threads", THREADS},
        {"allocations", truth->allocations},
        {"allocated_bytes", truth->allocated_bytes},
        {"frees", truth->frees},
        {"leaked_blocks", truth->leaked_blocks},
        {"leaked_bytes", truth->leaked_bytes},
        {"contexts", truth->contexts},
        {"peak_bytes", truth->peak_bytes},
        {"peak_blocks", truth->peak_blocks},
    };
    const char *figure = json ? "  \"%s\": %zu,\n" : "%s %zu\n";
    const char *thread =
        json ? "    \"t%02d\": {\"allocations\": %zu, \"allocated_bytes\": %zu, "
               "\"frees\": %zu, \"peak_bytes\": %zu}%s\n"
             : "t%02d allocations %zu allocated_bytes %zu frees %zu peak_bytes %zu%.0s\n";

    if (json)
        puts("{");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        printf(figure, figures[i].key, figures[i].value);
    if (json)
        puts("  \"each_thread\": {");
    for (int t = 0; t < THREADS; t++)
        printf(thread, t, workers[t].end, workers[t].allocated_bytes, workers[t].frees,
               workers[t].peak_bytes, t + 1 < THREADS ? "," : "");
    if (json)
        puts("  }\n}");
}

int main(int argc, char **argv) {
    static char output[BUFSIZ]; /* stdio would allocate one */
    static pthread_t threads[THREADS];
    static struct truth truth;
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;

    setvbuf(stdout, output, _IOFBF, sizeof output);
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int t = 0; t < THREADS; t++) {
        workers[t].index = t;
        if (pthread_create(&threads[t], NULL, thread_functions[t], &workers[t]) != 0) {
            fputs("threads30: cannot start a thread\n", stderr);
            return EXIT_FAILURE;
        }
    }
    pthread_barrier_wait(&barrier);
    count_peak(&truth);
    pthread_barrier_wait(&barrier);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);

    count_totals(&truth);
    print_truth(&truth, json);
    return EXIT_SUCCESS;
}
