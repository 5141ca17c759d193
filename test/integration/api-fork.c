// A forked child has the tags of the thread that forked, and numbers of sets that it was given; a
// snapshot works in it. Its trace defines the tags anew.
// RUN: %cc -g -O1 -fno-builtin %s -o %t
// RUN: rm -f %t.*mtrace && %run %t.mtrace %t && %check %t.mtrace 's.complete' \
// RUN:   'tags("in_parent") == [["forked", "server"]] * 2'
// RUN: %check %t.*[0-9].mtrace 's.complete' 'tags("in_child") == [["forked", "server"]]' \
// RUN:   'tags("later") == [["request", "server"]]' 'tags("outside") == [[]]'
// RUN: %memtrack info %t.*[0-9].mtrace | grep 'snapshot  of the child'
#include <memtrack/memtrack.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOCATE(name)                                                                             \
    __attribute__((noinline)) static void name(void) {                                             \
        void *volatile memory = malloc(10);                                                        \
        free(memory);                                                                              \
    }
ALLOCATE(in_parent)
ALLOCATE(in_child)
ALLOCATE(later)
ALLOCATE(outside)

int main(void) {
    memtrack_tags request;
    int status = 1;

    memtrack_push_tag("server");
    memtrack_push_tag("request");
    request = memtrack_get_tags();
    memtrack_pop_tag();
    memtrack_push_tag("forked");
    in_parent();
    if (fork() == 0) {
        in_child();
        memtrack_set_tags(request);
        later();
        memtrack_pop_tag();
        memtrack_pop_tag();
        outside();
        exit(-memtrack_snapshot("of the child"));
    }
    wait(&status);
    in_parent();
    return status;
}
