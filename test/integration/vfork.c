// The child of a vfork allocates as if it were its parent: it fills the first buffer, and does not
// start the writer's thread, which would end with it.
// RUN: %cc -g -O1 -fno-builtin -Wno-deprecated-declarations %s -o %t
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace timeout -s KILL 60 %t
// RUN: %check %t.mtrace 'own.allocations == 320000' 's.complete' 'own.leaked_bytes == 0'
//
// It should not call exit(), which runs its parent's handlers; the trace goes on all the same.
// RUN: env MEMTRACK_OPTIONS=buffer_mb=1 %run %t.mtrace timeout -s KILL 60 %t exit
// RUN: %check %t.mtrace 'own.allocations == 320000' 's.complete' 'own.leaked_bytes == 0'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void allocate(int times) {
    for (int i = 0; i < times; i++)
        free(malloc((size_t)i % 100 + 1));
}

int main(int count, char **arguments) {
    pid_t child = vfork();

    (void)arguments;
    if (child == 0) {
        allocate(20000);
        if (count > 1)
            exit(0);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    allocate(300000);
    return waitpid(child, NULL, 0) != child;
}
