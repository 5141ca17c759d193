/* Threads that help the writer's to encode, where one cannot keep up and there are CPUs for more.
 * The writer's thread uses and ends them, and they touch nothing but what it gives them to do. They
 * are started by the program's threads, as it is itself: pthread_create may wait for a lock of the
 * C library's whose holder waits for the writer. */
#ifndef MT_ASSIST_H
#define MT_ASSIST_H

/* That many, at most. */
#define MT_ASSIST_MAX 3u

/* By the writer's thread, at its start and at its end; it has no assistants yet, and none when the
 * latter returns. */
void mt_assist_begin(void);
void mt_assist_end(void);

/* The writer could do with one more, if there may be more. With no lock held. */
void mt_assist_grow(void);

/* How many assistants the calling thread has: none if it is not the writer's. */
unsigned mt_assist_hands(void);

/* Calls `job` for each number below `count`, here and in assistants, in any order; returns when all
 * is done. */
void mt_assist_run(void (*job)(unsigned number), unsigned count);

/* In the child of a fork there are none. */
void mt_assist_after_fork_in_child(void);

#endif
