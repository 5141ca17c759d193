/* Which allocations count: those made in a span of time, in a phase, by a thread. Everything that
 * is reported is then about these: their frees, whenever and by whomever, what they held at their
 * peak, and those of them that were live at the end.
 *
 * A phase lasts until the next one begins, or to the end; of a name that is used again, all of its
 * times count. Times are since the beginning of each trace.
 */
#ifndef MT_MODEL_SELECTION_H
#define MT_MODEL_SELECTION_H

#include "model/live_table.h"
#include "trace/trace.h"

/* What the user asked for; zero: everything. */
struct selection {
    double since_ns;
    double until_ns; /* not included */
    const char *phase;
    const char *thread; /* id or name */
};

static inline bool selection_is_empty(const struct selection *selection) {
    return selection->since_ns <= 0 && selection->until_ns <= 0 && !selection->phase &&
           !selection->thread;
}

/* Ticks: from `since` on, before `until`. */
struct selected_span {
    uint64_t since;
    uint64_t until;
};

/* The same, of one trace. */
struct selected {
    struct selected_span *spans; /* in order, apart from each other */
    size_t span_count;
    bool *streams; /* by index; NULL: all */
};

/* False with a message when memory is short. What the trace has nothing of selects nothing there.
 */
bool selection_resolve(const struct selection *selection, const struct trace *trace,
                       struct selected *selected, struct error *error);
void selected_free(struct selected *selected);

/* Whether there is such a phase, or thread, in the trace; true if none was asked for. */
bool selection_knows_phase(const struct selection *selection, const struct trace *trace);
bool selection_knows_thread(const struct selection *selection, const struct trace *trace);

/* Whether the block's allocation counts. */
bool selected_block(const struct selected *selected, const struct live_block *block);

#endif
