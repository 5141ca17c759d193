/* A moment of the recording that the user asks about. Times are since the beginning of each trace.
 */
#ifndef MT_MODEL_MOMENT_H
#define MT_MODEL_MOMENT_H

#include "trace/trace.h"

enum moment_kind {
    MOMENT_PEAK, /* when most memory was held: known once all events are */
    MOMENT_TIME,
    MOMENT_SHARE, /* of the recording's duration */
    MOMENT_END,
};

struct moment {
    enum moment_kind kind;
    double value;     /* ns, or 0 to 1 */
    const char *text; /* as it was asked for; may be NULL */
};

/* What happened up to then, that time included, is before the moment, which is none after
 * the recording's end. UINT64_MAX: the peak. */
uint64_t moment_ticks(const struct moment *moment, const struct trace *trace);

#endif
