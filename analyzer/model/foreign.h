/* Names for calls by code that is not instrumented, of which a trace has module and address only.
 * They come from the modules as they are when the report is made. */
#ifndef MT_MODEL_FOREIGN_H
#define MT_MODEL_FOREIGN_H

#include "trace/trace.h"

/* Names the functions of FOREIGN sites, or else gives them module and address for a name: in traces
 * that were opened, before anything else looks at them. Each module is read once.
 *
 * Instrumented code that calls an allocator through a pointer looks foreign to the allocator, too.
 * Where the function is the caller's, the frame is left out, and the call is the caller's. */
bool foreign_resolve(struct trace *traces, size_t count, struct error *error);

#endif
