/* The records of definition blocks; used by defs only. */
#ifndef MT_TRACE_PARSE_H
#define MT_TRACE_PARSE_H

#include "trace/bytes.h"
#include "trace/defs.h"

/* Each reads `count` records; on a malformed one the error tells the rule, and what came before it
 * stays defined. */
bool parse_sites(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_contexts(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_threads(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_marks(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_definitions(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_process(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_clock(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_loss(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);
bool parse_end(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);

#endif
