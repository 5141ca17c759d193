/* Whether a series rises without end. The values are the lowest of equal intervals, so that what
 * comes and goes within an interval is not seen: what rises is the floor.
 *
 * Looked at is what follows the first third, which may be set-up. It counts as growth where
 *
 * - it rises throughout: Kendall's tau, the share of pairs of moments at which the later value is
 *   larger, less that at which it is smaller, is high; an old saw-tooth or a few steps do not have
 *   that;
 * - it does not level off: the slope of its last third (by Theil and Sen: the median of the slopes
 *   of all pairs) is not much less than that of the whole;
 * - it is no small change of something large.
 *
 * Pure functions of numbers.
 */
#ifndef MT_MODEL_ADVICE_TREND_H
#define MT_MODEL_ADVICE_TREND_H

#include <stdbool.h>
#include <stddef.h>

enum { MT_TREND_MAX = 64 }; /* values */

struct trend {
    bool grows;
    size_t first; /* index of the first value that was looked at */
    double rise;  /* from that to the last */
    double slope; /* Theil and Sen's, per interval */
    double tau;   /* Kendall's, from -1 to 1 */
    double fit;   /* of a straight line: the share of the variance that it explains, 0 to 1 */
};

/* Of at most MT_TREND_MAX values; of too few nothing grows. */
struct trend trend_of(const double *values, size_t count);

#endif
