#include "output/advice.h"
#include "output/json_parts.h"
#include "output/json_report.h"

#include <math.h>
#include <stdlib.h>

#define SET_NUMBER(object, key, value) JSON_SET(object, key, json_number_of(value))

/* Few digits are true of what is measured and estimated. */
static json_t *short_real(double value) {
    double scale = value != 0 ? pow(10, 5 - ceil(log10(fabs(value)))) : 1;

    return json_real(round(value * scale) / scale);
}

static void set_growth(json_t *object, const struct finding *finding) {
    const struct growth_figures *growth = &finding->growth;

    SET_NUMBER(object, "growth_bytes", growth->rise);
    SET_NUMBER(object, "last_bytes", growth->last);
    JSON_SET(object, "bytes_per_second",
             growth->per_second > 0 ? short_real(growth->per_second) : json_null());
    JSON_SET(object, "bytes_per_allocation",
             growth->per_allocation > 0 ? short_real(growth->per_allocation) : json_null());
    JSON_SET(object, "tau", short_real(growth->tau));
    JSON_SET(object, "fit", short_real(growth->fit));
}

static void set_regrowth(json_t *object, const struct finding *finding) {
    const struct regrowths *regrowth = &finding->regrowth;

    JSON_SET(object, "by_realloc", json_boolean(regrowth->by_realloc));
    JSON_SET(object, "predictable", json_boolean(finding->predictable));
    SET_NUMBER(object, "steps", regrowth->steps);
    SET_NUMBER(object, "growths", regrowth->growths);
    SET_NUMBER(object, "moved", regrowth->moved);
    SET_NUMBER(object, "copied_bytes", regrowth->copied_bytes);
    SET_NUMBER(object, "remapped_bytes", regrowth->remapped_bytes);
    SET_NUMBER(object, "chains", regrowth->chains);
    SET_NUMBER(object, "chain_growths", regrowth->chain_growths);
    SET_NUMBER(object, "longest_chain", regrowth->longest);
    SET_NUMBER(object, "final_bytes", regrowth->final_bytes);
    SET_NUMBER(object, "final_min_bytes", regrowth->final_min);
    SET_NUMBER(object, "final_max_bytes", regrowth->final_max);
    SET_NUMBER(object, "rewritten_bytes", regrowth->volume);
}

static void set_shrinks(json_t *object, const struct finding *finding) {
    SET_NUMBER(object, "shrunk_blocks", finding->shrinks.blocks);
    SET_NUMBER(object, "shrunk_bytes", finding->shrinks.before_bytes);
    SET_NUMBER(object, "given_back_bytes", finding->shrinks.given_back_bytes);
    SET_NUMBER(object, "at_peak_bytes", finding->shrinks.at_peak_bytes);
}

static void set_pairs(json_t *object, const struct finding *finding) {
    json_t *array = json_array();

    SET_NUMBER(object, "cross_thread_frees", finding->cross_frees);
    for (uint32_t i = 0; i < finding->pair_count; i++) {
        json_t *pair = json_object();

        JSON_SET(pair, "allocated_by", json_integer(finding->pairs[i].from));
        JSON_SET(pair, "freed_by", json_integer(finding->pairs[i].to));
        SET_NUMBER(pair, "frees", finding->pairs[i].frees);
        json_array_append_new(array, pair);
    }
    JSON_SET(object, "pairs", array);
}

static void set_thread(json_t *object, const struct finding *finding) {
    JSON_SET(object, "thread", json_integer(finding->thread));
    JSON_SET(object, "thread_name",
             finding->thread_def ? json_text(finding->thread_def->name) : json_null());
    SET_NUMBER(object, "held_bytes", finding->held_bytes);
}

static void set_figures(json_t *object, const struct finding *finding) {
    switch (finding->kind) {
    case FINDING_LEAK:
        SET_NUMBER(object, "unreachable_bytes", finding->unreachable_bytes);
        SET_NUMBER(object, "unreachable_blocks", finding->unreachable_blocks);
        SET_NUMBER(object, "indirect_bytes", finding->indirect_bytes);
        break;
    case FINDING_GROWTH:
        set_growth(object, finding);
        break;
    case FINDING_CHURN:
        SET_NUMBER(object, "temporary", finding->temporary);
        SET_NUMBER(object, "temporary_bytes", finding->temporary_bytes);
        SET_NUMBER(object, "min_bytes", finding->size_min);
        SET_NUMBER(object, "max_bytes", finding->size_max);
        break;
    case FINDING_REALLOC:
        set_regrowth(object, finding);
        break;
    case FINDING_TINY:
        SET_NUMBER(object, "tiny", finding->tiny);
        SET_NUMBER(object, "tiny_bytes", finding->tiny_bytes);
        SET_NUMBER(object, "overhead_bytes", finding->overhead_bytes);
        break;
    case FINDING_OVER_ALLOCATION:
        set_shrinks(object, finding);
        break;
    case FINDING_CROSS_THREAD:
        set_pairs(object, finding);
        break;
    case FINDING_THREAD_PEAK:
        set_thread(object, finding);
        break;
    case FINDING_KINDS:
        break;
    }
}

static json_t *words(void (*say)(FILE *, const struct finding *), const struct finding *finding) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *string = NULL;

    if (out) {
        say(out, finding);
        if (fclose(out) == 0)
            string = json_text(text);
    }
    free(text);
    return string;
}

static json_t *saves_object(const struct finding *finding) {
    json_t *object = json_object();

    JSON_SET(object, "percent", short_real(finding->share * 100));
    JSON_SET(object, "of", json_string(finding->of_time ? "time" : "peak"));
    SET_NUMBER(object, "bytes", finding->saves_bytes);
    JSON_SET(object, "time_ns", json_rounded(finding->saves_ns));
    return object;
}

static json_t *finding_object(const struct finding *finding, bool fold) {
    const struct trace *trace = finding->trace;
    json_t *object = json_object();

    JSON_SET(object, "kind", json_string(finding_kind_name(finding->kind)));
    JSON_SET(object, "severity", json_string(advice_severity(finding)));
    JSON_SET(object, "saves", saves_object(finding));
    JSON_SET(object, "text", words(advice_say_what, finding));
    JSON_SET(object, "advice", words(advice_say_what_to_do, finding));
    SET_NUMBER(object, "allocations", finding->allocations);
    SET_NUMBER(object, "allocated_bytes", finding->allocated_bytes);
    SET_NUMBER(object, "frees", finding->frees);
    SET_NUMBER(object, "leaked_bytes", finding->leaked_bytes);
    SET_NUMBER(object, "leaked_blocks", finding->leaked_blocks);
    JSON_SET(object, "allocations_per_second",
             finding->run_ns > 0
                 ? json_rounded((double)finding->allocations / finding->run_ns * 1e9)
                 : json_null());
    set_figures(object, finding);
    SET_NUMBER(object, "contexts", finding->chains ? finding->contexts : 0);
    SET_NUMBER(object, "processes", finding->traces);
    JSON_SET(object, "pid", json_integer(trace->reader.header.pid));
    if (!finding->chains) {
        JSON_SET(object, "hash", json_null());
        JSON_SET(object, "frames", json_array());
        return object;
    }
    JSON_SET(object, "hash", json_hash(trace->defs.contexts.items[finding->context].hash));
    json_set_frames(object, trace, finding->context);
    SET_NUMBER(object, "folded", chains_folded(finding->chains, finding->context, fold));
    return object;
}

bool advice_write_json(FILE *out, const struct report *report, const struct advice *advice,
                       const struct report_options *options) {
    json_write_head(out, report);
    fputs("\"findings\": [", out);
    for (size_t i = 0; i < advice->findings.count && (!options->limit || i < options->limit); i++) {
        json_t *object = finding_object(&advice->findings.items[i], !options->no_fold);

        if (!object)
            return false;
        json_write_item(out, i, object);
    }
    fprintf(out, "],\n\"more_findings\": %zu}\n",
            options->limit && advice->findings.count > options->limit
                ? advice->findings.count - options->limit
                : 0);
    return true;
}
