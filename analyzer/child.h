/* Running another program in the foreground. */
#ifndef MT_CHILD_H
#define MT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

struct child_result {
    int error; /* errno if it could not be started, else 0 */
    int pid;
    int status; /* its exit status, or 128 + the signal that ended it */
};

/* The file that a program's name stands for, as the shell would find it. False if there is none
 * or the path is longer than `size`. */
bool child_find(const char *name, char *path, size_t size);

/* Runs the program with the environment as it is and waits for its end. Meanwhile this process
 * passes signals that ask for an end on to it and outlives those from the terminal, which reach
 * the program by themselves. */
struct child_result child_run(char **arguments);

#endif
