#include "output/columns.h"

#include <stdio.h>

static const struct column {
    const char *title;
    bool is_bytes;
} columns[] = {
    [REPORT_ORDER_PEAK] = {"at peak", true},         [REPORT_ORDER_LEAKED] = {"leaked", true},
    [REPORT_ORDER_ALLOCATED] = {"allocated", true},  [REPORT_ORDER_COUNT] = {"allocations", false},
    [REPORT_ORDER_TEMPORARY] = {"temporary", false}, [REPORT_ORDER_LIFETIME] = {"lifetime", false},
};

const char *column_title(enum report_order order) {
    return columns[order].title;
}

const char *column_moment(struct format_buffer *buffer, const struct report *report) {
    switch (report->at.kind) {
    case MOMENT_PEAK:
        return "the peak";
    case MOMENT_END:
        return "the end";
    case MOMENT_SHARE:
        snprintf(buffer->text, sizeof(buffer->text), "%.4g %%", report->at.value * 100);
        return buffer->text;
    case MOMENT_TIME:
        break;
    }
    return format_duration(buffer, report->at.value);
}

const char *column_title_of(struct format_buffer *buffer, const struct report *report,
                            enum report_order order) {
    if (order != REPORT_ORDER_PEAK || report->at.kind == MOMENT_PEAK)
        return column_title(order);
    snprintf(buffer->text, sizeof(buffer->text), "at %.30s",
             column_moment(&(struct format_buffer){{0}}, report));
    return buffer->text;
}

const char *column_cell(struct format_buffer *buffer, const struct counters *counters,
                        enum report_order order) {
    uint64_t value = report_value(counters, order);

    if (order == REPORT_ORDER_TEMPORARY && counters->sampled)
        return "-";
    if (order == REPORT_ORDER_LIFETIME)
        return value ? format_duration(buffer, (double)value) : "-";
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
    case REPORT_ORDER_LIFETIME:
        return "-";
    }
    return columns[order].is_bytes ? format_bytes(buffer, (uint64_t)(error + 0.5))
                                   : format_count(buffer, (uint64_t)(error + 0.5));
}

const char *column_share(struct format_buffer *buffer, const struct counters *part,
                         const struct counters *whole, enum report_order order) {
    return format_share(buffer, report_value(part, order), report_value(whole, order));
}
