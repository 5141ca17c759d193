#include "truth.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 1 << 20, FUNCTIONS = 64 };

struct known {
    uintptr_t address; /* 0: empty */
    uint64_t size;
    struct truth *truth;
    pthread_t thread;
};

static struct known table[SLOTS];
static struct truth *functions[FUNCTIONS];
static unsigned function_count;
static uint64_t live, peak;
static bool all_counted = true;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread uintptr_t last_allocation;

static struct known *find(uintptr_t address) {
    size_t slot = (address >> 4) * 0x9e3779b97f4a7c15u >> 44;

    while (table[slot].address && table[slot].address != address)
        slot = (slot + 1) % SLOTS;
    return &table[slot];
}

static void forget(struct known *known) {
    size_t hole = (size_t)(known - table);

    for (size_t next = (hole + 1) % SLOTS; table[next].address; next = (next + 1) % SLOTS) {
        struct known moved = table[next];

        table[next].address = 0;
        table[hole].address = 0;
        *find(moved.address) = moved;
        hole = table[next].address ? hole : next;
    }
    table[hole].address = 0;
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
    *find((uintptr_t)block) = (struct known){(uintptr_t)block, size, truth, pthread_self()};
    truth->allocations++;
    truth->allocated_bytes += size;
    truth->live += size;
    truth->blocks++;
    live += size;
    raise_peak();
    last_allocation = (uintptr_t)block;
}

static struct known end(void *block) {
    struct known *slot = find((uintptr_t)block);
    struct known known = *slot;
    bool own = known.address && pthread_equal(known.thread, pthread_self());

    if (!known.address)
        abort();
    known.truth->frees++;
    known.truth->live -= known.size;
    known.truth->blocks--;
    known.truth->cross_frees += !own;
    known.truth->temporary += own && last_allocation == known.address;
    live -= known.size;
    forget(slot);
    return known;
}

void truth_allocated(struct truth *truth, void *block, size_t size) {
    pthread_mutex_lock(&lock);
    begin(truth, block, size);
    pthread_mutex_unlock(&lock);
}

void truth_freed(void *block) {
    struct known known;

    pthread_mutex_lock(&lock);
    known = end(block);
    if (pthread_equal(known.thread, pthread_self()) && last_allocation == known.address) {
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
    if (!find((uintptr_t)old)->address)
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
    put("}");
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
    put("],\n\"peak_bytes\": %" PRIu64 ", \"leaked_bytes\": %" PRIu64
        ", \"freed_by_others\": %" PRIu64 "}\n",
        peak, live, cross);
    for (size_t at = 0; at < length;) {
        ssize_t written = write(1, text + at, length - at);

        if (written <= 0)
            abort();
        at += (size_t)written;
    }
}
