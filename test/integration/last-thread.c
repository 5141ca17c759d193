// The process ends with its last thread, also when main has left by pthread_exit(), and its buffered
// output is not lost.
// RUN: %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: %run %t.mtrace timeout -k 1 20 %t > %t.out && grep -x done %t.out
// RUN: %check %t.mtrace 's.complete' 'own.allocations == 30000' 'own.leaked_blocks == 0'
// RUN: %run %t.mtrace timeout -k 1 20 %t main > %t.out && grep -x done %t.out
// RUN: %check %t.mtrace 's.complete' 'own.allocations == 60000' 'own.leaked_blocks == 0'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void allocate(void) {
    for (int i = 0; i < 30000; i++)
        free(malloc(10));
}

static void *work(void *argument) {
    usleep(100000);
    allocate();
    printf("done\n");
    return argument;
}

int main(int argc, char **argv) {
    pthread_t thread;

    if (argc > 1 && argv[1])
        allocate();
    pthread_create(&thread, NULL, work, NULL);
    pthread_detach(thread);
    pthread_exit(NULL);
}
