// What libc and code that is not instrumented allocate is recorded, once, in the context of the
// instrumented call that led there, and matched with its free wherever that is.
// RUN: clang -g -O1 -fno-builtin -DPEER -c %s -o %t.peer.o
// RUN: %cc -g -O1 -fno-builtin %s %t.peer.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cc -g -O0 -no-pie %s %t.peer.o -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: env MEMTRACK_OPTIONS=context=site %run %t.mtrace %t && %check %t.mtrace \
// RUN:   's.allocations == 11 and s.unmatched_frees == 0'
// EXPECT: s.allocations == 11
// EXPECT: s.leaked_blocks == 3 and s.leaked_bytes == 77 + 120 + 5
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and s.threads == 1 and not errors
// EXPECT: process["capture"] == "interposed"
//
// The stream, its buffer; the line; a string of asprintf's and its first attempt.
// EXPECT: sorted(c["allocated_bytes"] for c in library("libc.so") if "read_line" in chain(c))[:2] == [120, 472]
// EXPECT: all(callers(c)[-2:] == ["read_line", "main"] for c in library("libc.so") if c["allocated_bytes"] >= 120 and "sort" not in chain(c))
// EXPECT: total([c for c in library("libc.so") if "format" in chain(c)], "allocations") == 2
//
// The peer's own calls are the program's.
// EXPECT: [c["allocated_bytes"] for c in library("foreign-c") if callers(c) == ["ask", "main"]] == [77]
// EXPECT: [c["allocated_bytes"] for c in library("libc.so") if callers(c) == ["copy", "main"]] == [5]
// EXPECT: [(c["allocated_bytes"], c["frees"]) for c in by("compare")] == [(3 * 9, 3)]
// EXPECT: [chain(c) for c in by("compare")] == [["compare", "sort", "main"]]
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *peer_allocate(size_t size);
char *peer_copy(const char *string);
void peer_free(void *memory);

#ifdef PEER
void *peer_allocate(size_t size) {
    return malloc(size);
}
char *peer_copy(const char *string) {
    return strdup(string);
}
void peer_free(void *memory) {
    free(memory);
}
#else
static void *volatile sink;

static __attribute__((noinline)) void read_line(const char *path) {
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");

    if (!file || getline(&line, &size, file) < 0)
        abort();
    fclose(file);
    sink = line; /* stays */
}

static __attribute__((noinline)) void format(void) {
    char *text;

    if (asprintf(&text, "%d", 42) < 0)
        abort();
    sink = text;
    peer_free(text);
}

static __attribute__((noinline)) void ask(void) {
    sink = peer_allocate(77); /* stays */
}

static __attribute__((noinline)) void copy(void) {
    sink = peer_copy("four"); /* stays */
}

static int compare(const void *a, const void *b) {
    void *memory = malloc(9);

    sink = memory;
    free(memory);
    return *(const int *)a - *(const int *)b;
}

static __attribute__((noinline)) void sort(void) {
    int numbers[] = {3, 2, 1};

    qsort(numbers, 3, sizeof *numbers, compare);
    sink = NULL;
}

int main(int argc, char **argv) {
    read_line(argc > 1 ? argv[1] : "/proc/self/status");
    format();
    ask();
    copy();
    sort();
    sink = strdup("own"); /* one event, though libc's calls malloc */
    peer_free(sink);
    return 0;
}
#endif
