/* The writer: takes full buffers, encodes them and appends them to the trace. Normally a thread of
 * its own, started when a few buffers are full, so that a process with few allocations stays
 * single-threaded. Where no thread can be had, the program's threads do its work. */
#ifndef MT_WRITER_H
#define MT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

/* Opens the trace and writes its head. False: there will be no trace, said on stderr. */
bool mt_writer_start(void);

/* Tells the writer of buffers handed over: wakes or starts its thread, or does its work, if there
 * are a few of them. */
void mt_writer_notify(void);

/* Does what there is to do, unless another thread is at it; false if nothing was done. */
bool mt_writer_help(void);

/* Whether the calling thread holds the writer's lock, as one that forks does. */
bool mt_writer_is_locked_here(void);

/* Puts all that has been recorded until now into the file. False if that could not be done, or not
 * in this time. Any thread, with no lock of the writer's or below it held. */
bool mt_writer_snapshot(unsigned milliseconds);

/* Writes what all threads have recorded, and ends the trace; `here`: in this thread. */
void mt_writer_finish(void);
void mt_writer_finish_here(void);

/* For the writer's thread. mt_writer_work() encodes what is there, else appends what is encoded,
 * and is false if there was nothing to encode. */
void mt_writer_detach(void);
bool mt_writer_work(void);
bool mt_writer_has_work(void);

/* How long it may sleep: milliseconds, 0 for ever. */
unsigned mt_writer_pause(void);

/* Around fork(): the parent's trace must be whole when its memory is
 * copied. The child starts without a trace. */
void mt_writer_before_fork(void);
void mt_writer_after_fork(bool child);

#endif
