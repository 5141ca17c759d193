/* The blocks of the trace that are not events: what sites, contexts, threads and the process are.
 * Under the writer's lock, as block.h. */
#ifndef MT_DESCRIBE_H
#define MT_DESCRIBE_H

#include "block.h"
#include "thread.h"

#include <stdbool.h>
#include <stdint.h>

/* Room in `out` that each function below needs at the most. */
#define MT_DESCRIBE_MAX (10u << 20)

bool mt_describe_start(void);

/* Collect the definition of a site, or of a context whose site has been collected, now or before,
 * for mt_describe_put_contexts(). False if there is no more room: put what is there and call again.
 */
bool mt_describe_add_site(struct mt_context_id id, const struct memtrack_site *site);
bool mt_describe_add_context(struct mt_context_id id, struct mt_context_id parent,
                             struct mt_context_id site);

/* The SITES and CONTEXTS blocks of what was collected; nothing if that is nothing. */
void mt_describe_put_contexts(struct mt_bytes *out);

void mt_describe_put_thread(struct mt_bytes *out, const struct mt_thread *thread);
void mt_describe_put_process(struct mt_bytes *out);
void mt_describe_put_clock(struct mt_bytes *out);
void mt_describe_put_loss(struct mt_bytes *out, uint32_t thread, uint64_t events,
                          enum mt_loss_reason reason);

struct mt_describe_end {
    enum mt_end_reason reason;
    uint64_t events;
    uint64_t lost;
    uint64_t writer_ns; /* CPU */
};
void mt_describe_put_end(struct mt_bytes *out, const struct mt_describe_end *end);

#endif
