// Source lines of a program that the plugin instrumented: what each line costs is what it does, inlined or
// not, and in a recursion nothing counts twice.
// RUN: %cc -g -O2 -fno-optimize-sibling-calls %s -o %t && %run %t.mtrace %t
// RUN: %memtrack annotate --sort allocated %t.mtrace %s | FileCheck %s
// RUN: %memtrack annotate --sort leaked --function grow %t.mtrace | FileCheck %s --check-prefix=GROW
// RUN: %memtrack annotate --format json %t.mtrace annotate.c > %t.json
// RUN: %python -c "import json, sys; a = json.load(open(sys.argv[1]))['annotate']; t = open(sys.argv[2]).read().split('\n'); assert all(l['text'] == t[l['line'] - 1] for l in a['lines']); print(a['newer'], a['self']['allocated_bytes'])" %t.json %s | FileCheck %s --check-prefix=JSON
//
// CHECK: self total allocations line
// CHECK: 640 B 640 B 10 {{[0-9]+}} node->next = malloc(64);
// CHECK: 576 B 9 {{[0-9]+}} return grow(node->next, depth - 1);
// CHECK: 3.00 KiB 3.00 KiB 3 {{[0-9]+}} keep(malloc(1024));
// CHECK: 640 B 10 {{[0-9]+}} int failed = grow(&first, 10);
// CHECK: 3.00 KiB 3 {{[0-9]+}} inlined();
// GROW: leaked: 640 B on its own lines
// GROW: 640 B 640 B 10 {{[0-9]+}} node->next = malloc(64);
// JSON: False 3712
#include <stdlib.h>

struct node {
    struct node *next;
};

__attribute__((noinline)) static int grow(struct node *node, int depth) {
    if (!depth)
        return 0;
    node->next = malloc(64);
    if (!node->next)
        return 1;
    return grow(node->next, depth - 1);
}

static void *volatile kept;

static void keep(void *block) {
    kept = block;
}

static inline __attribute__((always_inline)) void inlined(void) {
    keep(malloc(1024));
}

int main(void) {
    static struct node first;
    int failed = grow(&first, 10);

    for (volatile int i = 0; i < 3; i++)
        inlined();
    return failed;
}
