/* The live file, TRACE.live: where buffers and definitions lie until the trace holds them. It is
 * mapped shared, so that what a thread has stored is in the file whatever becomes of the process.
 * docs/trace-format.md specifies it; the analyzer reads it after a process that was killed.
 *
 * Its blocks are reserved before they are mapped: a store to a hole on a full disk is a SIGBUS.
 * Where there is no such file to be had, segments are private memory, and everything else works.
 */
#ifndef MT_LIVE_H
#define MT_LIVE_H

#include "memtrack/trace_format.h"

#include <stdbool.h>
#include <stdint.h>

struct mt_buffer;

/* Creates the file beside the trace at `trace_path`, which has to be a regular file. What goes
 * wrong is said on stderr and costs no more than the safety. Under the writer's lock. */
void mt_live_open(const char *trace_path, uint64_t trace_id);

/* A segment nobody uses, its words not necessarily zero; NULL if the kernel has no memory. Any
 * thread; no lock but the first time a segment is used. */
struct mt_buffer *mt_live_take(void);

/* Gives a segment back. Any thread. */
void mt_live_give(struct mt_buffer *segment);

/* Whether there is a file. */
bool mt_live_is_file(void);

/* Notes events that are lost, for a reader that finds no end of the trace. Any thread. */
void mt_live_note_loss(enum mt_loss_reason reason, uint64_t events);

/* Notes what the clocks say now. Any thread. */
void mt_live_note_clock(void);

/* Calls `visit` for the memory that is mapped to the file. */
void mt_live_each(void (*visit)(uintptr_t start, uintptr_t end, void *data), void *data);

/* Removes the file: the trace is complete. Segments remain usable. With `keep` it stays: it holds
 * what the trace could not be given. */
void mt_live_close(bool keep);

/* Around fork(). In the child, all segments are gone; with `keep`, a signal handler has interrupted
 * a thread that has one in hand, and what it stores there is for nobody. */
void mt_live_before_fork(void);
void mt_live_after_fork(bool child, bool keep);

#endif
