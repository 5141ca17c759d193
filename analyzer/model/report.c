#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include "model/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void add_variances(struct variances *sum, const struct variances *more) {
    sum->allocations += more->allocations;
    sum->frees += more->frees;
    sum->allocated_bytes += more->allocated_bytes;
    sum->peak_bytes += more->peak_bytes;
    sum->peak_blocks += more->peak_blocks;
    sum->leaked_bytes += more->leaked_bytes;
    sum->leaked_blocks += more->leaked_blocks;
}

static void raise(struct variances *largest, const struct variances *more) {
    largest->allocations = fmax(largest->allocations, more->allocations);
    largest->frees = fmax(largest->frees, more->frees);
    largest->allocated_bytes = fmax(largest->allocated_bytes, more->allocated_bytes);
    largest->peak_bytes = fmax(largest->peak_bytes, more->peak_bytes);
    largest->peak_blocks = fmax(largest->peak_blocks, more->peak_blocks);
    largest->leaked_bytes = fmax(largest->leaked_bytes, more->leaked_bytes);
    largest->leaked_blocks = fmax(largest->leaked_blocks, more->leaked_blocks);
}

void counters_add(struct counters *sum, const struct counters *more) {
    sum->allocations += more->allocations;
    sum->frees += more->frees;
    sum->allocated_bytes += more->allocated_bytes;
    sum->peak_bytes += more->peak_bytes;
    sum->peak_blocks += more->peak_blocks;
    sum->leaked_bytes += more->leaked_bytes;
    sum->leaked_blocks += more->leaked_blocks;
    sum->temporary += more->temporary;
    sum->temporary_bytes += more->temporary_bytes;
    sum->lifetime_ns += more->lifetime_ns;
    sum->scanned |= more->scanned;
    sum->reachable_bytes += more->reachable_bytes;
    sum->reachable_blocks += more->reachable_blocks;
    sum->unreachable_bytes += more->unreachable_bytes;
    sum->unreachable_blocks += more->unreachable_blocks;
    sum->indirect_bytes += more->indirect_bytes;
    sum->indirect_blocks += more->indirect_blocks;
    sum->kept_bytes += more->kept_bytes;
    sum->kept_blocks += more->kept_blocks;
    sum->sampled |= more->sampled;
    sum->recorded += more->recorded;
    add_variances(&sum->variances, &more->variances);
    raise(&sum->largest, &more->largest);
}

double counters_error(double variance, double largest) {
    return sqrt(variance + largest);
}

/* Of a sum that is undone, rounding may leave a little less than nothing. */
static uint64_t rounded(double value) {
    return value <= 0 ? 0 : value >= 1.8e19 ? UINT64_MAX : (uint64_t)(value + 0.5);
}

static void set_estimate(uint64_t *value, double *variance, double *largest,
                         const struct estimate *estimate) {
    *value = rounded(estimate->value);
    *variance = estimate->variance > 0 ? estimate->variance : 0;
    *largest = estimate->largest;
}
#define SET_ESTIMATE(counters, figure, estimate)                                                   \
    set_estimate(&(counters)->figure, &(counters)->variances.figure, &(counters)->largest.figure,  \
                 estimate)

/* What is recorded in place of the rest is what the facts say. */
static struct counters estimated_context(const struct context_estimates *context, uint64_t recorded,
                                         double ns_per_tick) {
    struct counters counters = {.sampled = true, .recorded = recorded};

    SET_ESTIMATE(&counters, allocations, &context->allocations);
    SET_ESTIMATE(&counters, frees, &context->frees);
    SET_ESTIMATE(&counters, allocated_bytes, &context->allocated_bytes);
    SET_ESTIMATE(&counters, peak_bytes, &context->at_peak);
    SET_ESTIMATE(&counters, peak_blocks, &context->blocks_at_peak);
    SET_ESTIMATE(&counters, leaked_bytes, &context->live);
    SET_ESTIMATE(&counters, leaked_blocks, &context->live_blocks);
    counters.lifetime_ns = context->lifetime_ticks * ns_per_tick;
    return counters;
}

static struct counters estimated_thread(const struct thread_estimates *thread, uint64_t recorded) {
    struct counters counters = {.sampled = true, .recorded = recorded};

    SET_ESTIMATE(&counters, allocations, &thread->allocations);
    SET_ESTIMATE(&counters, frees, &thread->frees);
    SET_ESTIMATE(&counters, allocated_bytes, &thread->allocated_bytes);
    SET_ESTIMATE(&counters, peak_bytes, &thread->peak);
    SET_ESTIMATE(&counters, leaked_bytes, &thread->live);
    SET_ESTIMATE(&counters, leaked_blocks, &thread->left_blocks);
    return counters;
}

static void add_estimate(struct estimate *sum, const struct estimate *more) {
    sum->value += more->value;
    sum->variance += more->variance;
    sum->largest = fmax(sum->largest, more->largest);
}

/* Frees are those that threads made, of what is inherited, too. */
static struct counters estimated_sums(const struct facts *facts) {
    const struct estimates *estimates = facts->estimates;
    struct context_estimates sums = {.epoch = 0};

    for (size_t i = 0; i < estimates->context_count; i++) {
        const struct context_estimates *context = &estimates->contexts[i];

        add_estimate(&sums.allocations, &context->allocations);
        add_estimate(&sums.allocated_bytes, &context->allocated_bytes);
        add_estimate(&sums.live, &context->live);
        add_estimate(&sums.live_blocks, &context->live_blocks);
        add_estimate(&sums.at_peak, &context->at_peak);
        add_estimate(&sums.blocks_at_peak, &context->blocks_at_peak);
    }
    for (size_t i = 0; i < facts->thread_count; i++)
        add_estimate(&sums.frees, &estimates->threads[i].frees);
    return estimated_context(&sums, facts->allocations, 0);
}

static void set_reach(struct counters *counters, const struct reach_counts *counts) {
    counters->scanned = true;
    counters->reachable_bytes = counts->reachable_bytes;
    counters->reachable_blocks = counts->reachable_blocks;
    counters->unreachable_bytes = counts->unreachable_bytes;
    counters->unreachable_blocks = counts->unreachable_blocks;
    counters->indirect_bytes = counts->indirect_bytes;
    counters->indirect_blocks = counts->indirect_blocks;
    counters->kept_bytes = counts->kept_bytes;
    counters->kept_blocks = counts->kept_blocks;
}

static bool add_row(struct report_rows *rows, const struct report_row *row) {
    uint32_t index = id_map_get(&rows->of_key, row->key);
    struct report_row *added;

    if (index != MT_ID_MAP_NONE) {
        counters_add(&rows->items[index].counters, &row->counters);
        return true;
    }
    added = MT_LIST_ADD(*rows);
    if (!added || !id_map_put(&rows->of_key, row->key, (uint32_t)(rows->count - 1)))
        return false;
    *added = *row;
    return true;
}

static bool add_contexts(struct report *report, const struct chains *chains,
                         const struct facts *facts) {
    const struct trace *trace = chains->trace;

    for (size_t i = 0; i < facts->context_count; i++) {
        const struct context_facts *context = &facts->contexts[i];
        struct report_row row = {
            .key = trace->defs.contexts.items[i].hash, .chains = chains, .context = (uint32_t)i};

        if (context->allocations == 0)
            continue;
        /* To a block of a pool, what is cut cannot be told. */
        if (!report->pool &&
            defs_site(&trace->defs, (uint32_t)i)->flags & (MT_SITE_CALL | MT_SITE_TAG))
            report->totals.cut_contexts += context->allocations;
        row.counters = (struct counters){
            .allocations = context->allocations,
            .frees = context->frees,
            .allocated_bytes = context->allocated_bytes,
            .peak_bytes = context->at_peak,
            .peak_blocks = context->blocks_at_peak,
            .leaked_bytes = context->live,
            .leaked_blocks = context->live_blocks,
            .temporary = context->temporary,
            .temporary_bytes = context->temporary_bytes,
            .lifetime_ns = context->lifetime_ticks * trace->defs.ns_per_tick,
            .recorded = context->allocations,
        };
        if (facts->estimates)
            row.counters = estimated_context(&facts->estimates->contexts[i], context->allocations,
                                             trace->defs.ns_per_tick);
        if (facts->reach)
            set_reach(&row.counters, &facts->reach->contexts[i]);
        if (!add_row(&report->contexts, &row))
            return false;
    }
    return true;
}

static int compare_ids(const void *left, const void *right) {
    const struct report_thread *a = left;
    const struct report_thread *b = right;

    return (a->id > b->id) - (a->id < b->id);
}

static bool add_threads(struct report *report, const struct trace *trace,
                        const struct facts *facts) {
    size_t first = report->threads.count;

    for (size_t i = 0; i < facts->thread_count; i++) {
        const struct thread_facts *thread = &facts->threads[i];
        uint32_t id = i < trace->reader.stream_count ? trace->reader.streams[i].thread : thread->id;
        struct report_thread *added;

        if (thread->events == 0)
            continue;
        added = MT_LIST_ADD(report->threads);
        if (!added)
            return false;
        *added = (struct report_thread){
            .trace = trace,
            .id = id,
            .def = defs_thread(&trace->defs, id),
            .events = thread->events,
            .freed_by_others = thread->freed_by_others,
            .counters =
                {
                    .allocations = thread->allocations,
                    .frees = thread->frees,
                    .allocated_bytes = thread->allocated_bytes,
                    .peak_bytes = thread->peak,
                    .leaked_bytes = thread->live,
                    .leaked_blocks = thread->leaked_blocks,
                    .temporary = thread->temporary,
                    .recorded = thread->allocations,
                },
        };
        if (facts->estimates) {
            const struct thread_estimates *estimate = &facts->estimates->threads[i];

            added->counters = estimated_thread(estimate, thread->allocations);
            added->freed_by_others = rounded(estimate->freed_by_others.value);
        }
        report->totals.threads++;
    }
    if (report->threads.count > first)
        qsort(report->threads.items + first, report->threads.count - first,
              sizeof(*report->threads.items), compare_ids);
    return true;
}

static void add_totals(struct report_totals *totals, const struct trace *trace,
                       const struct facts *facts) {
    const struct defs *defs = &trace->defs;
    double duration = trace_duration_ns(trace, facts->last_ticks);
    struct counters sums = {
        .allocations = facts->allocations,
        .frees = facts->frees,
        .allocated_bytes = facts->allocated_bytes,
        .peak_bytes = facts->peak,
        .peak_blocks = facts->peak_blocks,
        .leaked_bytes = facts->live,
        .leaked_blocks = facts->live_blocks,
        .temporary = facts->temporary,
        .temporary_bytes = facts->temporary_bytes,
        .recorded = facts->allocations,
    };
    uint64_t peak_ticks = facts->peak_ticks;

    if (facts->estimates) {
        sums = estimated_sums(facts);
        peak_ticks = facts->estimates->peak_ticks;
        totals->sampled++;
    }
    if (facts->reach) {
        set_reach(&sums, &facts->reach->sums);
        totals->scanned++;
    }
    counters_add(&totals->counters, &sums);
    totals->events += facts->events;
    totals->pool_events += facts->pool_events;
    totals->unmatched_frees += facts->unmatched_frees;
    totals->missed_frees += facts->missed_frees;
    totals->inherited_frees += facts->inherited_frees;
    totals->orphan_frees += facts->orphan_frees;
    totals->profiles += defs->profile.present;
    totals->incomplete_profiles += (defs->profile.totals.flags & MT_PROFILE_INCOMPLETE) != 0;
    totals->unassigned_frees += facts->unassigned_frees;
    totals->untracked_blocks += facts->untracked_blocks;
    totals->untracked_bytes += facts->untracked_bytes;
    for (int i = 0; i < MEMORY_ERROR_KINDS; i++)
        totals->errors[i] += facts->errors.counts[i];
    totals->dropped_events += defs_dropped(defs);
    for (int i = 0; i < MT_LOSS_REASONS; i++)
        totals->losses[i] += defs->losses[i];
    totals->lost_events += trace->reader.lost_events;
    totals->damaged_bytes += trace->reader.damage.bytes;
    totals->damaged_places += trace->reader.damage.count;
    totals->without_end += !defs->end.present && trace->reader.live != READER_LIVE_JOINED;
    totals->joined += trace->reader.live == READER_LIVE_JOINED;
    totals->joined_events += trace->reader.joined_events;
    totals->running += trace->reader.running;
    totals->interposed += trace_interposed(trace);
    totals->calls_only += strcmp(defs->process.capture, "calls-only") == 0;
    totals->paused += trace_pause_ticks(trace) != UINT64_MAX;
    totals->cut |= trace->reader.cut;
    totals->rate_unknown |= !defs->rate_known;
    /* -g would tell more of instrumented code only. */
    for (size_t i = 1; i < defs->sites.count; i++) {
        uint8_t flags = defs->sites.items[i].flags;

        if (flags & (MT_SITE_FOREIGN | MT_SITE_TAG))
            continue;
        totals->sites++;
        totals->sites_without_debug_info += flags & MT_SITE_NO_DEBUG_INFO;
    }
    if (duration > totals->duration_ns)
        totals->duration_ns = duration;
    if (sums.peak_bytes > totals->largest_peak) {
        totals->largest_peak = sums.peak_bytes;
        totals->peak_ns = trace_ns(trace, peak_ticks);
    }
}

/* NULL for the unknown. */
static struct chains *chains_of(const struct report *report, const struct trace *trace) {
    for (size_t i = report->traces.count; trace && i-- > 0;) {
        if (report->traces.items[i]->trace == trace)
            return report->traces.items[i];
    }
    return NULL;
}

static struct report_place place_of(const struct report *report, struct origin origin) {
    return (struct report_place){chains_of(report, origin.trace), origin.context};
}

static uint64_t place_hash(const struct report_place *place) {
    return place->chains ? place->chains->trace->defs.contexts.items[place->context].hash : 0;
}

static bool add_error(struct report *report, const struct trace *trace,
                      const struct memory_error *what) {
    struct report_error error = {
        .what = *what,
        .allocated_at = place_of(report, what->allocated_at),
        .freed_at = place_of(report, what->freed_at),
        .first_freed_at = place_of(report, what->first_freed_at),
        .thread = trace->reader.streams[what->stream].thread,
    };
    uint64_t parts[] = {what->kind, what->inner, place_hash(&error.allocated_at),
                        place_hash(&error.freed_at), place_hash(&error.first_freed_at)};
    uint64_t key = XXH3_64bits(parts, sizeof(parts));
    uint32_t index = id_map_get(&report->error_of_key, key);
    struct report_error *added;

    if (index != MT_ID_MAP_NONE) {
        report->errors.items[index].what.count += what->count;
        return true;
    }
    added = MT_LIST_ADD(report->errors);
    if (!added || !id_map_put(&report->error_of_key, key, (uint32_t)(report->errors.count - 1)))
        return false;
    *added = error;
    return true;
}

static bool add_errors(struct report *report, const struct trace *trace,
                       const struct facts *facts) {
    for (size_t i = 0; i < facts->errors.list.count; i++) {
        if (!add_error(report, trace, &facts->errors.list.items[i]))
            return false;
    }
    return true;
}

/* The process was forked by one whose trace is not here. */
static bool has_unknown_parent(const struct report *report, const struct trace *trace) {
    uint64_t parent = trace->reader.header.parent_trace_id;

    for (size_t i = 0; parent && i < report->traces.count; i++) {
        if (report->traces.items[i]->trace->reader.header.trace_id == parent)
            return false;
    }
    return parent != 0;
}

bool report_open(struct report *report, const struct trace *trace, struct error *error) {
    struct chains *chains = chains_create(trace);
    struct chains **added = chains ? MT_LIST_ADD(report->traces) : NULL;

    if (!added) {
        chains_free(chains);
        return error_no_memory(error);
    }
    *added = chains;
    chains->index = report->traces.count - 1;
    return true;
}

bool report_add(struct report *report, const struct trace *trace, const struct facts *facts,
                struct error *error) {
    const struct chains *chains;

    if (!chains_of(report, trace) && !report_open(report, trace, error))
        return false;
    chains = chains_of(report, trace);
    add_totals(&report->totals, trace, facts);
    if (has_unknown_parent(report, trace)) {
        report->totals.forked++;
        if (facts->orphan_frees || facts->unmatched_frees)
            report->totals.orphan = trace;
    }
    return (add_contexts(report, chains, facts) && add_threads(report, trace, facts) &&
            add_errors(report, trace, facts)) ||
           error_no_memory(error);
}

void report_rows_free(struct report_rows *rows) {
    free(rows->items);
    id_map_free(&rows->of_key);
    *rows = (struct report_rows){0};
}

void report_free(struct report *report) {
    report_rows_free(&report->contexts);
    free(report->threads.items);
    free(report->errors.items);
    id_map_free(&report->error_of_key);
    for (size_t i = 0; i < report->traces.count; i++)
        chains_free(report->traces.items[i]);
    free(report->traces.items);
    *report = (struct report){0};
}

/* The allocation knows it best; but what a wrapper allocates, only the wrapper's caller may know.
 */
const char *report_type(const struct report_row *row, bool fold) {
    const struct site *innermost = defs_site(&row->chains->trace->defs, row->context);

    return innermost->type[0] ? innermost->type
                              : chains_first(row->chains, row->context, fold).site->type;
}

static uint64_t group_key(const struct report_row *row, enum report_by by, bool fold) {
    struct chain_place place = chains_first(row->chains, row->context, fold);
    const char *text = NULL;

    switch (by) {
    case REPORT_BY_CONTEXT:
    case REPORT_BY_THREAD:
        return row->key;
    case REPORT_BY_SITE:
        return place.site->hash;
    case REPORT_BY_FUNCTION:
        text = chain_frame(&place)->function;
        break;
    case REPORT_BY_FILE:
        text = chain_frame(&place)->file;
        break;
    case REPORT_BY_TYPE:
        text = report_type(row, fold);
        break;
    }
    return XXH3_64bits(text, strlen(text));
}

bool report_group(const struct report *report, enum report_by by, bool fold,
                  struct report_rows *rows, struct error *error) {
    *rows = (struct report_rows){0};
    for (size_t i = 0; i < report->contexts.count; i++) {
        struct report_row row = report->contexts.items[i];

        row.key = group_key(&row, by, fold);
        if (!add_row(rows, &row)) {
            report_rows_free(rows);
            return error_no_memory(error);
        }
    }
    return true;
}

uint32_t report_find_row(const struct report_rows *rows, enum report_by by, bool fold,
                         const struct chains *chains, uint32_t context) {
    struct report_row row = {.key = chains->trace->defs.contexts.items[context].hash,
                             .chains = chains,
                             .context = context};

    return id_map_get(&rows->of_key, group_key(&row, by, fold));
}

uint64_t report_value(const struct counters *counters, enum report_order order) {
    switch (order) {
    case REPORT_ORDER_PEAK:
        return counters->peak_bytes;
    case REPORT_ORDER_LEAKED:
        return counters->leaked_bytes;
    case REPORT_ORDER_ALLOCATED:
        return counters->allocated_bytes;
    case REPORT_ORDER_COUNT:
        return counters->allocations;
    case REPORT_ORDER_TEMPORARY:
        return counters->temporary;
    case REPORT_ORDER_LIFETIME:
        return counters->frees ? rounded(counters->lifetime_ns / (double)counters->frees) : 0;
    }
    return 0;
}

bool report_too_small(const struct counters *counters, enum report_order order,
                      uint64_t min_bytes) {
    bool numbers = order == REPORT_ORDER_COUNT || order == REPORT_ORDER_TEMPORARY ||
                   order == REPORT_ORDER_LIFETIME;

    return report_value(counters, numbers ? REPORT_ORDER_ALLOCATED : order) < min_bytes;
}

static int compare_counters(const struct counters *a, const struct counters *b,
                            enum report_order order) {
    uint64_t left[] = {report_value(a, order), a->peak_bytes, a->allocated_bytes, a->allocations};
    uint64_t right[] = {report_value(b, order), b->peak_bytes, b->allocated_bytes, b->allocations};

    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        if (left[i] != right[i])
            return left[i] > right[i] ? -1 : 1;
    }
    return 0;
}

static int compare_rows(const void *left, const void *right, void *order) {
    const struct report_row *a = left;
    const struct report_row *b = right;
    int result = compare_counters(&a->counters, &b->counters, *(enum report_order *)order);

    return result ? result : (a->key > b->key) - (a->key < b->key);
}

static int compare_threads(const void *left, const void *right, void *order) {
    const struct report_thread *a = left;
    const struct report_thread *b = right;
    int result = compare_counters(&a->counters, &b->counters, *(enum report_order *)order);

    return result ? result : (a->id > b->id) - (a->id < b->id);
}

void report_sort(struct report_rows *rows, enum report_order order) {
    if (rows->count)
        qsort_r(rows->items, rows->count, sizeof(*rows->items), compare_rows, &order);
    /* The positions changed, so keys can no longer be looked up. */
    id_map_free(&rows->of_key);
}

void report_sort_threads(struct report *report, enum report_order order) {
    if (report->threads.count)
        qsort_r(report->threads.items, report->threads.count, sizeof(*report->threads.items),
                compare_threads, &order);
}

/* What is most certain and worst first. */
static int compare_errors(const void *left, const void *right) {
    const struct memory_error *a = &((const struct report_error *)left)->what;
    const struct memory_error *b = &((const struct report_error *)right)->what;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->ticks > b->ticks) - (a->ticks < b->ticks);
}

void report_sort_errors(struct report *report) {
    if (report->errors.count)
        qsort(report->errors.items, report->errors.count, sizeof(*report->errors.items),
              compare_errors);
    /* The positions changed. */
    id_map_free(&report->error_of_key);
}

uint64_t report_error_count(const struct report *report) {
    uint64_t sum = 0;

    for (int i = 0; i < MEMORY_ERROR_KINDS; i++)
        sum += report->totals.errors[i];
    return sum;
}

bool report_complete(const struct report *report) {
    const struct report_totals *totals = &report->totals;

    return totals->without_end == 0 && totals->incomplete_profiles == 0 &&
           totals->lost_events == 0 && totals->damaged_places == 0 && totals->dropped_events == 0;
}
