#include "model/holders.h"

#include <math.h>
#include <stdlib.h>

static struct holders *self_of(struct observer *observer) {
    return (struct holders *)observer;
}

static void destroy(struct observer *observer) {
    struct holders *holders = self_of(observer);

    free(holders->items.items);
    id_map_free(&holders->index_of);
    free(holders);
}

static struct observer *create(const struct trace *trace, const void *options) {
    const struct moment peak = {MOMENT_PEAK, 0, NULL};
    const struct moment *at = options ? &((const struct holders_options *)options)->at : &peak;
    struct holders *holders = calloc(1, sizeof(*holders));

    if (!holders)
        return NULL;
    holders->trace = trace;
    holders->weights = weights_of(trace);
    holders->kind = at->kind;
    holders->at_ticks = moment_ticks(at, trace);
    holders->then_ticks = trace->reader.header.start_ticks;
    return &holders->base;
}

static uint32_t find(struct holders *holders, uint32_t context, uint32_t stream) {
    uint64_t key = (uint64_t)context << 32 | stream;
    uint32_t index = id_map_get(&holders->index_of, key);
    struct holder *holder;

    if (index != MT_ID_MAP_NONE)
        return index;
    if (holders->items.count >= MT_HOLDERS && stream != MT_NO_STREAM)
        return find(holders, context, MT_NO_STREAM);
    index = (uint32_t)holders->items.count;
    holder = MT_LIST_ADD(holders->items);
    if (!holder || !id_map_put(&holders->index_of, key, index)) {
        holders->base.failed = true;
        holders->items.count = index;
        return MT_ID_MAP_NONE;
    }
    *holder = (struct holder){.context = context, .stream = stream, .epoch = holders->epoch};
    return index;
}

static void touch(const struct holders *holders, struct holder *holder) {
    if (holder->epoch != holders->epoch) {
        holder->then = holder->live;
        holder->epoch = holders->epoch;
    }
}

/* What is held now is what is asked for. */
static void freeze(struct holders *holders, uint64_t ticks) {
    holders->frozen = true;
    holders->at_ticks = UINT64_MAX;
    holders->then_ticks = ticks;
    holders->peak = holders->live;
    holders->epoch++;
}

static void change(struct holders *holders, const struct live_block *block, double weight) {
    uint32_t index = find(holders, block->context, block->thread);
    uint64_t start = holders->trace->reader.header.start_ticks;
    double bytes = weight * (double)block->size;
    struct holder *holder;

    if (index == MT_ID_MAP_NONE)
        return;
    holder = &holders->items.items[index];
    touch(holders, holder);
    holder->live.bytes += bytes;
    holder->live.blocks += weight;
    holder->live.begun += weight * (double)(block->ticks > start ? block->ticks - start : 0);
    holders->live += bytes;
}

static void begins(struct observer *observer, const struct live_block *block, unsigned op) {
    struct holders *holders = self_of(observer);

    (void)op;
    if (block->ticks > holders->at_ticks)
        freeze(holders, holders->at_ticks);
    change(holders, block, weight_of(&holders->weights, block));
    if (holders->kind == MOMENT_PEAK && holders->live > holders->peak) {
        holders->peak = holders->live;
        holders->then_ticks = block->ticks;
        holders->epoch++;
    }
}

static void ends(struct observer *observer, const struct live_block *block, uint64_t ticks) {
    struct holders *holders = self_of(observer);

    if (ticks > holders->at_ticks)
        freeze(holders, holders->at_ticks);
    change(holders, block, -weight_of(&holders->weights, block));
}

static void finish(struct observer *observer, const struct live_table *left, uint64_t last_ticks) {
    struct holders *holders = self_of(observer);

    (void)left;
    (void)last_ticks;
    if (holders->kind != MOMENT_PEAK && !holders->frozen)
        freeze(holders, holders->at_ticks);
    for (size_t i = 0; i < holders->items.count; i++)
        touch(holders, &holders->items.items[i]);
}

double holders_age_ns(const struct holders *holders, const struct held *then) {
    double at = trace_ns(holders->trace, holders->then_ticks);

    if (then->blocks <= 0)
        return 0;
    return fmax(0, at - then->begun * holders->trace->defs.ns_per_tick / then->blocks);
}

const struct observer_ops holders_ops = {.create = create,
                                         .begins = begins,
                                         .ends = ends,
                                         .finish = finish,
                                         .destroy = destroy,
                                         .all_places = true};
