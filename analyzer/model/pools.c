#include "model/pools.h"

#include "trace/merge.h"

#include <stdlib.h>
#include <string.h>

/* How many instances without live blocks are kept, and how many are let pile up before that. */
enum { INSTANCES_KEPT = 1024, INSTANCES_MAX = 16384 };

struct run {
    struct pools *pools;
    const struct defs *defs;
    struct pool_blocks blocks;
    struct live_table heap;
    struct id_map instance_of_key;
    uint32_t *pool_of_site;
    uint64_t *in_pool;    /* by stream: what IN_POOL said; 0 nothing */
    uint64_t *last_freed; /* by stream: the block that it gave back last */
    size_t prune_at;
    struct facts *facts; /* may be NULL */
    uint32_t selected;   /* pool; UINT32_MAX none */
};

void pool_counters_add(struct pool_counters *sum, const struct pool_counters *more) {
    sum->allocations += more->allocations;
    sum->allocated_bytes += more->allocated_bytes;
    for (int how = 0; how < POOL_ENDS; how++)
        sum->ended[how] += more->ended[how];
    sum->live += more->live;
    sum->live_blocks += more->live_blocks;
    sum->peak += more->peak;
}

bool pools_are_known(const struct trace *trace) {
    const struct defs *defs = &trace->defs;

    for (size_t i = 0; i < defs->sites.count; i++) {
        if (defs->sites.items[i].pool[0])
            return true;
    }
    return false;
}

void pools_free(struct pools *pools) {
    free(pools->pools.items);
    free(pools->instances.items);
    *pools = (struct pools){0};
}

/* The pools' names, number 0 being the unknown one. */
static bool name_pools(struct run *run) {
    struct id_map of_text = {0};
    bool good = true;

    for (size_t i = 0; good && i < run->defs->sites.count; i++) {
        /* Equal strings of a trace have equal addresses. */
        const char *name = run->defs->sites.items[i].pool;
        uint64_t key = name[0] ? (uintptr_t)name : 0;
        uint32_t index = id_map_get(&of_text, key);

        if (index == MT_ID_MAP_NONE || i == 0) {
            struct pool *added = MT_LIST_ADD(run->pools->pools);

            index = (uint32_t)run->pools->pools.count - 1;
            good = added && id_map_put(&of_text, key, index);
            if (good)
                *added = (struct pool){.name = i == 0 ? "" : name};
        }
        run->pool_of_site[i] = index;
    }
    id_map_free(&of_text);
    return good;
}

static void count_begin(struct pool_counters *counters, const struct pool_block *block) {
    counters->allocations++;
    counters->allocated_bytes += block->size;
    counters->live += block->size;
    counters->live_blocks++;
    if (counters->live > counters->peak)
        counters->peak = counters->live;
}

static void count_end(struct pool_counters *counters, const struct pool_block *block,
                      enum pool_end how) {
    counters->live -= block->size;
    counters->live_blocks--;
    counters->ended[how]++;
}

static struct pool_counters *counters_of_pool(struct run *run, const struct pool_block *block) {
    return &run->pools->pools.items[block->pool].counters;
}

static struct pool_counters *counters_of_instance(struct run *run, const struct pool_block *block) {
    return &run->pools->instances.items[block->instance].counters;
}

static struct live_block as_live_block(const struct pool_block *block) {
    return (struct live_block){.address = block->address,
                               .size = block->size,
                               .ticks = block->ticks,
                               .context = block->context,
                               .thread = block->thread};
}

static bool is_selected(const struct run *run, const struct pool_block *block) {
    return run->facts && block->pool == run->selected;
}

/* The event, not NULL, frees the block, alone or with others. */
static void end_block(struct run *run, uint32_t at, const struct event *event, enum pool_end how) {
    struct pool_block block = *pool_blocks_at(&run->blocks, at);

    count_end(counters_of_pool(run, &block), &block, how);
    count_end(counters_of_instance(run, &block), &block, how);
    if (is_selected(run, &block)) {
        struct live_block live = as_live_block(&block);

        facts_block_ends(run->facts, &live);
        if (how == POOL_END_REUSED) {
            run->facts->missed_frees++;
        } else {
            facts_block_freed(run->facts, &live, event->stream, event->ticks);
            run->facts->threads[event->stream].frees++;
        }
    }
    pool_blocks_remove(&run->blocks, at, &run->pools->instances.items[block.instance].first);
}

static void end_range(struct run *run, uint64_t begin, uint64_t size, uint32_t instance,
                      const struct event *event, enum pool_end how) {
    struct pool_range range = {.begin = begin, .instance = instance};
    uint32_t at;

    range.end = size > UINT64_MAX - begin ? UINT64_MAX : begin + (size ? size : 1);
    while ((at = pool_blocks_next(&run->blocks, &range)) != 0) {
        if (how == POOL_END_WITH_HEAP)
            run->last_freed[event->stream] = pool_blocks_at(&run->blocks, at)->address;
        end_block(run, at, event, how);
    }
}

static uint64_t instance_key(uint32_t pool, uint64_t identity) {
    return id_hash(identity) + pool;
}

static int by_peak(const void *left, const void *right) {
    const struct pool_instance *a = *(const struct pool_instance *const *)left;
    const struct pool_instance *b = *(const struct pool_instance *const *)right;

    return (a->counters.peak < b->counters.peak) - (a->counters.peak > b->counters.peak);
}

/* Marks the instances to forget by an allocation count of 0, which none has. */
static bool choose_to_forget(struct run *run) {
    struct pool_instance *instances = run->pools->instances.items;
    size_t count = run->pools->instances.count;
    struct pool_instance **idle = malloc(count * sizeof(struct pool_instance *));
    size_t idle_count = 0;

    if (!idle)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!instances[i].first)
            idle[idle_count++] = &instances[i];
    }
    qsort(idle, idle_count, sizeof(*idle), by_peak);
    for (size_t i = INSTANCES_KEPT; i < idle_count; i++)
        idle[i]->counters.allocations = 0;
    free(idle);
    return true;
}

/* Memory for instances follows their live blocks, whatever comes and goes. */
static bool forget_instances(struct run *run) {
    struct pool_instance *instances = run->pools->instances.items;
    size_t kept = 0;

    if (!choose_to_forget(run))
        return false;
    id_map_free(&run->instance_of_key);
    for (size_t i = 0; i < run->pools->instances.count; i++) {
        if (!instances[i].counters.allocations)
            continue;
        for (uint32_t at = instances[i].first; at;
             at = pool_blocks_at(&run->blocks, at)->next_of_instance)
            pool_blocks_at(&run->blocks, at)->instance = (uint32_t)kept;
        if (!id_map_put(&run->instance_of_key,
                        instance_key(instances[i].pool, instances[i].identity), (uint32_t)kept))
            return false;
        instances[kept++] = instances[i];
    }
    run->pools->instances.count = kept;
    run->prune_at = 2 * kept > INSTANCES_MAX ? 2 * kept : INSTANCES_MAX;
    return true;
}

/* MT_ID_MAP_NONE if there is none. */
static uint32_t find_instance(const struct run *run, uint32_t pool, uint64_t identity) {
    return id_map_get(&run->instance_of_key, instance_key(pool, identity));
}

/* MT_ID_MAP_NONE when memory is short. */
static uint32_t make_instance(struct run *run, uint32_t pool, uint64_t identity) {
    uint32_t index = find_instance(run, pool, identity);
    struct pool_instance *added;

    if (index != MT_ID_MAP_NONE)
        return index;
    if (run->pools->instances.count >= run->prune_at && !forget_instances(run))
        return MT_ID_MAP_NONE;
    added = MT_LIST_ADD(run->pools->instances);
    index = (uint32_t)(run->pools->instances.count - 1);
    if (!added || !id_map_put(&run->instance_of_key, instance_key(pool, identity), index))
        return MT_ID_MAP_NONE;
    *added = (struct pool_instance){.pool = pool, .identity = identity};
    run->pools->pools.items[pool].instances += identity != 0;
    return index;
}

static bool pool_alloc(struct run *run, const struct event *event, uint32_t context, uint32_t pool,
                       uint64_t identity) {
    uint32_t instance = make_instance(run, pool, identity);
    struct pool_block block = {
        .address = event->address,
        .size = event->size,
        .ticks = event->ticks,
        .context = context,
        .thread = event->stream,
        .pool = pool,
        .instance = instance,
    };

    if (instance == MT_ID_MAP_NONE)
        return false;
    end_range(run, event->address, event->size, instance, event, POOL_END_REUSED);
    if (run->last_freed[event->stream] == event->address)
        run->last_freed[event->stream] = 0;
    if (!pool_blocks_add(&run->blocks, &block, &run->pools->instances.items[instance].first))
        return false;
    count_begin(counters_of_pool(run, &block), &block);
    count_begin(counters_of_instance(run, &block), &block);
    if (is_selected(run, &block)) {
        struct live_block live = as_live_block(&block);

        facts_block_begins(run->facts, &live);
    }
    return true;
}

static void pool_free(struct run *run, const struct event *event, uint32_t pool,
                      uint64_t identity) {
    uint32_t instance = find_instance(run, pool, identity);
    bool again = run->last_freed[event->stream] == event->address;
    uint32_t at;

    if (identity && identity == event->address) {
        while (instance != MT_ID_MAP_NONE && run->pools->instances.items[instance].first)
            end_block(run, run->pools->instances.items[instance].first, event, POOL_END_WITH_POOL);
        return;
    }
    at = pool_blocks_find(&run->blocks, event->address, pool, instance, !again);
    if (at) {
        end_block(run, at, event, POOL_END_FREED);
    } else if (!again && !live_table_find(&run->heap, event->address)->address) {
        run->pools->pools.items[pool].unmatched_frees++;
        if (run->facts && pool == run->selected) {
            run->facts->unmatched_frees++;
            run->facts->threads[event->stream].frees++;
        }
    }
    run->last_freed[event->stream] = event->address;
}

/* The heap is followed only as far as to know where its blocks are. */
static bool heap_event(struct run *run, const struct event *event) {
    struct live_block *slot;

    if (event_is_allocation(event) && run->heap.count >= run->heap.limit &&
        !live_table_grow(&run->heap))
        return false;
    slot = live_table_find(&run->heap, event->address);
    if (slot->address)
        end_range(run, slot->address, slot->size, UINT32_MAX, event, POOL_END_WITH_HEAP);
    if (event_is_allocation(event)) {
        run->heap.count += slot->address == 0;
        *slot = (struct live_block){.address = event->address, .size = event->size};
    } else if (slot->address) {
        live_table_remove(&run->heap, slot);
    }
    return true;
}

static bool process(struct run *run, const struct event *event) {
    uint32_t context = defs_context(run->defs, event->context);
    uint32_t pool = run->pool_of_site[run->defs->contexts.items[context].site];
    uint64_t identity = run->in_pool[event->stream];

    run->in_pool[event->stream] = event->op == MT_OP_IN_POOL ? event->address : 0;
    if (event->op == MT_OP_IN_POOL)
        return true;
    if (event->op != MT_OP_POOL_ALLOC && event->op != MT_OP_POOL_FREE)
        return heap_event(run, event);
    if (run->facts && pool == run->selected) {
        run->facts->threads[event->stream].events++;
        run->facts->last_ticks = event->ticks;
    }
    if (event->op == MT_OP_POOL_ALLOC)
        return pool_alloc(run, event, context, pool, identity);
    pool_free(run, event, pool, identity);
    return true;
}

static bool process_all(struct run *run, struct merge *merge, struct error *error) {
    const struct event *events;
    size_t count;

    for (;;) {
        if (!merge_next(merge, &events, &count, error))
            return false;
        if (count == 0)
            return true;
        for (size_t i = 0; i < count; i++) {
            if (!process(run, &events[i]))
                return error_no_memory(error);
        }
    }
}

static int compare_instances(const void *left, const void *right) {
    const struct pool_instance *a = left;
    const struct pool_instance *b = right;

    if (a->pool != b->pool)
        return a->pool < b->pool ? -1 : 1;
    if (a->counters.peak != b->counters.peak)
        return a->counters.peak > b->counters.peak ? -1 : 1;
    return (a->identity > b->identity) - (a->identity < b->identity);
}

static void select_pool(struct run *run, const char *name) {
    run->selected = UINT32_MAX;
    for (size_t i = 0; name && i < run->pools->pools.count; i++) {
        if (strcmp(run->pools->pools.items[i].name, name) == 0)
            run->selected = (uint32_t)i;
    }
}

static bool begin(struct run *run, struct trace *trace, const char *select) {
    size_t streams = trace->reader.stream_count + 1;

    run->pool_of_site = calloc(run->defs->sites.count, sizeof(*run->pool_of_site));
    run->in_pool = calloc(streams, sizeof(*run->in_pool));
    run->last_freed = calloc(streams, sizeof(*run->last_freed));
    if (!run->pool_of_site || !run->in_pool || !run->last_freed || !name_pools(run) ||
        !live_table_init(&run->heap))
        return false;
    select_pool(run, select);
    return true;
}

static void end(struct run *run) {
    free(run->pool_of_site);
    free(run->in_pool);
    free(run->last_freed);
    id_map_free(&run->instance_of_key);
    pool_blocks_free(&run->blocks);
    if (run->heap.slots)
        live_table_free(&run->heap);
    if (run->pools->instances.count)
        qsort(run->pools->instances.items, run->pools->instances.count,
              sizeof(*run->pools->instances.items), compare_instances);
}

bool pools_run(struct pools *pools, struct trace *trace, const char *select, struct facts *facts,
               struct error *error) {
    struct run run = {
        .pools = pools, .defs = &trace->defs, .facts = facts, .prune_at = INSTANCES_MAX};
    const struct damage damage = trace->reader.damage;
    uint64_t lost_events = trace->reader.lost_events;
    struct merge merge = {0};
    bool good;

    *pools = (struct pools){0};
    if (facts && !facts_init(facts, trace->defs.contexts.count, trace->reader.stream_count, error))
        return false;
    good = begin(&run, trace, select) || error_no_memory(error);
    if (good) {
        good = merge_begin(&merge, &trace->reader, error) && process_all(&run, &merge, error);
        merge_end(&merge);
    }
    end(&run);
    trace->reader.damage = damage;
    trace->reader.lost_events = lost_events;
    if (good && facts)
        facts_finish(facts);
    if (!good) {
        pools_free(pools);
        if (facts)
            facts_free(facts);
    }
    return good;
}
