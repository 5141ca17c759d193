/* Blocks that custom allocators hand out (memtrack/allocators.h): the hooks that the pass puts
 * around their calls. */
#ifndef MT_POOLS_H
#define MT_POOLS_H

struct mt_local;

/* Keeps in mind what the thread has allocated last, for a hook that began before its buffer is
 * handed over. In the event path. */
void mt_pools_buffer_ends(struct mt_local *local);

#endif
