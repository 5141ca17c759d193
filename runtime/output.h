/* What is on its way into the trace: blocks that are encoded and not appended yet, the buffers that
 * they are of, and what has been written and lost so far. All of it under the writer's lock. */
#ifndef MT_OUTPUT_H
#define MT_OUTPUT_H

#include "block.h"
#include "memtrack/trace_format.h"
#include "record.h"

#include <stdbool.h>
#include <stdint.h>

struct mt_output {
    struct mt_bytes bytes; /* encoded */
    uint64_t written_events;
    uint64_t lost[MT_LOSS_SIGNAL + 1]; /* by reason */
    enum mt_loss_reason stopped;       /* why nothing more is written; 0: it is */
};
MT_EXTERN struct mt_output mt_output;

/* Before anything is added, once a trace. False: no memory. */
bool mt_output_start(void);

/* In the child of a fork there is nothing to write. */
void mt_output_after_fork_in_child(void);

void mt_output_lose(enum mt_loss_reason reason, uint64_t events);

/* What was met before now, and so before the events that are added next. */
void mt_output_put_definitions(void);

/* The records of buffers of one thread that follow each other, up to `end` in the last one; what is
 * stopped counts them as lost. */
void mt_output_put_events(struct mt_buffer *const *buffers, unsigned count, const uint64_t *end);

/* Blocks of so many events that another encoder has made. */
void mt_output_add(const struct mt_bytes *blocks, uint64_t events);

/* Buffers whose events have been added: they go back when these are in the file, since only then
 * may they be overwritten in memory. No more than MT_SHARE_MAX may be held. */
void mt_output_hold(struct mt_buffer *buffer);

/* Appends all, and gives back what is held; the second only if there is much of either. */
void mt_output_flush(void);
void mt_output_flush_if_much(void);

/* Appends what has been put after all that is already in the file, whatever has stopped: a profile,
 * whose counting goes on. False if that cannot be done. */
bool mt_output_append_apart(void);

/* Appends blocks that hold no events, which cannot be lost with them. False if that cannot be done.
 */
bool mt_output_append_more(const void *blocks, size_t size);

/* Appends what `put` puts, the trace's end, which on a full disk is worth more than the last
 * events. */
void mt_output_append_end(void (*put)(void));

#endif
