/* Finding the sound blocks of a mapped trace; used by the reader only. */
#ifndef MT_TRACE_SCAN_H
#define MT_TRACE_SCAN_H

#include "trace/reader.h"

/* Fills the reader's blocks, streams and damage from its mapped bytes. Fails only for lack of
 * memory. */
bool scan_blocks(struct reader *reader, struct error *error);

/* The same for the blocks joined to them, which are sound. */
bool scan_joined(struct reader *reader, struct error *error);

/* When no more blocks follow: counts what is missing. */
void scan_finish(struct reader *reader);

#endif
