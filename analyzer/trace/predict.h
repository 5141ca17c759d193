/* The model behind EVENTS blocks in predicted columns, kept in step with the runtime's over the
 * blocks of one thread; docs/trace-format.md specifies it.
 */
#ifndef MT_TRACE_PREDICT_H
#define MT_TRACE_PREDICT_H

#include "memtrack/trace_format.h"
#include "trace/bytes.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct predictor;

/* Names of the columns, in order. */
extern const char *const predict_column_names[MT_PREDICTED_COUNT];

/* Reads the head of a payload up to the lengths of the columns, and makes the predictor ready: a
 * new one if there is none. False if the block does not follow the one decoded before it. */
bool predict_begin(struct predictor **predictor, struct cursor *head,
                   const struct mt_block_header *header, unsigned *shift, struct error *error);

/* Decodes events from columns of `count` tags and ticks: op, address, size and context, and as
 * ticks their units since the event before. Returns how many are sound; fewer than `count` set the
 * error. `done` are the events of the block before these. */
size_t predict_events(struct predictor *predictor, struct cursor columns[MT_PREDICTED_COUNT],
                      struct event *out, size_t count, uint32_t done, struct error *error);

/* The block was decoded to its end: the next one may follow. */
void predict_end(struct predictor *predictor);

/* No block may follow but the first one of a group, which may be another thread's. */
void predict_retire(struct predictor *predictor);

void predict_free(struct predictor *predictor);

#endif
