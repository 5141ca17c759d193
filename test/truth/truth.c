#define _GNU_SOURCE
#include "truth.h"

#include <memtrack/memtrack.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 1 << 20, FUNCTIONS = 64, THREADS = 4, HALVES = 2 };

/* Nothing that looks like a pointer to a block: what nobody else remembers has to be lost. */
struct known {
    uintptr_t hidden; /* address; 0: empty */
    uint64_t size;
    struct truth *truth;
    unsigned thread;
    struct timespec since;
};

struct half {
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees;
    uint64_t freed_bytes;
};

struct pair {
    uint64_t blocks;
    uint64_t bytes;
};

static struct known table[SLOTS];
static struct truth *functions[FUNCTIONS];
static unsigned function_count;
static uint64_t live, peak;
static bool all_counted = true;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct half halves[HALVES];
static unsigned half;
static struct pair pairs[THREADS][THREADS]; /* by who allocated, who freed */
static __thread uintptr_t last_allocation;  /* hidden, too */
static __thread unsigned this_thread;

static uintptr_t hide(const void *block) {
    return ~(uintptr_t)block;
}

static struct known *find(uintptr_t hidden) {
    size_t slot = (hidden >> 4) * 0x9e3779b97f4a7c15u >> 44;

    while (table[slot].hidden && table[slot].hidden != hidden)
        slot = (slot + 1) % SLOTS;
    return &table[slot];
}

static void forget(struct known *known) {
    size_t hole = (size_t)(known - table);

    table[hole].hidden = 0;
    for (size_t next = (hole + 1) % SLOTS; table[next].hidden; next = (next + 1) % SLOTS) {
        struct known moved = table[next];

        table[next].hidden = 0;
        *find(moved.hidden) = moved;
    }
}

static void raise_peak(void) {
    if (live <= peak)
        return;
    peak = live;
    for (unsigned i = 0; i < function_count; i++)
        functions[i]->at_peak = functions[i]->live;
}

void truth_expect(struct truth *truth) {
    if (function_count < FUNCTIONS)
        functions[function_count++] = truth;
}

static void begin(struct truth *truth, void *block, size_t size) {
    struct known *known = find(hide(block));

    *known = (struct known){.hidden = hide(block), .size = size, .truth = truth};
    known->thread = this_thread;
    clock_gettime(CLOCK_MONOTONIC, &known->since);
    truth->allocations++;
    truth->allocated_bytes += size;
    truth->sizes[size ? 64 - __builtin_clzll(size) : 0]++;
    truth->live += size;
    truth->blocks++;
    live += size;
    halves[half].allocations++;
    halves[half].allocated_bytes += size;
    raise_peak();
    last_allocation = known->hidden;
}

static struct known end(void *block) {
    struct known *slot = find(hide(block));
    struct known known = *slot;
    bool own = known.thread == this_thread;
    struct timespec now;

    if (!known.hidden)
        abort();
    clock_gettime(CLOCK_MONOTONIC, &now);
    known.truth->lifetime_ns += 1e9 * (double)(now.tv_sec - known.since.tv_sec) +
                                (double)(now.tv_nsec - known.since.tv_nsec);
    known.truth->frees++;
    known.truth->live -= known.size;
    known.truth->blocks--;
    known.truth->cross_frees += !own;
    known.truth->temporary += own && last_allocation == known.hidden;
    pairs[known.thread][this_thread].blocks++;
    pairs[known.thread][this_thread].bytes += known.size;
    halves[half].frees++;
    halves[half].freed_bytes += known.size;
    live -= known.size;
    forget(slot);
    return known;
}

void truth_name_thread(unsigned number) {
    char name[16];

    this_thread = number;
    snprintf(name, sizeof(name), "worker %u", number);
    pthread_setname_np(pthread_self(), name);
}

/* Apart from what stands before and behind it, whatever the resolution of times. */
void truth_second_half(void) {
    usleep(1000);
    memtrack_phase("second half");
    half = 1;
    for (unsigned i = 0; i < function_count; i++)
        functions[i]->at_mark = functions[i]->live;
    usleep(1000);
}

/* Large ones are fresh. */
static void clear(void *block, size_t from, size_t to) {
    if (from < to && to <= 1 << 16)
        memset((char *)block + from, 0, to - from);
}

void truth_allocated(struct truth *truth, void *block, size_t size) {
    clear(block, 0, size);
    pthread_mutex_lock(&lock);
    begin(truth, block, size);
    pthread_mutex_unlock(&lock);
}

void truth_freed(void *block) {
    struct known known;

    pthread_mutex_lock(&lock);
    known = end(block);
    if (known.thread == this_thread && last_allocation == known.hidden) {
        known.truth->plain_temporary++;
        known.truth->plain_temporary_bytes += known.size;
    }
    pthread_mutex_unlock(&lock);
}

void truth_reallocated(struct truth *truth, void *old, void *block, size_t size) {
    struct known known;

    pthread_mutex_lock(&lock);
    known = end(old);
    begin(truth, block, size);
    clear(block, known.size, size);
    truth->growths += size > known.size;
    if (block != old) {
        truth->moved++;
        truth->copied_bytes += size < known.size ? size : known.size;
    }
    if (size < known.size) {
        known.truth->shrunk++;
        known.truth->given_back_bytes += known.size - size;
    }
    pthread_mutex_unlock(&lock);
}

void truth_replaced(struct truth *truth, void *old, size_t old_size) {
    pthread_mutex_lock(&lock);
    if (!find(hide(old))->hidden)
        abort();
    truth->growths++;
    truth->moved++;
    truth->copied_bytes += old_size;
    pthread_mutex_unlock(&lock);
}

void truth_count(struct truth *truth, uint64_t allocations, uint64_t bytes, uint64_t frees,
                 uint64_t freed_bytes) {
    pthread_mutex_lock(&lock);
    truth->counted = false;
    all_counted = false;
    if (allocations)
        last_allocation = 0;
    truth->allocations += allocations;
    truth->allocated_bytes += bytes;
    truth->live += bytes;
    truth->blocks += allocations;
    live += bytes;
    raise_peak();
    truth->frees += frees;
    truth->live -= freed_bytes;
    truth->blocks -= frees;
    live -= freed_bytes;
    pthread_mutex_unlock(&lock);
}

static char text[1 << 16];
static size_t length;

static __attribute__((format(printf, 1, 2))) void put(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    length += (size_t)vsnprintf(text + length, sizeof(text) - length, format, arguments);
    va_end(arguments);
}

static void put_number(const char *key, uint64_t value) {
    put(", \"%s\": %" PRIu64, key, value);
}

static void put_evidence(const struct truth *truth) {
    put_number("temporary", truth->temporary);
    put(", \"evidence\": {\"temporary\": %" PRIu64, truth->plain_temporary);
    put_number("temporary_bytes", truth->plain_temporary_bytes);
    put_number("cross_thread_frees", truth->cross_frees);
    put_number("growths", truth->growths);
    put_number("moved", truth->moved);
    put_number("copied_bytes", truth->copied_bytes);
    put_number("shrunk_blocks", truth->shrunk);
    put_number("given_back_bytes", truth->given_back_bytes);
    put_number("indirect_bytes", truth->indirect_bytes);
    put("}");
    put_number("at_mark", truth->at_mark);
    put_number("lifetime_ns", (uint64_t)truth->lifetime_ns);
    put(", \"sizes\": {");
    for (unsigned bits = 0, first = 1; bits < 48; bits++) {
        if (truth->sizes[bits])
            put("%s\"%llu\": %" PRIu64, first ? "" : ", ", 1ull << bits, truth->sizes[bits]);
        first &= !truth->sizes[bits];
    }
    put("}");
}

static void put_halves(void) {
    put("\"halves\": [");
    for (int i = 0; i < HALVES; i++) {
        put(i ? ", {\"half\": %d" : "{\"half\": %d", i);
        put_number("allocations", halves[i].allocations);
        put_number("allocated_bytes", halves[i].allocated_bytes);
        put_number("frees", halves[i].frees);
        put_number("freed_bytes", halves[i].freed_bytes);
        put("}");
    }
    put("],\n");
}

static void put_pairs(void) {
    bool first = true;

    put("\"pairs\": [");
    for (unsigned from = 0; from < THREADS; from++) {
        for (unsigned to = 0; to < THREADS; to++) {
            if (from == to || !pairs[from][to].blocks)
                continue;
            put("%s{\"from\": %u, \"to\": %u", first ? "" : ", ", from, to);
            put_number("blocks", pairs[from][to].blocks);
            put_number("bytes", pairs[from][to].bytes);
            put("}");
            first = false;
        }
    }
    put("],\n");
}

static void put_function(const struct truth *truth) {
    put("{\"function\": \"%s\"", truth->function);
    put_number("allocations", truth->allocations);
    put_number("allocated_bytes", truth->allocated_bytes);
    put_number("frees", truth->frees);
    put_number("leaked_bytes", truth->live);
    put_number("leaked_blocks", truth->blocks);
    if (all_counted)
        put_number("peak_bytes", truth->at_peak);
    if (truth->counted)
        put_evidence(truth);
    put(", \"finding\": ");
    put(truth->finding ? "\"%s\"}" : "null}", truth->finding);
}

void truth_print(void) {
    uint64_t cross = 0;

    put("{\"functions\": [");
    for (unsigned i = 0; i < function_count; i++) {
        put(i ? ",\n " : "\n ");
        put_function(functions[i]);
        cross += functions[i]->cross_frees;
    }
    put("],\n");
    if (all_counted) {
        put_halves();
        put_pairs();
    }
    put("\"peak_bytes\": %" PRIu64 ", \"leaked_bytes\": %" PRIu64 ", \"freed_by_others\": %" PRIu64
        "}\n",
        peak, live, cross);
    for (size_t at = 0; at < length;) {
        ssize_t written = write(1, text + at, length - at);

        if (written <= 0)
            abort();
        at += (size_t)written;
    }
}
