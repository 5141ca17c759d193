// A daemon that forks twice, closes all it has inherited, and changes directory, root and user, loses
// nothing; its parents have traces of their own.
// REQUIRES: root
// RUN: rm -rf %t.d && mkdir -p %t.d/empty && chmod 777 %t.d && %cc -g -O1 -fno-builtin -pthread %s -o %t
// RUN: env MEMTRACK_OPTIONS=output=%t.d/%%p.mtrace:buffer_mb=2 %t %t.d
// RUN: sh -c 'pid=$(cat %t.d/pid); while kill -0 $pid 2>&1; do sleep 0.1; done' > %t.waited
// RUN: sh -c 'cp %t.d/$(cat %t.d/pid).mtrace %t.mtrace'
// RUN: %check %t.mtrace 's.complete' 'own.allocations == 3 * 200000 + 1' 'own.leaked_blocks == 1'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept;

static void *work(void *argument) {
    for (int i = 0; i < 100000; i++)
        free(malloc(10));
    return argument;
}

static void in_two_threads(void) {
    pthread_t thread;

    pthread_create(&thread, NULL, work, NULL);
    work(NULL);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
    char name[4096];
    FILE *file;
    pid_t child;

    if (argc != 2)
        return 1;
    snprintf(name, sizeof name, "%s/pid", argv[1]);
    file = fopen(name, "w");
    work(NULL);
    if ((child = fork()) > 0)
        return waitpid(child, NULL, 0) != child;
    setsid();
    if ((child = fork()) > 0) {
        fprintf(file, "%d\n", (int)child);
        return 0;
    }
    in_two_threads();
    kept = malloc(10);
    for (int fd = 0; fd < 65536; fd++)
        close(fd);
    umask(0);
    in_two_threads();
    snprintf(name, sizeof name, "%s/empty", argv[1]);
    if (chdir(name) != 0 || setgid(65534) != 0)
        return 2;
    if (chroot(".") != 0 || setuid(65534) != 0)
        return 3;
    in_two_threads();
    return 0;
}
