/* Who of several traced processes forked whom. */
#ifndef MT_MODEL_FAMILY_H
#define MT_MODEL_FAMILY_H

#include "trace/trace.h"

#define MT_NO_MEMBER UINT32_MAX

struct family_member {
    uint32_t parent;      /* MT_NO_MEMBER: none, or not among the traces */
    uint32_t first_child; /* children in the order of their forks */
    uint32_t next_sibling;
    uint64_t fork_ticks;
};

/* One for each trace, in their order; to be freed. NULL when memory is short. Every chain of
 * parents ends, whatever the traces say. */
struct family_member *family_find(const struct trace *traces, size_t count);

#endif
