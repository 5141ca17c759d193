#define XXH_INLINE_ALL
#include "model/advice/findings.h"

#include "model/advice/group.h"
#include "model/advice/growth.h"
#include "model/advice/rules.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct maker {
    struct advice *advice;
    const struct advice_options *options;
    struct id_map rows; /* of the report, by hash */
    const struct report *report;
    const struct evidence *evidence; /* of the trace in hand */
    const struct chains *chains;
    double thread_ns;
    double run_ns;
};

const char *finding_kind_name(enum finding_kind kind) {
    static const char *const names[FINDING_KINDS] = {
        "leak", "growth",          "churn",        "realloc",
        "tiny", "over_allocation", "cross_thread", "thread_peak"};

    return names[kind];
}

static bool is_wanted(const struct maker *maker, enum finding_kind kind) {
    return maker->options->kinds == 0 || (maker->options->kinds & 1u << kind);
}

static uint64_t key_of(const struct finding *finding) {
    uint64_t group = group_key(&finding->chains->trace->defs, finding->context);

    return XXH3_64bits_withSeed(&group, sizeof(group), finding->kind);
}

static void add_growth(struct growth_figures *sum, const struct growth_figures *more) {
    sum->rise += more->rise;
    sum->last += more->last;
    sum->per_second += more->per_second;
    sum->per_allocation += more->per_allocation;
}

static void add_regrowths(struct regrowths *sum, const struct regrowths *more) {
    sum->by_realloc |= more->by_realloc;
    sum->steps += more->steps;
    sum->growths += more->growths;
    sum->moved += more->moved;
    sum->copied_bytes += more->copied_bytes;
    sum->remapped_bytes += more->remapped_bytes;
    sum->chains += more->chains;
    sum->chain_growths += more->chain_growths;
    sum->longest = sum->longest > more->longest ? sum->longest : more->longest;
    sum->final_bytes += more->final_bytes;
    sum->volume += more->volume;
    sum->final_min = sum->final_min < more->final_min ? sum->final_min : more->final_min;
    sum->final_max = sum->final_max > more->final_max ? sum->final_max : more->final_max;
}

static void add_shrinks(struct shrinks *sum, const struct shrinks *more) {
    sum->blocks += more->blocks;
    sum->before_bytes += more->before_bytes;
    sum->given_back_bytes += more->given_back_bytes;
    sum->at_peak_bytes += more->at_peak_bytes;
}

/* The context that weighs most stands for all of them. */
static void show_heavier(struct finding *sum, const struct finding *more) {
    if (more->weight <= sum->weight)
        return;
    sum->weight = more->weight;
    sum->context = more->context;
    sum->chains = more->chains;
    sum->trace = more->trace;
    sum->growth.tau = more->growth.tau;
    sum->growth.fit = more->growth.fit;
    memcpy(sum->pairs, more->pairs, sizeof(sum->pairs));
    sum->pair_count = more->pair_count;
}

static void add_figures(struct finding *sum, const struct finding *more) {
    add_growth(&sum->growth, &more->growth);
    show_heavier(sum, more);
    sum->contexts += more->contexts;
    sum->saves_bytes += more->saves_bytes;
    sum->saves_ns += more->saves_ns;
    sum->allocations += more->allocations;
    sum->allocated_bytes += more->allocated_bytes;
    sum->frees += more->frees;
    sum->leaked_bytes += more->leaked_bytes;
    sum->leaked_blocks += more->leaked_blocks;
    sum->unreachable_bytes += more->unreachable_bytes;
    sum->unreachable_blocks += more->unreachable_blocks;
    sum->indirect_bytes += more->indirect_bytes;
    sum->temporary += more->temporary;
    sum->temporary_bytes += more->temporary_bytes;
    sum->size_min = sum->size_min < more->size_min ? sum->size_min : more->size_min;
    sum->size_max = sum->size_max > more->size_max ? sum->size_max : more->size_max;
    add_regrowths(&sum->regrowth, &more->regrowth);
    sum->predictable &= more->predictable;
    sum->tiny += more->tiny;
    sum->tiny_bytes += more->tiny_bytes;
    sum->overhead_bytes += more->overhead_bytes;
    add_shrinks(&sum->shrinks, &more->shrinks);
    sum->cross_frees += more->cross_frees;
}

/* What is found in several contexts of a group is one finding, in several processes, too. */
static bool add(struct maker *maker, struct finding *finding, uint64_t key) {
    struct advice *advice = maker->advice;
    uint32_t index = id_map_get(&advice->of_key, key);
    struct finding *at;

    finding->trace = maker->evidence->trace;
    finding->weight = finding->saves_ns + (double)finding->saves_bytes;
    if (index == MT_ID_MAP_NONE) {
        at = MT_LIST_ADD(advice->findings);
        if (!at || !id_map_put(&advice->of_key, key, (uint32_t)(advice->findings.count - 1)))
            return false;
        *at = *finding;
        at->last_trace = NULL;
    } else {
        at = &advice->findings.items[index];
        add_figures(at, finding);
    }
    if (at->last_trace != finding->trace) {
        at->last_trace = finding->trace;
        at->traces++;
        at->peak_bytes += maker->evidence->peak;
        at->thread_ns += maker->thread_ns;
        at->run_ns += maker->run_ns;
    }
    return true;
}

/* The report's row of a context, NULL if it was left out. */
static const struct report_row *row_of(const struct maker *maker, uint32_t context) {
    uint32_t index =
        id_map_get(&maker->rows, maker->evidence->trace->defs.contexts.items[context].hash);

    return index == MT_ID_MAP_NONE ? NULL : &maker->report->contexts.items[index];
}

static struct finding new_finding(const struct maker *maker, enum finding_kind kind,
                                  uint32_t context) {
    const struct context_evidence *of = &maker->evidence->contexts[context];

    return (struct finding){
        .kind = kind,
        .chains = maker->chains,
        .context = context,
        .contexts = 1,
        .allocations = of->allocations,
        .allocated_bytes = of->allocated_bytes,
        .frees = of->frees,
        .leaked_bytes = of->floor.live,
        .leaked_blocks = of->allocations - of->frees,
    };
}

static bool find_in_context(struct maker *maker, uint32_t context) {
    const struct report_row *row = row_of(maker, context);
    struct rule_place place = {.evidence = maker->evidence,
                               .context = &maker->evidence->contexts[context]};

    if (!row || place.context->allocations == 0)
        return true;
    place.counters = &row->counters;
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        struct finding finding = new_finding(maker, (enum finding_kind)kind, context);

        if (is_wanted(maker, finding.kind) && rule_applies(&place, &finding) &&
            !add(maker, &finding, key_of(&finding)))
            return false;
    }
    return true;
}

static bool take_growth(void *data, const struct grown *grown) {
    struct maker *maker = data;
    struct finding finding = {
        .kind = FINDING_GROWTH,
        .chains = maker->chains,
        .context = grown->context,
        .contexts = grown->contexts,
        .allocations = grown->allocations,
        .allocated_bytes = grown->allocated_bytes,
        .frees = grown->frees,
        .leaked_bytes = grown->leaked_bytes,
        .leaked_blocks = grown->allocations - grown->frees,
        .growth = grown->growth,
        .saves_bytes = grown->growth.rise,
    };

    return add(maker, &finding, key_of(&finding));
}

static bool find_growth(struct maker *maker) {
    const struct evidence *evidence = maker->evidence;
    bool *kept = calloc(evidence->context_count + 1, sizeof(*kept));
    bool good = kept != NULL;

    for (size_t i = 0; good && i < evidence->context_count; i++)
        kept[i] = evidence->contexts[i].allocations && row_of(maker, (uint32_t)i);
    good = good && growth_find(evidence, kept, take_growth, maker);
    free(kept);
    return good;
}

/* What of places is left out is still in the threads' sums. */
static bool has_places(const struct report_scope *scope) {
    return scope->tag || scope->match || scope->module;
}

static bool find_thread(struct maker *maker) {
    struct finding finding = {.kind = FINDING_THREAD_PEAK};

    return maker->evidence->weights.sampled || !rule_thread(maker->evidence, &finding) ||
           add(maker, &finding,
               XXH3_64bits_withSeed(&maker->evidence, sizeof(maker->evidence),
                                    FINDING_THREAD_PEAK));
}

/* How long the threads lived, by their events. */
static double thread_ns(const struct evidence *evidence) {
    double sum = 0;

    for (size_t i = 0; i < evidence->stream_count; i++)
        sum += (double)(evidence->streams[i].last_ticks - evidence->streams[i].first_ticks);
    return evidence->trace->defs.rate_known ? sum * evidence->trace->defs.ns_per_tick : 0;
}

static double run_ns(const struct evidence *evidence) {
    return evidence->trace->defs.rate_known
               ? (double)(evidence->last_ticks - evidence->first_ticks) *
                     evidence->trace->defs.ns_per_tick
               : 0;
}

static bool find_in_trace(struct maker *maker, const struct evidence *evidence) {
    bool good = true;

    maker->evidence = evidence;
    maker->thread_ns = thread_ns(evidence);
    maker->run_ns = run_ns(evidence);
    maker->advice->sampled |= evidence->weights.sampled;
    for (size_t i = 0; good && i < evidence->context_count; i++)
        good = find_in_context(maker, (uint32_t)i);
    if (good && is_wanted(maker, FINDING_GROWTH))
        good = find_growth(maker);
    if (good && is_wanted(maker, FINDING_THREAD_PEAK) && !has_places(&maker->report->scope))
        good = find_thread(maker);
    return good;
}

static double share_of(double part, double whole) {
    return whole <= 0 ? 0 : part >= whole ? 1 : part / whole;
}

static void set_share(struct finding *finding) {
    double bytes = share_of((double)finding->saves_bytes, (double)finding->peak_bytes);
    double time = share_of(finding->saves_ns, finding->thread_ns);

    finding->of_time = finding->saves_ns > 0 && time >= bytes;
    finding->share = finding->of_time ? time : bytes;
}

/* What nothing points to any more is why it grows. */
static bool is_explained(const struct advice *advice, const struct finding *finding) {
    struct finding leak = *finding;
    uint32_t index;

    leak.kind = FINDING_LEAK;
    if (finding->kind != FINDING_GROWTH)
        return false;
    index = id_map_get(&advice->of_key, key_of(&leak));
    return index != MT_ID_MAP_NONE &&
           advice->findings.items[index].unreachable_bytes * 2 >= finding->growth.rise;
}

static int compare(const void *left, const void *right) {
    const struct finding *a = left;
    const struct finding *b = right;

    if (a->share != b->share)
        return a->share > b->share ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return (a->context > b->context) - (a->context < b->context);
}

/* Keeps those that there is enough of, and that are worth it. */
static bool select_findings(struct advice *advice, const struct advice_options *options) {
    bool *drop = calloc(advice->findings.count + 1, sizeof(*drop));
    size_t kept = 0;

    if (!drop)
        return false;
    for (size_t i = 0; i < advice->findings.count; i++) {
        struct finding *finding = &advice->findings.items[i];

        set_share(finding);
        drop[i] = !rule_enough(finding) || is_explained(advice, finding);
        if (drop[i] || finding->share >= options->min_share)
            continue;
        drop[i] = true;
        advice->below++;
    }
    for (size_t i = 0; i < advice->findings.count; i++) {
        if (drop[i])
            continue;
        advice->by_kind[advice->findings.items[i].kind]++;
        advice->findings.items[kept++] = advice->findings.items[i];
    }
    advice->findings.count = kept;
    free(drop);
    id_map_free(&advice->of_key);
    if (kept)
        qsort(advice->findings.items, kept, sizeof(*advice->findings.items), compare);
    return true;
}

bool advice_make(struct advice *advice, const struct report *report,
                 const struct evidence *const *evidence, const struct advice_options *options,
                 struct error *error) {
    struct maker maker = {.advice = advice, .options = options, .report = report};
    bool good = true;

    *advice = (struct advice){0};
    for (size_t i = 0; good && i < report->contexts.count; i++)
        good = id_map_put(&maker.rows, report->contexts.items[i].key, (uint32_t)i);
    for (size_t i = 0; good && i < report->traces.count; i++) {
        maker.chains = report->traces.items[i];
        good = find_in_trace(&maker, evidence[i]);
    }
    id_map_free(&maker.rows);
    return (good && select_findings(advice, options)) || error_no_memory(error);
}

void advice_free(struct advice *advice) {
    free(advice->findings.items);
    id_map_free(&advice->of_key);
    *advice = (struct advice){0};
}
