/* Numbers among printf's arguments; each use has its own buffer. Those whose names end with _OF are
 * of estimates, which are rounded. */
#ifndef MT_OUTPUT_CELLS_H
#define MT_OUTPUT_CELLS_H

#include "model/weight.h"
#include "util/format.h"

#define COUNT(n) format_count(&(struct format_buffer){{0}}, n)
#define BYTES(n) format_bytes(&(struct format_buffer){{0}}, n)
#define SHARE(part, whole) format_share(&(struct format_buffer){{0}}, part, whole)
#define DURATION(ns) format_duration(&(struct format_buffer){{0}}, ns)

#define COUNT_OF(x) COUNT(weights_rounded(x))
#define BYTES_OF(x) BYTES(weights_rounded(x))
#define SHARE_OF(part, whole) SHARE(weights_rounded(part), weights_rounded(whole))

#endif
