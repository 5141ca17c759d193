#define XXH_INLINE_ALL
#include "trace/parse.h"

#include "trace/tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

static const uint64_t max_string = 1 << 20;
static const uint64_t max_frames = 4096;

static bool cut_short(struct error *error, const char *what) {
    return error_set(error, "%s ends early or is out of range", what);
}

/* The strings of one SITES block. */
struct string_table {
    struct cursor *items;
    uint64_t count;
};

/* Interned, "" for number 0; NULL if there is no such string or no memory. */
static const char *table_string(struct defs *defs, const struct string_table *table,
                                uint64_t number) {
    if (number == 0)
        return "";
    if (number > table->count)
        return NULL;
    return intern_add(&defs->strings, table->items[number - 1].at,
                      cursor_left(&table->items[number - 1]));
}

static bool parse_strings(struct cursor *in, struct string_table *table, struct error *error) {
    if (!cursor_varint(in, &table->count) || table->count > cursor_left(in))
        return cut_short(error, "the number of strings");
    table->items = calloc(table->count + 1, sizeof(*table->items));
    if (!table->items)
        return error_no_memory(error);
    for (uint64_t i = 0; i < table->count; i++) {
        if (!cursor_string(in, max_string, &table->items[i]))
            return cut_short(error, "a string");
    }
    return true;
}

/* Version 1 had neither flags of frames nor sites of ordinary calls. */
static bool has_calls(const struct defs *defs) {
    return defs->version >= 2;
}

/* Pools and calls by code that is not instrumented came with version 3. */
static bool has_pools(const struct defs *defs) {
    return defs->version >= 3;
}

static bool parse_frame(struct defs *defs, struct cursor *in, const struct string_table *table,
                        struct frame *frame, struct error *error) {
    uint64_t function;
    uint64_t file;

    if (!cursor_varint(in, &function) || !cursor_varint(in, &file) ||
        !cursor_varint32(in, &frame->line) || !cursor_varint32(in, &frame->column) ||
        (has_calls(defs) && !cursor_varint32(in, &frame->flags)))
        return cut_short(error, "a frame");
    frame->flags &= MT_FRAME_WRAPPER;
    frame->function = table_string(defs, table, function);
    frame->file = table_string(defs, table, file);
    if (!frame->function || !frame->file)
        return error_set(error, "a frame names a string that is not in the block");
    if (!frame->function[0])
        frame->function = "[unknown]";
    return true;
}

/* Sites without an identity would all be taken for one. */
static uint64_t hash_frames(const struct site *site) {
    uint64_t hash = 0;

    for (uint32_t i = 0; i < site->frame_count; i++) {
        const struct frame *frame = &site->frames[i];

        hash = XXH3_64bits_withSeed(frame->function, strlen(frame->function), hash);
        hash = XXH3_64bits_withSeed(frame->file, strlen(frame->file), hash);
        hash = XXH3_64bits_withSeed(&frame->line, 2 * sizeof(frame->line), hash);
    }
    hash = XXH3_64bits_withSeed(&site->offset, sizeof(site->offset), hash);
    return XXH3_64bits_withSeed(site->module, strlen(site->module), hash);
}

/* So that no tag is taken for a function. */
static bool name_tag(struct defs *defs, struct frame *frame) {
    size_t size = strlen(frame->function) + sizeof(MT_TAG_OPENING MT_TAG_CLOSING);
    char *text = malloc(size);

    if (!text)
        return false;
    snprintf(text, size, MT_TAG_OPENING "%s" MT_TAG_CLOSING, frame->function);
    *frame = (struct frame){.function = intern_add(&defs->strings, text, size - 1), .file = ""};
    free(text);
    return frame->function != NULL;
}

static bool parse_site(struct defs *defs, struct cursor *in, const struct string_table *table,
                       struct site *site, uint32_t *id, struct error *error) {
    uint64_t module;
    uint64_t type;
    uint64_t pool = 0;
    uint64_t count;
    struct frame *frames;

    if (!cursor_varint32(in, id) || !cursor_fixed(in, &site->hash, sizeof(site->hash)) ||
        !cursor_fixed(in, &site->api, 1) || !cursor_fixed(in, &site->flags, 1) ||
        !cursor_varint(in, &module) || !cursor_varint(in, &type) ||
        (has_pools(defs) && (!cursor_varint(in, &pool) || !cursor_varint(in, &site->offset))) ||
        !cursor_varint(in, &count))
        return cut_short(error, "a site");
    if (*id == 0)
        return error_set(error, "site id 0");
    if (count == 0 || count > max_frames)
        return error_set(error, "site %u has %llu frames", *id, (unsigned long long)count);
    if (!has_calls(defs))
        site->flags &= (uint8_t)~MT_SITE_CALL;
    if (!has_pools(defs))
        site->flags &= (uint8_t) ~(MT_SITE_FOREIGN | MT_SITE_TAG);
    site->module = site->flags & MT_SITE_TAG ? "" : table_string(defs, table, module);
    site->type = table_string(defs, table, type);
    site->pool = table_string(defs, table, pool);
    if (!site->module || !site->type || !site->pool)
        return error_set(error, "site %u names a string that is not in the block", *id);
    if (count > cursor_left(in) / (has_calls(defs) ? 5 : 4))
        return cut_short(error, "the frames of a site");
    frames = arena_alloc(&defs->arena, count * sizeof(*frames));
    if (!frames)
        return error_no_memory(error);
    for (uint64_t i = 0; i < count; i++) {
        if (!parse_frame(defs, in, table, &frames[i], error))
            return false;
        if ((site->flags & MT_SITE_TAG) && !name_tag(defs, &frames[i]))
            return error_no_memory(error);
    }
    site->frames = frames;
    site->frame_count = (uint32_t)count;
    if (site->hash == 0)
        site->hash = hash_frames(site);
    return true;
}

/* A site that is already known keeps its first definition. */
static bool add_site(struct defs *defs, const struct site *site, uint32_t id) {
    struct site *added;

    if (id_map_get(&defs->site_of_id, id) != MT_ID_MAP_NONE)
        return true;
    added = MT_LIST_ADD(defs->sites);
    if (!added || !id_map_put(&defs->site_of_id, id, (uint32_t)(defs->sites.count - 1)))
        return false;
    *added = *site;
    return true;
}

bool parse_sites(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    struct string_table table = {0};
    bool good = parse_strings(in, &table, error);

    for (uint32_t i = 0; good && i < count; i++) {
        struct site site = {0};
        uint32_t id = 0;

        good = parse_site(defs, in, &table, &site, &id, error) &&
               (add_site(defs, &site, id) || error_no_memory(error));
    }
    free(table.items);
    return good;
}

/* The context of an id that has none yet. */
static bool add_context(struct defs *defs, uint32_t id, uint32_t parent, uint32_t site) {
    uint32_t index;

    if (!(defs->sites.items[site].flags & MT_SITE_TAG))
        index = defs_add_context(defs, parent, site);
    else if (!tags_place(defs, site, parent, &index))
        return false;
    if (index == MT_ID_MAP_NONE || !id_map_put(&defs->context_of_id, id, index))
        return false;
    if (defs->contexts.items[index].id == 0)
        defs->contexts.items[index].id = id;
    return true;
}

bool parse_contexts(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id, parent_id, site_id;
        uint32_t parent, site;

        if (!cursor_varint32(in, &id) || !cursor_varint32(in, &parent_id) ||
            !cursor_varint32(in, &site_id))
            return cut_short(error, "a context");
        if (id == 0)
            return error_set(error, "context id 0");
        if (id_map_get(&defs->context_of_id, id) != MT_ID_MAP_NONE)
            continue;
        /* A parent is defined before its children, so an id not seen yet was lost or is part of
         * a cycle; either way the chain ends here. */
        parent = id_map_get(&defs->context_of_id, parent_id);
        site = id_map_get(&defs->site_of_id, site_id);
        if (!add_context(defs, id, parent == MT_ID_MAP_NONE ? 0 : parent,
                         site == MT_ID_MAP_NONE ? 0 : site))
            return error_no_memory(error);
    }
    return true;
}

bool parse_threads(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        struct thread_def thread;
        struct thread_def *place;
        struct cursor name;
        uint32_t index;

        if (!cursor_varint32(in, &thread.id) || !cursor_varint(in, &thread.tid) ||
            !cursor_varint(in, &thread.first_ticks) || !cursor_varint(in, &thread.last_ticks) ||
            !cursor_string(in, max_string, &name))
            return cut_short(error, "a thread");
        thread.name = intern_add(&defs->strings, name.at, cursor_left(&name));
        if (!thread.name)
            return error_no_memory(error);
        index = id_map_get(&defs->thread_of_id, thread.id);
        if (index == MT_ID_MAP_NONE) {
            place = MT_LIST_ADD(defs->threads);
            if (!place ||
                !id_map_put(&defs->thread_of_id, thread.id, (uint32_t)(defs->threads.count - 1)))
                return error_no_memory(error);
        } else {
            place = &defs->threads.items[index];
        }
        *place = thread;
    }
    return true;
}

bool parse_marks(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        struct mark mark;
        struct mark *added;
        struct cursor name;

        if (!cursor_varint(in, &mark.ticks) || !cursor_varint32(in, &mark.thread) ||
            !cursor_fixed(in, &mark.kind, 1) || !cursor_string(in, max_string, &name))
            return cut_short(error, "a mark");
        mark.name = intern_add(&defs->strings, name.at, cursor_left(&name));
        added = mark.name ? MT_LIST_ADD(defs->marks) : NULL;
        if (!added)
            return error_no_memory(error);
        *added = mark;
    }
    return true;
}

bool parse_definitions(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        struct cursor record;
        uint8_t kind;
        bool good = true;

        if (!cursor_string(in, MT_BLOCK_MAX_RAW, &record) || !cursor_fixed(&record, &kind, 1))
            return cut_short(error, "a definition");
        if (kind == MT_BLOCK_SITES)
            good = parse_sites(defs, &record, 1, error);
        else if (kind == MT_BLOCK_CONTEXTS)
            good = parse_contexts(defs, &record, 1, error);
        else if (kind == MT_BLOCK_THREADS)
            good = parse_threads(defs, &record, 1, error);
        else if (kind == MT_BLOCK_MARKS)
            good = parse_marks(defs, &record, 1, error);
        else
            continue; /* a kind of a later version */
        if (!good)
            return false;
        if (cursor_left(&record))
            return error_set(error, "a definition is longer than its contents");
    }
    return true;
}

bool parse_process(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    struct process_def *process = &defs->process;
    const struct {
        const char *key;
        const char **value;
    } keys[] = {
        {"executable", &process->executable},
        {"command", &process->command},
        {"cwd", &process->cwd},
        {"host", &process->host},
        {"options", &process->options},
        {"version", &process->version},
        {"arch", &process->arch},
        {"capture", &process->capture},
        {"sample", &process->sample},
        {"parent_trace", &process->parent_trace},
        {"fork_ticks", &process->fork_ticks},
    };

    for (uint32_t i = 0; i < count; i++) {
        struct cursor key;
        struct cursor value;

        if (!cursor_string(in, max_string, &key) || !cursor_string(in, max_string, &value))
            return cut_short(error, "a key or value");
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            const char *copy;

            if (cursor_left(&key) != strlen(keys[k].key) ||
                memcmp(key.at, keys[k].key, cursor_left(&key)) != 0)
                continue;
            copy = arena_copy(&defs->arena, value.at, cursor_left(&value));
            if (!copy)
                return error_no_memory(error);
            *keys[k].value = copy;
            if (keys[k].value == &process->command)
                process->command_size = cursor_left(&value);
        }
    }
    return true;
}

bool parse_clock(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        struct clock_point point;

        if (!cursor_fixed(in, &point, sizeof(point)))
            return cut_short(error, "a clock record");
        if (defs->clock_points++ == 0)
            defs->first_clock = point;
        defs->last_clock = point;
    }
    return true;
}

bool parse_loss(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t thread;
        uint64_t events;
        uint8_t reason;

        if (!cursor_varint32(in, &thread) || !cursor_varint(in, &events) ||
            !cursor_fixed(in, &reason, 1))
            return cut_short(error, "a loss record");
        defs->losses[reason < MT_LOSS_REASONS ? reason : 0] += events;
    }
    return true;
}

bool parse_end(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    struct end_def end = {.present = true};

    if (count != 1 || !cursor_fixed(in, &end.reason, 1) || !cursor_varint(in, &end.ticks) ||
        !cursor_varint(in, &end.events) || !cursor_varint(in, &end.lost) ||
        !cursor_varint(in, &end.writer_ns) || !cursor_varint(in, &end.mapped_bytes))
        return cut_short(error, "the end record");
    defs->end = end;
    return true;
}
