/* EVENTS in predicted columns: what a thread does next is mostly what it did before, so an event is
 * written as the guess that was right. docs/trace-format.md specifies the model, which the reader
 * keeps in step. Any thread may begin a block; a predictor is then that thread's until the block's
 * end, and no two are of one thread of the program.
 */
#ifndef MT_PREDICT_H
#define MT_PREDICT_H

#include "block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After so many blocks, or events, one of a thread needs nothing that stands before it. */
#define MT_PREDICT_GROUP 128
#define MT_PREDICT_GROUP_EVENTS (1u << 19)

/* Bytes that one event takes in a column at the most. */
#define MT_PREDICT_ADDRESS_MAX (MT_VARINT_MAX + 1)

struct mt_predictor;

/* The predictor for a thread's block that begins with event `first_event`; sequence 0: it knows
 * nothing, as this is the first block of a group. NULL if there is no memory. */
struct mt_predictor *mt_predict_begin(uint32_t thread, uint64_t first_event, uint32_t *sequence);

/* What it can hold, as the head of a block says it. */
unsigned mt_predict_slots(const struct mt_predictor *predictor);
unsigned mt_predict_tables(const struct mt_predictor *predictor);

/* Appends the records from `words` to `end` to the columns; *ticks is the time of what stands
 * before them, and *unit that in units of 2^shift of the event before them in the block. Both
 * become those of the last one. Returns their number. */
uint32_t mt_predict_events(struct mt_predictor *predictor, const uint64_t *words,
                           const uint64_t *end, unsigned shift, uint64_t *ticks, uint64_t *unit,
                           struct mt_bytes columns[MT_PREDICTED_COUNT]);

/* The thread has ended; all of them have, or are another process's. */
void mt_predict_forget(uint32_t thread);
void mt_predict_forget_all(void);

#endif
