#include "model/advice/growth.h"

#include "model/advice/trend.h"

#include <stdlib.h>

/* Bytes. */
enum { MIN_RISE = 4096 };

/* A program builds something up as long as it frees less than three quarters as often as it
 * allocates, or keeps more than a quarter of the bytes: it loads, and has not begun to work. What
 * it built up long before its end, it went on to use. And a free that was lost looks like growth.
 */
static bool may_grow(const struct evidence *evidence) {
    const struct floors *floors = &evidence->floors;
    const struct interval_end *first, *last;
    uint64_t allocations, kept;

    if (floors->now < 3 || evidence->trace->reader.lost_events ||
        defs_dropped(&evidence->trace->defs))
        return false;
    first = &floors->ends[floors->now / 3];
    last = &floors->ends[floors->now - 1];
    allocations = last->allocations - first->allocations;
    kept = last->live > first->live ? last->live - first->live : 0;
    return allocations && (last->frees - first->frees) * 4 >= allocations * 3 &&
           kept * 4 <= last->allocated_bytes - first->allocated_bytes &&
           last->ticks - evidence->first_ticks >= evidence->last_ticks - last->ticks;
}

static bool find_trend(const struct evidence *evidence, struct floor *floor,
                       struct growth_figures *growth) {
    /* To read a course is to bring it up to date, which changes nothing that is seen. */
    struct floors *floors = (struct floors *)&evidence->floors;
    double values[MT_FLOOR_INTERVALS];
    size_t count = floors_values(floors, floor, values);
    struct trend trend = trend_of(values, count);
    double ns;

    if (!trend.grows || values[count - 1] - values[0] < MIN_RISE)
        return false;
    ns = (double)(floors->ends[count - 1].ticks - floors->ends[trend.first].ticks) *
         evidence->trace->defs.ns_per_tick;
    *growth = (struct growth_figures){
        .rise = (uint64_t)(values[count - 1] - values[0]),
        .last = (uint64_t)values[count - 1],
        .per_second = ns > 0 && evidence->trace->defs.rate_known
                          ? trend.slope * (double)(count - 1 - trend.first) / ns * 1e9
                          : 0,
        .per_allocation = evidence->weights.sampled ? 0 : trend.slope / (double)floors->stride,
        .tau = trend.tau,
        .fit = trend.fit,
    };
    return true;
}

/* Of a context without a course, all that it allocated; it allocated a few times at most. */
static uint64_t rise_of(const struct evidence *evidence, uint32_t context) {
    struct context_evidence *of = &evidence->contexts[context];
    double values[MT_FLOOR_INTERVALS];
    size_t count = floors_values((struct floors *)&evidence->floors, &of->floor, values);

    if (count == 0)
        return of->allocated_bytes;
    return values[count - 1] > values[0] ? (uint64_t)(values[count - 1] - values[0]) : 0;
}

static void add_context(struct grown *grown, const struct evidence *evidence, uint32_t context) {
    const struct context_evidence *of = &evidence->contexts[context];
    uint64_t rise = rise_of(evidence, context);

    if (!rise)
        return;
    if (rise > grown->most) {
        grown->most = rise;
        grown->context = context;
    }
    grown->contexts++;
    grown->allocations += of->allocations;
    grown->allocated_bytes += of->allocated_bytes;
    grown->frees += of->frees;
    grown->leaked_bytes += of->floor.live;
}

struct growing {
    MT_LIST(struct grown) groups;
    uint32_t *index; /* by group, from 1; 0: does not grow */
};

/* A group of which contexts are left out is not told by its sums. */
static bool find_groups(struct growing *growing, const struct evidence *evidence,
                        const bool *kept) {
    bool *partial = calloc(evidence->group_count + 1, sizeof(*partial));
    bool good = partial != NULL;

    for (size_t i = 0; good && i < evidence->context_count; i++) {
        if (evidence->contexts[i].allocations && !kept[i])
            partial[evidence->contexts[i].group] = true;
    }
    for (size_t i = 0; good && i < evidence->group_count; i++) {
        struct growth_figures growth;
        struct grown *added;

        if (partial[i] || !find_trend(evidence, &evidence->groups[i].floor, &growth))
            continue;
        added = MT_LIST_ADD(growing->groups);
        good = added != NULL;
        if (good) {
            *added = (struct grown){.growth = growth};
            growing->index[i] = (uint32_t)growing->groups.count;
        }
    }
    free(partial);
    return good;
}

static bool find_contexts(struct growing *growing, const struct evidence *evidence,
                          const bool *kept, growth_taker *take, void *data) {
    for (size_t i = 0; i < evidence->context_count; i++) {
        struct context_evidence *context = &evidence->contexts[i];
        uint32_t index = growing->index[context->group];
        struct grown grown = {.context = (uint32_t)i};

        if (!kept[i])
            continue;
        if (index) {
            add_context(&growing->groups.items[index - 1], evidence, (uint32_t)i);
        } else if (find_trend(evidence, &context->floor, &grown.growth)) {
            add_context(&grown, evidence, (uint32_t)i);
            if (!take(data, &grown))
                return false;
        }
    }
    return true;
}

bool growth_find(const struct evidence *evidence, const bool *kept, growth_taker *take,
                 void *data) {
    struct growing growing = {.index = calloc(evidence->group_count + 1, sizeof(uint32_t))};
    bool good = growing.index != NULL;

    if (good && may_grow(evidence))
        good = find_groups(&growing, evidence, kept) &&
               find_contexts(&growing, evidence, kept, take, data);
    for (size_t i = 0; good && i < growing.groups.count; i++) {
        if (growing.groups.items[i].contexts)
            good = take(data, &growing.groups.items[i]);
    }
    free(growing.groups.items);
    free(growing.index);
    return good;
}
