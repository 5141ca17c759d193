/* Finding the sound blocks of a mapped trace; used by the reader only. */
#ifndef MT_TRACE_SCAN_H
#define MT_TRACE_SCAN_H

#include "trace/reader.h"

/* Fills the reader's blocks, streams and damage from its mapped bytes. Fails only for lack of
 * memory. */
bool scan_blocks(struct reader *reader, struct error *error);

#endif
