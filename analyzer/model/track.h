/* One course in time, ready to be drawn: of a timeline's series, or of the points that a profile
 * keeps. */
#ifndef MT_MODEL_TRACK_H
#define MT_MODEL_TRACK_H

#include "model/timeline.h"

struct track {
    const struct trace *trace;
    size_t count;
    double
        *times; /* ns since the start, of where each begins, and behind them where the last ends */
    struct timeline_figures *figures;
    double peak; /* bytes */
    double peak_ns;
    bool profile; /* knows live bytes, live blocks and allocations only, at its points */
};

/* Of a series of the timeline, its total if that is NULL; of a profile's trace the timeline does
 * not matter. To be freed in any case. False when memory is short. */
bool track_make(struct track *track, const struct trace *trace, const struct timeline *timeline,
                const struct timeline_series *series);
void track_free(struct track *track);

enum track_value {
    TRACK_HIGH,        /* bytes, the most in the column */
    TRACK_ALLOCATIONS, /* a second */
    TRACK_BYTES,       /* allocated a second */
};

/* Values of columns of equal time from one time to another, ns since the start; 0 outside of the
 * recording. False when memory is short. */
bool track_sample(const struct track *track, double from, double to, enum track_value what,
                  double *columns, size_t count);

/* When the recording ended, ns since its start. */
double track_end_ns(const struct track *track);

#endif
