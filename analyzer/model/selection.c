#include "model/selection.h"

#include "util/list.h"

#include <stdlib.h>
#include <string.h>

static bool is_thread(const struct selection *selection, const struct trace *trace, uint32_t id) {
    const struct thread_def *def = defs_thread(&trace->defs, id);
    char *end;
    unsigned long number = strtoul(selection->thread, &end, 10);

    if (end != selection->thread && *end == '\0')
        return number == id;
    return def && strcmp(def->name, selection->thread) == 0;
}

bool selection_knows_thread(const struct selection *selection, const struct trace *trace) {
    for (size_t i = 0; selection->thread && i < trace->reader.stream_count; i++) {
        if (is_thread(selection, trace, trace->reader.streams[i].thread))
            return true;
    }
    return !selection->thread;
}

bool selection_knows_phase(const struct selection *selection, const struct trace *trace) {
    for (size_t i = 0; selection->phase && i < trace->defs.marks.count; i++) {
        const struct mark *mark = &trace->defs.marks.items[i];

        if (mark->kind == MT_MARK_PHASE && strcmp(mark->name, selection->phase) == 0)
            return true;
    }
    return !selection->phase;
}

static uint64_t ticks_at(const struct trace *trace, double ns) {
    double ticks = ns / trace->defs.ns_per_tick;
    uint64_t start = trace->reader.header.start_ticks;

    return ticks < (double)(UINT64_MAX - start) / 2 ? start + (uint64_t)ticks : UINT64_MAX;
}

static int compare_marks(const void *left, const void *right) {
    const struct mark *a = *(const struct mark *const *)left;
    const struct mark *b = *(const struct mark *const *)right;

    return (a->ticks > b->ticks) - (a->ticks < b->ticks);
}

/* The phases of the trace in order of time; marks of several threads may not be. */
static const struct mark **sorted_phases(const struct trace *trace, size_t *count) {
    const struct mark **phases = calloc(trace->defs.marks.count + 1, sizeof(*phases));

    *count = 0;
    for (size_t i = 0; phases && i < trace->defs.marks.count; i++) {
        if (trace->defs.marks.items[i].kind == MT_MARK_PHASE)
            phases[(*count)++] = &trace->defs.marks.items[i];
    }
    if (*count)
        qsort(phases, *count, sizeof(*phases), compare_marks);
    return phases;
}

static void add_span(struct selected *selected, struct selected_span whole,
                     struct selected_span span) {
    span.since = span.since > whole.since ? span.since : whole.since;
    span.until = span.until < whole.until ? span.until : whole.until;
    if (span.since < span.until)
        selected->spans[selected->span_count++] = span;
}

static bool resolve_spans(const struct selection *selection, const struct trace *trace,
                          struct selected *selected) {
    struct selected_span whole = {
        .since = selection->since_ns > 0 ? ticks_at(trace, selection->since_ns) : 0,
        .until = selection->until_ns > 0 ? ticks_at(trace, selection->until_ns) : UINT64_MAX,
    };
    const struct mark **phases;
    size_t count;

    selected->spans = calloc(trace->defs.marks.count + 1, sizeof(*selected->spans));
    phases = sorted_phases(trace, &count);
    if (!selected->spans || !phases) {
        free(phases);
        return false;
    }
    if (!selection->phase)
        add_span(selected, whole, whole);
    for (size_t i = 0; selection->phase && i < count; i++) {
        if (strcmp(phases[i]->name, selection->phase) == 0)
            add_span(selected, whole,
                     (struct selected_span){phases[i]->ticks,
                                            i + 1 < count ? phases[i + 1]->ticks : UINT64_MAX});
    }
    free(phases);
    return true;
}

static bool resolve_streams(const struct selection *selection, const struct trace *trace,
                            struct selected *selected) {
    if (!selection->thread)
        return true;
    selected->streams = calloc(trace->reader.stream_count + 1, sizeof(*selected->streams));
    for (size_t i = 0; selected->streams && i < trace->reader.stream_count; i++)
        selected->streams[i] = is_thread(selection, trace, trace->reader.streams[i].thread);
    return selected->streams != NULL;
}

bool selection_resolve(const struct selection *selection, const struct trace *trace,
                       struct selected *selected, struct error *error) {
    *selected = (struct selected){0};
    if (resolve_spans(selection, trace, selected) && resolve_streams(selection, trace, selected))
        return true;
    selected_free(selected);
    return error_no_memory(error);
}

void selected_free(struct selected *selected) {
    free(selected->spans);
    free(selected->streams);
    *selected = (struct selected){0};
}

bool selected_block(const struct selected *selected, const struct live_block *block) {
    size_t low = 0, high = selected->span_count;

    if (selected->streams && !selected->streams[block->thread])
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (block->ticks >= selected->spans[middle].until)
            low = middle + 1;
        else
            high = middle;
    }
    return low < selected->span_count && block->ticks >= selected->spans[low].since;
}
