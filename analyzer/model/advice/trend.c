#include "model/advice/trend.h"

#include <stdlib.h>

/* Fewer intervals than this are no trend. */
enum { MIN_VALUES = 16 };

/* One pair of ten may be wrong: tau is the share of right ones less that of wrong and equal ones.
 * What levels off after four fifths has less than 0.9. */
static const double min_tau = 0.8;

/* What a cache that fills up by random hits has left at its end is much less. */
static const double min_last_slope = 0.5;

/* Of the last value. */
static const double min_rise = 0.2;

/* Into how many parts the time is divided, and how many of them must rise. */
enum { PARTS = 12, RISING_PARTS = 9 };

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* The median of the slopes of all pairs. */
static double theil_sen(const double *values, size_t count) {
    double slopes[MT_TREND_MAX * (MT_TREND_MAX - 1) / 2];
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++)
            slopes[n++] = (values[k] - values[i]) / (double)(k - i);
    }
    if (n == 0)
        return 0;
    qsort(slopes, n, sizeof(*slopes), compare);
    return n % 2 ? slopes[n / 2] : (slopes[n / 2 - 1] + slopes[n / 2]) / 2;
}

static double kendall(const double *values, size_t count) {
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++)
            sum += (values[k] > values[i]) - (values[k] < values[i]);
    }
    return sum / ((double)count * (double)(count - 1) / 2);
}

/* The squared correlation with time. */
static double fit_of(const double *values, size_t count) {
    double n = (double)count, mean_x = (n - 1) / 2, mean_y = 0;
    double xx = 0, xy = 0, yy = 0;

    for (size_t i = 0; i < count; i++)
        mean_y += values[i] / n;
    for (size_t i = 0; i < count; i++) {
        double x = (double)i - mean_x, y = values[i] - mean_y;

        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    return yy > 0 ? xy * xy / (xx * yy) : 0;
}

/* A few steps, however large, are no growth. */
static bool rises_often(const double *values, size_t count) {
    size_t rising = 0;

    for (size_t i = 0; i < PARTS; i++)
        rising += values[(i + 1) * (count - 1) / PARTS] > values[i * (count - 1) / PARTS];
    return rising >= RISING_PARTS;
}

struct trend trend_of(const double *values, size_t count) {
    struct trend trend = {.first = count / 3};
    const double *part = values + trend.first;
    size_t length = count - trend.first;
    size_t last = length / 3;

    if (count < MIN_VALUES || count > MT_TREND_MAX)
        return trend;
    trend.rise = part[length - 1] - part[0];
    if (trend.rise <= 0 || trend.rise < min_rise * part[length - 1])
        return trend;
    trend.tau = kendall(part, length);
    if (trend.tau < min_tau || !rises_often(part, length))
        return trend;
    trend.fit = fit_of(part, length);
    trend.slope = theil_sen(part, length);
    trend.grows =
        trend.slope > 0 && theil_sen(part + length - last, last) >= min_last_slope * trend.slope;
    return trend;
}
