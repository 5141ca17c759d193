// RUN: %cc -I%include -g -O1 -fno-builtin -pthread %s %S/truth.c -o %t && %truth %t 1 1 --each
// Every kind of finding planted in a function of its own, among healthy functions that look like
// them. `plants SEED NAME...` runs those plants; all of them without names. The healthy ones run
// always. Sizes and numbers follow from the seed.
#define _GNU_SOURCE
#include "truth.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#define STEP static __attribute__((noinline)) void

static uint64_t state;
static unsigned rounds;

static uint64_t draw(uint64_t low, uint64_t high) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return low + state % (high - low + 1);
}

struct node {
    struct node *next;
};

static void push(struct node **list, void *memory) {
    struct node *node = memory;

    node->next = *list;
    *list = node;
}

static void free_list(struct node **list) {
    while (*list) {
        struct node *node = *list;

        *list = node->next;
        TRUTH_FREE(node);
    }
}

// Growth: a log that nobody ever cuts, and an index that is freed at the end.
TRUTH(grow_log, "growth");
TRUTH(grow_index, "growth");
static struct node *log_lines, *index_entries;

STEP grow_log(unsigned round) {
    (void)round;
    for (uint64_t i = draw(1, 3); i; i--)
        push(&log_lines, TRUTH_MALLOC(&grow_log_truth, draw(100, 300)));
}

STEP grow_index(unsigned round) {
    if (round % 3 == 0)
        push(&index_entries, TRUTH_MALLOC(&grow_index_truth, draw(400, 600)));
}

static void end_index(void) {
    free_list(&index_entries);
}

// Churn: always the same size, and others.
TRUTH(format_line, "churn");
TRUTH(decode_field, "churn");

STEP format_line(unsigned round) {
    for (uint64_t i = draw(8, 16); i; i--) {
        char *line = TRUTH_MALLOC(&format_line_truth, 80);

        line[0] = (char)round;
        TRUTH_FREE(line);
    }
}

STEP decode_field(unsigned round) {
    for (uint64_t i = draw(8, 16); i; i--) {
        char *field = TRUTH_MALLOC(&decode_field_truth, draw(40, 4000));

        field[0] = (char)round;
        TRUTH_FREE(field);
    }
}

// Buffers that grow by a few bytes at a time, and those that always end up as large.
TRUTH(append_token, "realloc");
TRUTH(collect_row, "realloc");

STEP append_token(unsigned round) {
    static char *buffer;
    static size_t size, left;

    (void)round;
    if (!left) {
        if (buffer)
            TRUTH_FREE(buffer);
        size = draw(16, 64);
        left = draw(30, 90);
        buffer = TRUTH_MALLOC(&append_token_truth, size);
    }
    for (uint64_t i = draw(1, 4); i && left; i--, left--) {
        size += draw(1, 24);
        buffer = TRUTH_REALLOC(&append_token_truth, buffer, size);
    }
}

STEP collect_row(unsigned round) {
    char *row = TRUTH_MALLOC(&collect_row_truth, 64);

    (void)round;
    for (size_t size = 128; size <= 1024; size *= 2)
        row = TRUTH_REALLOC(&collect_row_truth, row, size);
    TRUTH_FREE(row);
}

// Tiny blocks, which live for a while.
TRUTH(make_point, "tiny");
enum { POINTS = 512 };

STEP make_point(unsigned round) {
    static void *points[POINTS];
    static unsigned next;

    (void)round;
    for (uint64_t i = draw(8, 12); i; i--, next = (next + 1) % POINTS) {
        if (points[next])
            TRUTH_FREE(points[next]);
        points[next] = TRUTH_MALLOC(&make_point_truth, draw(4, 14));
    }
}

// Blocks that are much larger than what comes to be in them.
TRUTH(read_record, "over_allocation");
enum { RECORDS = 32 };

STEP read_record(unsigned round) {
    static void *records[RECORDS];
    void **record = &records[round % RECORDS];

    if (*record)
        TRUTH_FREE(*record);
    *record = TRUTH_MALLOC(&read_record_truth, 4096);
    *record = TRUTH_REALLOC(&read_record_truth, *record, draw(40, 1000));
}

// Work for other threads, one at a time.
enum { WORKERS = 3 };

static struct worker {
    pthread_t thread;
    sem_t begin, done;
    void (*job)(unsigned worker);
} workers[WORKERS];

static void *work(void *argument) {
    struct worker *worker = argument;

    truth_name_thread((unsigned)(worker - workers) + 1);
    sem_post(&worker->done);
    for (;;) {
        sem_wait(&worker->begin);
        if (!worker->job)
            return NULL;
        worker->job((unsigned)(worker - workers));
        sem_post(&worker->done);
    }
}

static void begin_workers(void) {
    for (unsigned i = 0; i < WORKERS; i++) {
        sem_init(&workers[i].begin, 0, 0);
        sem_init(&workers[i].done, 0, 0);
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        sem_wait(&workers[i].done);
    }
}

static void let_work(unsigned worker, void (*job)(unsigned worker)) {
    workers[worker].job = job;
    sem_post(&workers[worker].begin);
    if (job)
        sem_wait(&workers[worker].done);
    else
        pthread_join(workers[worker].thread, NULL);
}

// Blocks that other threads free.
TRUTH(produce, "cross_thread");
enum { MESSAGES = 16 };
static void *messages[MESSAGES];

static void consume(unsigned worker) {
    (void)worker;
    for (int i = 0; i < MESSAGES; i++) {
        if (messages[i])
            TRUTH_FREE(messages[i]);
        messages[i] = NULL;
    }
}

STEP produce(unsigned round) {
    for (uint64_t i = draw(8, MESSAGES); i--;)
        messages[i] = TRUTH_MALLOC(&produce_truth, draw(64, 256));
    let_work(round % 2, consume);
}

// A worker that holds much more than the others, which do as much.
TRUTH(hoard, "thread_peak");
TRUTH(scratch, NULL);
enum { HOARD = 64 };
static void *hoarded[HOARD], *scratched;

static __attribute__((noinline)) void hoard(unsigned worker) {
    (void)worker;
    for (int i = 0; i < HOARD; i++)
        hoarded[i] = TRUTH_MALLOC(&hoard_truth, draw(1 << 20, 2 << 20));
}

static __attribute__((noinline)) void scratch(unsigned worker) {
    (void)worker;
    scratched = TRUTH_MALLOC(&scratch_truth, 1 << 20);
}

static void free_hoard(unsigned worker) {
    (void)worker;
    for (int i = 0; i < HOARD; i++)
        TRUTH_FREE(hoarded[i]);
}

static void free_scratch(unsigned worker) {
    (void)worker;
    TRUTH_FREE(scratched);
}

STEP hold_peak(unsigned round) {
    if (round == rounds / 3)
        let_work(0, hoard);
    if (round == rounds * 2 / 3)
        let_work(0, free_hoard);
    if (round % (rounds / 100) == 0) {
        for (unsigned worker = 1; worker < WORKERS; worker++) {
            let_work(worker, scratch);
            let_work(worker, free_scratch);
        }
    }
}

// Blocks that are lost, one by one and with what they point to.
TRUTH(lose_block, "leak");
TRUTH(lose_tree, "leak");

STEP lose_block(unsigned round) {
    volatile char *block;

    if (round % 5)
        return;
    block = TRUTH_MALLOC(&lose_block_truth, draw(100, 400));
    block[0] = 1;
}

STEP lose_tree(unsigned round) {
    struct node *root = NULL;

    if (round % 25)
        return;
    for (int i = 0; i < 3; i++) {
        size_t size = draw(100, 400);

        push(&root, TRUTH_MALLOC(&lose_tree_truth, size));
        lose_tree_truth.indirect_bytes += i < 2 ? size : 0;
    }
}

// Leaves nothing of the lost blocks behind on the stack.
static __attribute__((noinline)) void overwrite_stack(void) {
    volatile char bytes[8192];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = 0;
}

// From here on, all is well. Requests, whose blocks die together:
TRUTH(serve, NULL);

STEP serve(unsigned round) {
    struct node *blocks = NULL;

    (void)round;
    for (uint64_t i = draw(4, 8); i; i--)
        push(&blocks, TRUTH_MALLOC(&serve_truth, draw(64, 512)));
    free_list(&blocks);
}

// Words, of which less than half are temporary.
TRUTH(intern_word, NULL);
enum { WORDS = 256 };

STEP intern_word(unsigned round) {
    static void *words[WORDS];
    static unsigned next;

    (void)round;
    for (int i = 0; i < 14; i++) {
        void *word = TRUTH_MALLOC(&intern_word_truth, draw(40, 60));

        if (i < 6) {
            TRUTH_FREE(word);
            continue;
        }
        if (words[next])
            TRUTH_FREE(words[next]);
        words[next] = word;
        next = (next + 1) % WORDS;
    }
}

// Small blocks, but none that are mostly overhead.
TRUTH(make_cell, NULL);
enum { CELLS = 256 };

STEP make_cell(unsigned round) {
    static void *cells[CELLS];
    static unsigned next;

    (void)round;
    for (int i = 0; i < 6; i++, next = (next + 1) % CELLS) {
        if (cells[next])
            TRUTH_FREE(cells[next]);
        cells[next] = TRUTH_MALLOC(&make_cell_truth, draw(17, 32));
    }
}

// A cache that levels off: entries in random places.
TRUTH(cache_put, NULL);
enum { CACHE = 1024 };

STEP cache_put(unsigned round) {
    static void *cache[CACHE];

    (void)round;
    for (uint64_t i = draw(4, 6); i; i--) {
        void **entry = &cache[draw(0, CACHE - 1)];

        if (*entry)
            TRUTH_FREE(*entry);
        *entry = TRUTH_MALLOC(&cache_put_truth, draw(200, 300));
    }
}

// What is read at the start, and stays.
TRUTH(load_config, NULL);

STEP load_config(unsigned round) {
    static struct node *config;

    for (unsigned i = 0; round == 0 && i < 3000; i++)
        push(&config, TRUTH_MALLOC(&load_config_truth, draw(50, 150)));
}

// A saw-tooth: batches that are written out when they are full.
TRUTH(fill_batch, NULL);

STEP fill_batch(unsigned round) {
    static struct node *batch;

    push(&batch, TRUTH_MALLOC(&fill_batch_truth, draw(500, 700)));
    if (round % (rounds / 7) == 0)
        free_list(&batch);
}

// A vector that doubles.
TRUTH(push_value, NULL);

STEP push_value(unsigned round) {
    static uint64_t *values;
    static size_t count, capacity;

    for (uint64_t i = draw(20, 30); i; i--) {
        if (count == capacity) {
            capacity = capacity ? 2 * capacity : 16;
            values = values ? TRUTH_REALLOC(&push_value_truth, values, capacity * sizeof(*values))
                            : TRUTH_MALLOC(&push_value_truth, capacity * sizeof(*values));
        }
        values[count++] = round;
    }
}

// A short burst of temporary blocks.
TRUTH(parse_arguments, NULL);

STEP parse_arguments(unsigned round) {
    for (unsigned i = 0; round == 1 && i < 4000; i++)
        TRUTH_FREE(TRUTH_MALLOC(&parse_arguments_truth, draw(10, 100)));
}

// A pool: slabs until there are enough.
TRUTH(add_slab, NULL);

STEP add_slab(unsigned round) {
    static struct node *slabs;

    if (round < rounds / 4 && round % (rounds / 40) == 0)
        push(&slabs, TRUTH_MALLOC(&add_slab_truth, 16384));
}

// Few blocks for another thread.
TRUTH(send_reply, NULL);

STEP send_reply(unsigned round) {
    if (round % 4 == 0) {
        messages[0] = TRUTH_MALLOC(&send_reply_truth, 100);
        let_work(2, consume);
    }
}

struct step {
    struct truth *truth;
    void (*run)(unsigned round);
    void (*end)(void);
    struct truth *more;
};

static const struct step plants[] = {
    {&grow_log_truth, grow_log, NULL, NULL},
    {&grow_index_truth, grow_index, end_index, NULL},
    {&format_line_truth, format_line, NULL, NULL},
    {&decode_field_truth, decode_field, NULL, NULL},
    {&append_token_truth, append_token, NULL, NULL},
    {&collect_row_truth, collect_row, NULL, NULL},
    {&make_point_truth, make_point, NULL, NULL},
    {&read_record_truth, read_record, NULL, NULL},
    {&produce_truth, produce, NULL, NULL},
    {&hoard_truth, hold_peak, NULL, &scratch_truth},
    {&lose_block_truth, lose_block, NULL, NULL},
    {&lose_tree_truth, lose_tree, NULL, NULL},
};

static const struct step healthy[] = {
    {&serve_truth, serve, NULL, NULL},
    {&intern_word_truth, intern_word, NULL, NULL},
    {&make_cell_truth, make_cell, NULL, NULL},
    {&cache_put_truth, cache_put, NULL, NULL},
    {&load_config_truth, load_config, NULL, NULL},
    {&fill_batch_truth, fill_batch, NULL, NULL},
    {&push_value_truth, push_value, NULL, NULL},
    {&parse_arguments_truth, parse_arguments, NULL, NULL},
    {&add_slab_truth, add_slab, NULL, NULL},
    {&send_reply_truth, send_reply, NULL, NULL},
};

enum {
    PLANTS = sizeof(plants) / sizeof(plants[0]),
    HEALTHY = sizeof(healthy) / sizeof(healthy[0]),
};

static bool is_wanted(const struct step *step, int count, char **names) {
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], step->truth->function) == 0)
            return true;
    }
    return count == 0;
}

static void expect(const struct step *step) {
    truth_expect(step->truth);
    if (step->more)
        truth_expect(step->more);
}

int main(int count, char **arguments) {
    const struct step *steps[PLANTS + HEALTHY];
    unsigned step_count = 0;

    state = 0x9e3779b97f4a7c15u * (1 + strtoul(arguments[1], NULL, 10));
    rounds = (unsigned)draw(2000, 3000);
    for (int i = 0; i < PLANTS; i++) {
        if (is_wanted(&plants[i], count - 2, arguments + 2))
            steps[step_count++] = &plants[i];
    }
    for (int i = 0; i < HEALTHY; i++)
        steps[step_count++] = &healthy[i];
    for (unsigned i = 0; i < step_count; i++)
        expect(steps[i]);
    begin_workers();
    for (unsigned round = 0; round < rounds; round++) {
        if (round == rounds / 2)
            truth_second_half();
        for (unsigned i = 0; i < step_count; i++)
            steps[i]->run(round);
    }
    for (unsigned i = 0; i < step_count; i++) {
        if (steps[i]->end)
            steps[i]->end();
    }
    for (unsigned i = 0; i < WORKERS; i++)
        let_work(i, NULL);
    overwrite_stack();
    truth_print();
    return 0;
}
