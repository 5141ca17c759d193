#include "output/columns.h"

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
    const struct variances *v = &counters->variances, *l = &counters->largest;
    double error = 0;

    switch (order) {
    case REPORT_ORDER_PEAK:
        error = counters_error(v->peak_bytes, l->peak_bytes);
        break;
    case REPORT_ORDER_LEAKED:
        error = counters_error(v->leaked_bytes, l->leaked_bytes);
        break;
    case REPORT_ORDER_ALLOCATED:
        error = counters_error(v->allocated_bytes, l->allocated_bytes);
        break;
    case REPORT_ORDER_COUNT:
        error = counters_error(v->allocations, l->allocations);
        break;
    case REPORT_ORDER_TEMPORARY:
        break;
    }
    return columns[order].is_bytes ? format_bytes(buffer, (uint64_t)(error + 0.5))
                                   : format_count(buffer, (uint64_t)(error + 0.5));
}

const char *column_share(struct format_buffer *buffer, const struct counters *part,
                         const struct counters *whole, enum report_order order) {
    return format_share(buffer, report_value(part, order), report_value(whole, order));
}
