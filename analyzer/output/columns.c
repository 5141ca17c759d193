#include "output/columns.h"

#include <math.h>

static const struct column {
    const char *title;
    bool is_bytes;
} columns[MT_COLUMNS] = {
    [REPORT_ORDER_PEAK] = {"at peak", true},         [REPORT_ORDER_LEAKED] = {"leaked", true},
    [REPORT_ORDER_ALLOCATED] = {"allocated", true},  [REPORT_ORDER_COUNT] = {"allocations", false},
    [REPORT_ORDER_TEMPORARY] = {"temporary", false},
};

const char *column_title(enum report_order order) {
    return columns[order].title;
}

const char *column_cell(struct format_buffer *buffer, const struct counters *counters,
                        enum report_order order) {
    uint64_t value = report_value(counters, order);

    if (order == REPORT_ORDER_TEMPORARY && counters->sampled)
        return "-";
    return columns[order].is_bytes ? format_bytes(buffer, value) : format_count(buffer, value);
}

const char *column_error(struct format_buffer *buffer, const struct counters *counters,
                         enum report_order order) {
    const double variances[MT_COLUMNS] = {
        [REPORT_ORDER_PEAK] = counters->variances.peak_bytes,
        [REPORT_ORDER_LEAKED] = counters->variances.leaked_bytes,
        [REPORT_ORDER_ALLOCATED] = counters->variances.allocated_bytes,
        [REPORT_ORDER_COUNT] = counters->variances.allocations,
    };
    uint64_t error = (uint64_t)(sqrt(variances[order]) + 0.5);

    return columns[order].is_bytes ? format_bytes(buffer, error) : format_count(buffer, error);
}

const char *column_share(struct format_buffer *buffer, const struct counters *part,
                         const struct counters *whole, enum report_order order) {
    return format_share(buffer, report_value(part, order), report_value(whole, order));
}
