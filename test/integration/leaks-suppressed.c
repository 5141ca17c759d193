// Leaks of a program, and what suppression files of either format leave of them: what a suppressed
// leak holds goes with it; kinds tell apart what the scan does.
// RUN: %cc -g -O1 %s -o %t && %run %t.mtrace %t
// RUN: %memtrack leaks %t.mtrace | FileCheck %s
// RUN: %memtrack leaks --kind indirect --reachable %t.mtrace | FileCheck %s --check-prefix=KINDS
// RUN: echo 'leak:^leak_list$' >%t.sanitizer
// RUN: %memtrack leaks --suppressions %t.sanitizer %t.mtrace | FileCheck %s --check-prefix=SUPPRESSED
// RUN: printf '{\nlists\nMemcheck:Leak\nmatch-leak-kinds: definite\nfun:malloc\nfun:make\n...\nfun:main\n}\n' >%t.valgrind
// RUN: %memtrack leaks --reachable --suppressions %t.valgrind %t.mtrace | FileCheck %s --check-prefix=SUPPRESSED
// RUN: printf '{\nlists\nMemcheck:Leak\nmatch-leak-kinds: reachable\nfun:malloc\nfun:make\n...\nfun:main\n}\n' >%t.valgrind
// RUN: %memtrack leaks --suppressions %t.valgrind %t.mtrace | FileCheck %s --check-prefix=REACHABLE
// RUN: %status 1 %memtrack check --max-unreachable 351 %t.mtrace
// RUN: %status 0 %memtrack check --max-unreachable 352 --max-leaked 584 %t.mtrace
// RUN: %status 0 %memtrack check --max-unreachable 0 --suppressions %t.sanitizer --max-leaked 232 %t.mtrace

// CHECK: live at end 584 B (584 bytes) in 10 blocks
// CHECK: unreachable 352 B (352 bytes) in 6 blocks
// CHECK: reachable 232 B (232 bytes) in 4 blocks
// CHECK: Unreachable (leaked): 20 B in 1 block, and 332 B in 5 that only they hold
// CHECK: 1. 20 B 100.0 % 1 332 B 5
// CHECK-NEXT: {{^ *}}make
// CHECK-NEXT: {{^ *}}leak_list
// CHECK-NEXT: {{^ *}}main
// CHECK: Still reachable: 232 B in 4 blocks (--reachable lists them)
// KINDS-NOT: Unreachable (leaked)
// KINDS: Unreachable, held by what is unreachable: 332 B in 5 blocks
// KINDS: Still reachable: 232 B in 4 blocks{{$}}
// KINDS: 1. 200 B
// SUPPRESSED: live at end 232 B
// SUPPRESSED: unreachable 0 B (0 bytes) in 0 blocks
// SUPPRESSED: suppressed 352 B (352 bytes) in 6 blocks of
// SUPPRESSED-NOT: leak_list
// REACHABLE: unreachable 352 B
// REACHABLE: reachable 0 B
// REACHABLE: suppressed 232 B (232 bytes) in 4 blocks
// REACHABLE: Unreachable (leaked): 20 B
#include <stdlib.h>

struct node {
    struct node *next;
    char *data;
};

static struct node *kept;

__attribute__((noinline)) static struct node *make(int count, size_t first) {
    struct node *list = NULL;

    for (; count; count--) {
        struct node *node = malloc(count == 1 ? first : sizeof(*node));

        node->data = malloc(100);
        node->next = list;
        list = node;
    }
    return list;
}
__attribute__((noinline)) static void leak_list(void) {
    struct node *volatile list = make(3, 20);

    list = NULL;
    (void)list;
}
/* What calls left on the stack. */
__attribute__((noinline)) static void wipe(void) {
    volatile char bytes[8192];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = 0;
}

int main(void) {
    kept = make(2, sizeof(struct node));
    leak_list();
    wipe();
    return 0;
}
