#define XXH_INLINE_ALL
#include "trace/defs.h"

#include "trace/parse.h"

#include <stdlib.h>
#include <xxhash.h>

/* Definitions of a program with millions of sites stay far below this; without a limit a file of a
 * megabyte could define gigabytes. */
static const size_t max_bytes = (size_t)2 << 30;

typedef bool parse_function(struct defs *defs, struct cursor *in, uint32_t count,
                            struct error *error);

static parse_function *const parsers[MT_KNOWN_KINDS] = {
    [MT_BLOCK_SITES] = parse_sites,
    [MT_BLOCK_CONTEXTS] = parse_contexts,
    [MT_BLOCK_THREADS] = parse_threads,
    [MT_BLOCK_PROCESS] = parse_process,
    [MT_BLOCK_CLOCK] = parse_clock,
    [MT_BLOCK_LOSS] = parse_loss,
    [MT_BLOCK_END] = parse_end,
    [MT_BLOCK_DEFINITIONS] = parse_definitions,
    [MT_BLOCK_MARKS] = parse_marks,
    [MT_BLOCK_PROFILE] = parse_profile,
    [MT_BLOCK_REFERENCES] = parse_references,
};

static size_t memory_used(const struct defs *defs) {
    return defs->arena.total + defs->sites.capacity * sizeof(*defs->sites.items) +
           defs->contexts.capacity * sizeof(*defs->contexts.items) +
           defs->threads.capacity * sizeof(*defs->threads.items) +
           defs->marks.capacity * sizeof(*defs->marks.items) +
           defs->profile.contexts.capacity * sizeof(*defs->profile.contexts.items) +
           defs->profile.threads.capacity * sizeof(*defs->profile.threads.items) +
           defs->profile.points.capacity * sizeof(*defs->profile.points.items);
}

static void load_block(struct defs *defs, struct reader *reader, const struct block_ref *block,
                       struct payload *payload) {
    struct mt_block_header header = reader_block_header(reader, block->offset);
    uint64_t size = sizeof(header) + header.stored_size;
    struct cursor in;
    struct error error;

    /* All but the summary is for who follows references. */
    if (block->kind == MT_BLOCK_REFERENCES && header.raw_size > MT_SUMMARY_MAX)
        return;
    if (memory_used(defs) > max_bytes) {
        damage_note(&reader->damage, block->offset, size, "definitions exceed 2 GiB");
        return;
    }
    if (!reader_payload(reader, block->offset, payload, &error)) {
        damage_note(&reader->damage, block->offset, size, "%s", error.text);
        return;
    }
    in = (struct cursor){payload->bytes, payload->bytes + payload->size};
    if (!parsers[block->kind](defs, &in, header.count, &error))
        damage_note(&reader->damage, block->offset, size, "payload byte %zu: %s",
                    (size_t)(in.at - payload->bytes), error.text);
    else if (cursor_left(&in))
        damage_note(&reader->damage, block->offset, size, "payload goes on after the last record");
}

/* Ids are nearly dense in practice; a table then beats a hash map, which the hottest loop would
 * ask once per event. */
static bool build_context_table(struct defs *defs) {
    const struct id_map *map = &defs->context_of_id;
    size_t size = 1;

    for (size_t i = 0; i < map->capacity; i++) {
        if (map->values[i] != MT_ID_MAP_NONE && map->keys[i] >= size)
            size = (size_t)map->keys[i] + 1;
    }
    if (size > 4 * defs->contexts.count + 65536)
        size = 1;
    defs->context_table = calloc(size, sizeof(*defs->context_table));
    if (!defs->context_table)
        return false;
    defs->context_table_size = size;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->values[i] != MT_ID_MAP_NONE && map->keys[i] < size)
            defs->context_table[map->keys[i]] = map->values[i];
    }
    return true;
}

static void find_clock_rate(struct defs *defs, const struct reader *reader) {
    const struct clock_point *first = &defs->first_clock;
    const struct clock_point *last = &defs->last_clock;

    defs->rate_known = true;
    defs->ns_per_tick = 1;
    if ((reader->header.flags & MT_FILE_CLOCK_TSC) == 0)
        return;
    if (last->ticks > first->ticks && last->monotonic_ns > first->monotonic_ns)
        defs->ns_per_tick = (double)(last->monotonic_ns - first->monotonic_ns) /
                            (double)(last->ticks - first->ticks);
    else
        defs->rate_known = false;
}

static bool add_unknowns(struct defs *defs) {
    static const struct frame unknown_frame = {.function = "[unknown]", .file = ""};
    struct site *site = MT_LIST_ADD(defs->sites);
    struct context *root = MT_LIST_ADD(defs->contexts);

    if (!site || !root)
        return false;
    *site = (struct site){
        .module = "", .type = "", .pool = "", .frames = &unknown_frame, .frame_count = 1};
    *root = (struct context){0};
    defs->process = (struct process_def){.executable = "",
                                         .command = "",
                                         .cwd = "",
                                         .host = "",
                                         .options = "",
                                         .version = "",
                                         .arch = "",
                                         .capture = "",
                                         .sample = "",
                                         .parent_trace = "",
                                         .fork_ticks = ""};
    return true;
}

bool defs_load(struct defs *defs, struct reader *reader, struct error *error) {
    struct payload payload = {0};

    *defs = (struct defs){.version = reader->header.version};
    defs->strings.arena = &defs->arena;
    if (!add_unknowns(defs))
        return error_no_memory(error);
    for (size_t i = 0; i < reader->block_count; i++) {
        if (parsers[reader->blocks[i].kind])
            load_block(defs, reader, &reader->blocks[i], &payload);
    }
    payload_free(&payload);
    for (int i = 0; i < MT_LOSS_REASONS; i++)
        if (reader->live_lost[i] > defs->losses[i])
            defs->losses[i] = reader->live_lost[i];
    find_clock_rate(defs, reader);
    if (!build_context_table(defs))
        return error_no_memory(error);
    if (defs->end.present && defs->end.events > reader->events &&
        defs->end.events - reader->events > reader->lost_events)
        reader->lost_events = defs->end.events - reader->events;
    return true;
}

void defs_free(struct defs *defs) {
    free(defs->sites.items);
    free(defs->contexts.items);
    free(defs->threads.items);
    free(defs->marks.items);
    profile_free(&defs->profile);
    free(defs->context_table);
    id_map_free(&defs->site_of_id);
    id_map_free(&defs->context_of_id);
    id_map_free(&defs->thread_of_id);
    id_map_free(&defs->tagged);
    intern_free(&defs->strings);
    arena_free(&defs->arena);
    *defs = (struct defs){0};
}

static uint64_t chain_hash(uint64_t parent, uint64_t site) {
    uint64_t pair[2] = {parent, site};

    return XXH3_64bits(pair, sizeof(pair));
}

uint32_t defs_add_context(struct defs *defs, uint32_t parent, uint32_t site) {
    struct context *context = MT_LIST_ADD(defs->contexts);

    if (!context)
        return MT_ID_MAP_NONE;
    *context = (struct context){
        .hash = chain_hash(defs->contexts.items[parent].hash, defs->sites.items[site].hash),
        .parent = parent,
        .site = site,
        .depth = defs->contexts.items[parent].depth + 1,
    };
    return (uint32_t)(defs->contexts.count - 1);
}

void defs_rehash(struct defs *defs) {
    for (size_t i = 1; i < defs->contexts.count; i++) {
        struct context *context = &defs->contexts.items[i];
        const struct context *parent = &defs->contexts.items[context->parent];

        context->depth = parent->depth + 1;
        context->hash = chain_hash(parent->hash, defs->sites.items[context->site].hash);
    }
}

const struct thread_def *defs_thread(const struct defs *defs, uint32_t id) {
    uint32_t index = id_map_get(&defs->thread_of_id, id);

    return index == MT_ID_MAP_NONE ? NULL : &defs->threads.items[index];
}

uint64_t defs_dropped(const struct defs *defs) {
    uint64_t sum = 0;

    for (int i = 0; i < MT_LOSS_REASONS; i++)
        sum += defs->losses[i];
    return sum > defs->end.lost ? sum : defs->end.lost;
}
