#include "output/diff.h"
#include "output/json_parts.h"
#include "output/json_report.h"

#include <math.h>

static const char *const units[] = {
    [DIFF_PER_SECOND] = "second",
    [DIFF_PER_EVENT] = "event",
    [DIFF_PER_ALLOCATION] = "allocation",
};

static const char *const groups[] = {
    [REPORT_BY_CONTEXT] = "context", [REPORT_BY_SITE] = "site", [REPORT_BY_FUNCTION] = "function",
    [REPORT_BY_FILE] = "file",       [REPORT_BY_TYPE] = "type",
};

static json_t *rounded(double value) {
    return json_integer((json_int_t)llround(fmax(fmin(value, 9e18), -9e18)));
}

static json_t *counters_object(const struct counters *counters) {
    json_t *object;

    if (!counters)
        return json_null();
    object = json_object();
    json_set_all_counters(object, counters);
    return object;
}

static json_t *side_object(const struct diff_side *side) {
    json_t *object = counters_object(&side->totals);

    JSON_SET(object, "events", json_number_of(side->events));
    JSON_SET(object, "duration_ns",
             side->duration_ns > 0 ? json_rounded(side->duration_ns) : json_null());
    JSON_SET(object, "complete", json_boolean(side->complete));
    return object;
}

static json_t *delta_object(const struct diff *diff, const struct counters *base,
                            const struct counters *new) {
    static const struct {
        const char *key;
        enum report_order order;
    } figures[] = {
        {"allocations", REPORT_ORDER_COUNT},         {"peak_bytes", REPORT_ORDER_PEAK},
        {"allocated_bytes", REPORT_ORDER_ALLOCATED}, {"leaked_bytes", REPORT_ORDER_LEAKED},
        {"temporary", REPORT_ORDER_TEMPORARY},
    };
    bool sampled = (base && base->sampled) || (new &&new->sampled);
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        bool known = !sampled || figures[i].order != REPORT_ORDER_TEMPORARY;

        JSON_SET(object, figures[i].key,
                 known ? rounded(diff_change(diff, base, new, figures[i].order)) : json_null());
    }
    return object;
}

static void write_summary(FILE *out, const struct diff_view *view) {
    const struct diff_side *base = view->sides[0], *new = view->sides[1];
    json_t *object = json_object();

    JSON_SET(object, "base", side_object(base));
    JSON_SET(object, "new", side_object(new));
    JSON_SET(object, "delta", delta_object(view->diff, &base->totals, &new->totals));
    json_write(out, object);
}

static json_t *normalize_object(const struct diff_view *view) {
    json_t *object;

    if (view->unit == DIFF_AS_IT_IS)
        return json_null();
    object = json_object();
    JSON_SET(object, "unit", json_string(units[view->unit]));
    JSON_SET(object, "factor", json_real(view->diff->factor));
    return object;
}

/* What says which place it is, of a row's object. */
static void take_place(json_t *object, const struct diff_item *item,
                       const struct report_options *options) {
    static const char *const keys[] = {"hash", "name", "frames", "frames_omitted", "folded"};
    json_t *row = json_row(&item->row, options->by, !options->no_fold);

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        json_t *value = json_object_get(row, keys[i]);

        if (value)
            json_object_set(object, keys[i], value);
    }
    json_decref(row);
}

static json_t *pair_object(const struct diff_view *view, const struct diff_pair *pair) {
    const struct counters *base = pair->base ? &pair->base->counters : NULL;
    const struct counters *new = pair->new ? &pair->new->counters : NULL;
    const char *status = !base ? "new" : !new ? "gone" : diff_same(pair) ? "same" : "changed";
    json_t *object = json_object();

    JSON_SET(object, "status", json_string(status));
    JSON_SET(object, "moved", json_boolean(pair->moved));
    take_place(object, pair->new ? pair->new : pair->base, view->options);
    JSON_SET(object, "base", counters_object(base));
    JSON_SET(object, "new", counters_object(new));
    JSON_SET(object, "delta", delta_object(view->diff, base, new));
    return object;
}

static bool too_small(const struct diff_view *view, const struct diff_pair *pair) {
    enum report_order order = view->options->order;

    if (order == REPORT_ORDER_COUNT || order == REPORT_ORDER_TEMPORARY)
        order = REPORT_ORDER_ALLOCATED;
    return fabs(diff_pair_change(view->diff, pair, order)) < (double)view->options->min_bytes;
}

void diff_write_json(FILE *out, const struct diff_view *view) {
    enum report_by by = view->options->by;
    bool first = true;

    diff_sort(view->diff, view->options->order);
    fputs("{", out);
    json_write_schema(out);
    fputs("\"diff\": {\"summary\": ", out);
    write_summary(out, view);
    fputs(",\n\"normalize\": ", out);
    json_write(out, normalize_object(view));
    fprintf(out, ",\n\"by\": \"%s\",\n\"%s\": [", groups[by],
            by == REPORT_BY_CONTEXT ? "contexts" : "groups");
    for (size_t i = 0; i < view->diff->pairs.count; i++) {
        const struct diff_pair *pair = &view->diff->pairs.items[i];

        if (too_small(view, pair))
            continue;
        fputs(first ? "\n  " : ",\n  ", out);
        json_write(out, pair_object(view, pair));
        first = false;
    }
    fputs("]}}\n", out);
}
