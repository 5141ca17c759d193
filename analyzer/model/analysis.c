/* Processes are matched one inside the other: when a parent's events come to a fork, its heap waits
 * while the child's events are gone through, which are matched against it. So no heap is ever
 * copied, and at any time there are as many as generations.
 *
 * If there are unmatched frees where there should be none, everything is gone through once more. */
#include "model/analysis.h"

#include "model/family.h"
#include "model/heap.h"
#include "model/profile.h"
#include "trace/merge.h"

#include <stdlib.h>

struct analysis {
    struct trace *traces;
    struct facts *facts;
    size_t count;
    struct family_member *members;
    struct suspects suspects;
    bool *again; /* by member without a parent: its family is gone through */
    bool second; /* time */
    const struct analysis_request *request;
    struct selected *selected; /* by trace; NULL: all */
    uint64_t done;
    uint64_t total;
};

/* One process on its way through its events. Allocated, since families may be deep. */
struct passage {
    struct merge merge;
    struct heap heap;
    struct facts scratch; /* the second time */
    uint32_t next_child;
    bool merging, matching;
    bool freezing;     /* the facts, */
    uint64_t at_ticks; /* when this time is past */

    /* What the reader knew before it was read another time. */
    struct damage damage;
    uint64_t lost_events;
};

/* Unmatched frees are no errors: something explains them, in the trace or in those of the processes
 * that memory is inherited from. */
static bool is_explained(const struct analysis *analysis, uint32_t member) {
    uint64_t until = UINT64_MAX;

    while (member != MT_NO_MEMBER) {
        const struct trace *trace = &analysis->traces[member];

        if (trace_sampled(trace) || !trace_interposed(trace) || !trace_complete(trace) ||
            (until != UINT64_MAX && trace_pause_ticks(trace) <= until))
            return true;
        until = analysis->members[member].fork_ticks;
        member = analysis->members[member].parent;
        /* When exactly its memory was copied is not known, and other threads went on meanwhile. */
        if (member != MT_NO_MEMBER && analysis->traces[member].reader.stream_count > 1)
            return true;
    }
    return false;
}

static uint32_t eldest(const struct analysis *analysis, uint32_t member) {
    while (analysis->members[member].parent != MT_NO_MEMBER)
        member = analysis->members[member].parent;
    return member;
}

/* A process's memory may be of one whose trace is not there. */
static bool is_orphan(const struct analysis *analysis, uint32_t member) {
    return analysis->traces[eldest(analysis, member)].reader.header.parent_trace_id != 0;
}

static void set_up(struct analysis *analysis, uint32_t member, const struct heap *parent,
                   struct passage *passage, struct heap_setup *setup) {
    const struct trace *trace = &analysis->traces[member];

    *setup =
        (struct heap_setup){.trace = trace, .facts = &analysis->facts[member], .parent = parent};
    setup->selected = analysis->selected ? &analysis->selected[member] : NULL;
    if (!analysis->second) {
        if (analysis->request->observers)
            setup->observers = &analysis->request->observers[member];
        setup->suspects = trace_interposed(trace) ? &analysis->suspects : NULL;
        return;
    }
    setup->facts = &passage->scratch;
    setup->verdicts = &analysis->facts[member];
    setup->followed = &analysis->suspects;
    setup->explained = is_explained(analysis, member);
    setup->pause_ticks = trace_pause_ticks(trace);
    setup->orphan = is_orphan(analysis, member);
}

static bool begin(struct analysis *analysis, uint32_t member, const struct heap *parent,
                  struct passage *passage, struct error *error) {
    struct trace *trace = &analysis->traces[member];
    struct facts *facts = analysis->second ? &passage->scratch : &analysis->facts[member];
    struct heap_setup setup;

    passage->damage = trace->reader.damage;
    passage->lost_events = trace->reader.lost_events;
    passage->next_child = analysis->members[member].first_child;
    if (!facts_init(facts, trace->defs.contexts.count, trace->reader.stream_count, error))
        return false;
    if (!analysis->second && trace_sampled(trace)) {
        facts->estimates =
            estimates_create(trace, trace->defs.contexts.count, trace->reader.stream_count);
        if (!facts->estimates)
            return error_no_memory(error);
    }
    if (!analysis->second && analysis->request->at && analysis->request->at->kind != MOMENT_PEAK) {
        passage->freezing = true;
        passage->at_ticks = moment_ticks(analysis->request->at, trace);
    }
    set_up(analysis, member, parent, passage, &setup);
    passage->matching = heap_init(&passage->heap, &setup, error);
    if (!passage->matching)
        return false;
    passage->merging = true;
    return merge_begin(&passage->merge, &trace->reader, error);
}

/* The moment that was asked for is past. */
static void freeze(struct passage *passage, uint64_t ticks) {
    passage->freezing = false;
    facts_freeze(passage->heap.facts, ticks);
}

static bool process(struct analysis *analysis, struct passage *passage, const struct event *events,
                    size_t count, struct error *error) {
    analysis->done += count;
    if (analysis->request->progress)
        analysis->request->progress(analysis->request->context, analysis->done, analysis->total);
    if (__builtin_expect(passage->freezing, 0) && count &&
        events[count - 1].ticks > passage->at_ticks) {
        size_t before = 0;

        while (events[before].ticks <= passage->at_ticks)
            before++;
        if (!heap_process(&passage->heap, events, before, error))
            return false;
        freeze(passage, passage->at_ticks);
        events += before;
        count -= before;
    }
    return heap_process(&passage->heap, events, count, error);
}

static bool run(struct analysis *analysis, uint32_t member, const struct heap *parent,
                struct error *error);

/* Takes events until the next child is forked, all if it is later, and then runs the child. */
static bool run_child(struct analysis *analysis, struct passage *passage,
                      const struct event **events, size_t *count, struct error *error) {
    const struct family_member *child = &analysis->members[passage->next_child];
    uint32_t member = passage->next_child;
    size_t before = (*events)[*count - 1].ticks <= child->fork_ticks ? *count : 0;

    while (before < *count && (*events)[before].ticks <= child->fork_ticks)
        before++;
    if (!process(analysis, passage, *events, before, error))
        return false;
    *events += before;
    *count -= before;
    if (*count == 0)
        return true;
    passage->next_child = child->next_sibling;
    return run(analysis, member, &passage->heap, error);
}

static bool match_all(struct analysis *analysis, struct passage *passage, struct error *error) {
    const struct event *events;
    size_t count;

    for (;;) {
        if (!merge_next(&passage->merge, &events, &count, error))
            return false;
        if (count == 0)
            break;
        while (count && passage->next_child != MT_NO_MEMBER) {
            if (!run_child(analysis, passage, &events, &count, error))
                return false;
        }
        if (count && !process(analysis, passage, events, count, error))
            return false;
    }
    while (passage->next_child != MT_NO_MEMBER) {
        uint32_t member = passage->next_child;

        passage->next_child = analysis->members[member].next_sibling;
        if (!run(analysis, member, &passage->heap, error))
            return false;
    }
    if (passage->freezing)
        freeze(passage, passage->at_ticks);
    return heap_finish(&passage->heap, error);
}

static void end(struct analysis *analysis, uint32_t member, struct passage *passage) {
    struct reader *reader = &analysis->traces[member].reader;

    if (passage->merging)
        merge_end(&passage->merge);
    if (passage->matching)
        heap_free(&passage->heap);
    facts_free(&passage->scratch);
    if (analysis->second) {
        reader->damage = passage->damage;
        reader->lost_events = passage->lost_events;
    }
    free(passage);
}

static bool run(struct analysis *analysis, uint32_t member, const struct heap *parent,
                struct error *error) {
    struct passage *passage = calloc(1, sizeof(*passage));
    bool good;

    if (!passage)
        return error_no_memory(error);
    good = begin(analysis, member, parent, passage, error) && match_all(analysis, passage, error);
    end(analysis, member, passage);
    return good;
}

static bool run_families(struct analysis *analysis, struct error *error) {
    for (size_t i = 0; i < analysis->count; i++) {
        if (analysis->members[i].parent == MT_NO_MEMBER &&
            (!analysis->second || analysis->again[i]) && !run(analysis, (uint32_t)i, NULL, error))
            return false;
    }
    return true;
}

/* Marks the families that have an unmatched free to tell of. */
static bool mark_families(struct analysis *analysis) {
    bool any = false;

    for (size_t i = 0; i < analysis->count; i++) {
        if (!analysis->facts[i].unmatched_frees || is_explained(analysis, (uint32_t)i))
            continue;
        analysis->again[eldest(analysis, (uint32_t)i)] = true;
        any = true;
    }
    for (size_t i = 0; i < analysis->count; i++) {
        if (analysis->again[eldest(analysis, (uint32_t)i)])
            analysis->total += analysis->traces[i].reader.events;
    }
    return any;
}

static bool find_errors(struct analysis *analysis, struct error *error) {
    bool good = true;

    analysis->again = calloc(analysis->count + 1, sizeof(*analysis->again));
    if (!analysis->again)
        return error_no_memory(error);
    if (mark_families(analysis)) {
        analysis->second = true;
        good = (suspects_sort(&analysis->suspects) || error_no_memory(error)) &&
               run_families(analysis, error);
    }
    free(analysis->again);
    return good;
}

static bool select_allocations(struct analysis *analysis, struct error *error) {
    const struct selection *selection = analysis->request->selection;

    if (!selection || selection_is_empty(selection))
        return true;
    analysis->selected = calloc(analysis->count + 1, sizeof(*analysis->selected));
    if (!analysis->selected)
        return error_no_memory(error);
    for (size_t i = 0; i < analysis->count; i++) {
        if (!selection_resolve(selection, &analysis->traces[i], &analysis->selected[i], error))
            return false;
    }
    return true;
}

static void clean_up(struct analysis *analysis) {
    for (size_t i = 0; analysis->selected && i < analysis->count; i++)
        selected_free(&analysis->selected[i]);
    free(analysis->selected);
    suspects_free(&analysis->suspects);
    free(analysis->members);
}

bool analysis_run(struct trace *traces, size_t count, struct facts *facts,
                  const struct analysis_request *request, struct error *error) {
    struct analysis analysis = {.traces = traces,
                                .facts = facts,
                                .count = count,
                                .members = family_find(traces, count),
                                .request = request};
    bool good;

    for (size_t i = 0; i < count; i++) {
        facts[i] = (struct facts){0};
        analysis.total += traces[i].reader.events;
    }
    good = (analysis.members || error_no_memory(error)) && select_allocations(&analysis, error) &&
           run_families(&analysis, error) && find_errors(&analysis, error);
    for (size_t i = 0; good && i < count; i++) {
        facts_finish(&facts[i]);
        good = profile_add(&facts[i], &traces[i]) || error_no_memory(error);
    }
    for (size_t i = 0; !good && i < count; i++)
        facts_free(&facts[i]);
    clean_up(&analysis);
    return good;
}
