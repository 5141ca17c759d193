/* The blocks of the trace that are neither events nor definitions. Under the writer's lock, as
 * block.h. */
#ifndef MT_DESCRIBE_H
#define MT_DESCRIBE_H

#include "block.h"
#include "options.h"

#include <stdbool.h>
#include <stdint.h>

/* Room in `out` that each function below needs at the most. */
#define MT_DESCRIBE_MAX (512u << 10)

bool mt_describe_start(void);

/* Of a forked child: the path of the trace of the nearest ancestor that has one, "" none, and when
 * the fork was. */
struct mt_describe_parent {
    char trace[3 * MT_OPTION_STRING_SIZE];
    uint64_t fork_ticks; /* 0: not forked */
};
void mt_describe_put_process(struct mt_bytes *out, const struct mt_describe_parent *parent);
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
