/* Where tags stand in chains. The program sets them around calls, so in a trace they follow the
 * call that allocates; a reader wants them outermost, as the first thing that tells chains apart.
 * Used by the parser only. */
#ifndef MT_TRACE_TAGS_H
#define MT_TRACE_TAGS_H

#include "trace/defs.h"

/* Contexts that may be made to move tags. Those beyond stay where they are. */
enum { MT_TAG_CONTEXTS = 1 << 22 };

/* Sets *placed to the context of the same calls as `below`, under the tags of a site (indices).
 * False when memory is short. */
bool tags_place(struct defs *defs, uint32_t tags, uint32_t below, uint32_t *placed);

/* How a tag's text stands in its frame. */
#define MT_TAG_OPENING "[tag: "
#define MT_TAG_CLOSING "]"

/* Whether a frame of a TAG site is the tag of that text. */
bool tags_is(const struct frame *frame, const char *text);

#endif
