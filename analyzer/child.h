/* Running another program in the foreground. */
#ifndef MT_CHILD_H
#define MT_CHILD_H

struct child_result {
    int error; /* errno if it could not be started, else 0 */
    int pid;
    int status; /* its exit status, or 128 + the signal that ended it */
};

/* Runs the program with the environment as it is and waits for its end. Meanwhile this process
 * passes signals that ask for an end on to it and outlives those from the terminal, which reach
 * the program by themselves. */
struct child_result child_run(char **arguments);

#endif
