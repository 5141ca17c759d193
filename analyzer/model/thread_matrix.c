#define XXH_INLINE_ALL
#include "model/thread_matrix.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static struct thread_matrix *matrix_of(struct observer *observer) {
    return (struct thread_matrix *)observer;
}

static const char *stream_name(const struct trace *trace, size_t stream) {
    const struct thread_def *def = defs_thread(&trace->defs, trace->reader.streams[stream].thread);

    return def ? def->name : "";
}

/* False when memory is short. */
static bool find_groups(struct thread_matrix *matrix, bool by_name) {
    size_t streams = matrix->trace->reader.stream_count;
    struct id_map names = {0};
    bool good = true;

    for (size_t i = 0; good && i < streams; i++) {
        const char *name = stream_name(matrix->trace, i);
        uint64_t key = by_name && name[0] ? XXH3_64bits(name, strlen(name)) : 0;
        uint32_t group = key ? id_map_get(&names, key) : MT_ID_MAP_NONE;

        if (group == MT_ID_MAP_NONE) {
            group = (uint32_t)matrix->group_count++;
            matrix->groups[group].stream = (uint32_t)i;
            good = !key || id_map_put(&names, key, group);
        }
        matrix->group_of[i] = group;
        matrix->groups[group].threads++;
    }
    id_map_free(&names);
    return good;
}

static void destroy(struct observer *observer) {
    struct thread_matrix *matrix = matrix_of(observer);

    free(matrix->group_of);
    free(matrix->groups);
    free(matrix->pairs.items);
    id_map_free(&matrix->pair_of);
    free(matrix);
}

static struct observer *create(const struct trace *trace, const void *options) {
    const struct thread_matrix_options *how = options;
    size_t streams = trace->reader.stream_count;
    struct thread_matrix *matrix = calloc(1, sizeof(*matrix));

    if (!matrix)
        return NULL;
    matrix->trace = trace;
    matrix->weights = weights_of(trace);
    matrix->last_key = UINT64_MAX; /* of no pair: streams have 24 bits */
    matrix->group_of = calloc(streams + 1, sizeof(*matrix->group_of));
    matrix->groups = calloc(streams + 1, sizeof(*matrix->groups));
    if (matrix->group_of && matrix->groups && find_groups(matrix, how && how->by_name))
        return &matrix->base;
    destroy(&matrix->base);
    return NULL;
}

static inline void add(struct thread_sum *sum, double weight, const struct live_block *block) {
    sum->blocks += weight;
    sum->bytes += weight * (double)block->size;
}

static void begins(struct observer *observer, const struct live_block *block, unsigned op) {
    struct thread_matrix *matrix = matrix_of(observer);
    struct thread_group *group = &matrix->groups[matrix->group_of[block->thread]];
    double weight = weight_of(&matrix->weights, block);

    (void)op;
    add(&group->allocated, weight, block);
    add(&group->live, weight, block);
    if (group->live.bytes > group->peak) {
        group->peak = group->live.bytes;
        group->peak_ticks = block->ticks;
    }
}

static void ends(struct observer *observer, const struct live_block *block, uint64_t ticks) {
    struct thread_matrix *matrix = matrix_of(observer);

    (void)ticks;
    add(&matrix->groups[matrix->group_of[block->thread]].live, -weight_of(&matrix->weights, block),
        block);
}

/* Pairs come in runs, so that the last one is most often this. NULL: beyond, or no memory. */
static struct thread_pair *find_pair(struct thread_matrix *matrix, uint32_t owner, uint32_t freer) {
    uint64_t key = (uint64_t)owner << 32 | freer;
    uint32_t index;
    struct thread_pair *pair;

    if (key == matrix->last_key)
        return &matrix->pairs.items[matrix->last_pair];
    index = id_map_get(&matrix->pair_of, key);
    if (index == MT_ID_MAP_NONE) {
        if (matrix->pairs.count == MT_THREAD_PAIRS)
            return NULL;
        index = (uint32_t)matrix->pairs.count;
        pair = MT_LIST_ADD(matrix->pairs);
        if (!pair || !id_map_put(&matrix->pair_of, key, index)) {
            matrix->base.failed = true;
            matrix->pairs.count = index;
            return NULL;
        }
        *pair = (struct thread_pair){.owner = owner, .freer = freer};
    }
    matrix->last_key = key;
    matrix->last_pair = index;
    return &matrix->pairs.items[index];
}

static void freed(struct observer *observer, const struct live_block *block,
                  const struct block_free *by) {
    struct thread_matrix *matrix = matrix_of(observer);
    uint32_t owner = matrix->group_of[block->thread];
    uint32_t freer = matrix->group_of[by->stream];
    double weight = weight_of(&matrix->weights, block);
    struct thread_pair *pair;

    if (owner == freer) {
        add(&matrix->groups[owner].freed_by_itself, weight, block);
        return;
    }
    add(&matrix->groups[owner].freed_by_others, weight, block);
    add(&matrix->groups[freer].freed_for_others, weight, block);
    pair = find_pair(matrix, owner, freer);
    add(pair ? &pair->freed : &matrix->beyond, weight, block);
}

const char *thread_matrix_name(const struct thread_matrix *matrix,
                               const struct thread_group *group) {
    return stream_name(matrix->trace, group->stream);
}

const struct observer_ops thread_matrix_ops = {
    .create = create, .begins = begins, .ends = ends, .freed = freed, .destroy = destroy};
