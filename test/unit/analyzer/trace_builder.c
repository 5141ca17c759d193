#define XXH_INLINE_ALL
#include "trace_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

void bytes_add(struct bytes *bytes, const void *data, size_t size) {
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = 2 * (bytes->size + size) + 64;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data)
            abort();
    }
    if (size)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void add_byte(struct bytes *bytes, uint8_t byte) {
    bytes_add(bytes, &byte, 1);
}

void bytes_varint(struct bytes *bytes, uint64_t value) {
    while (value >= 0x80) {
        add_byte(bytes, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    add_byte(bytes, (uint8_t)value);
}

void bytes_zigzag(struct bytes *bytes, int64_t value) {
    bytes_varint(bytes, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

void bytes_string(struct bytes *bytes, const char *text) {
    bytes_varint(bytes, strlen(text));
    bytes_add(bytes, text, strlen(text));
}

void bytes_free(struct bytes *bytes) {
    free(bytes->data);
    *bytes = (struct bytes){0};
}

void builder_reseal_file_header(struct builder *builder) {
    uint64_t checksum = XXH3_64bits(builder->file.data, 56);

    memcpy(builder->file.data + 56, &checksum, sizeof(checksum));
}

void builder_begin_version(struct builder *builder, int version) {
    struct mt_file_header header = {
        .version = (uint16_t)version,
        .header_size = 64,
        .trace_id = 0x1122334455667788,
        .pid = 4321,
        .parent_pid = 1,
        .start_ticks = 1000,
        .start_realtime_ns = 1700000000000000000,
    };

    *builder = (struct builder){.version = version};
    memcpy(header.magic, "\x89MTRK\r\n\x1a", 8);
    bytes_add(&builder->file, &header, sizeof(header));
    builder_reseal_file_header(builder);
}

void builder_begin(struct builder *builder) {
    builder_begin_version(builder, MT_TRACE_VERSION);
}

void builder_free(struct builder *builder) {
    bytes_free(&builder->file);
}

void builder_reseal_block(struct builder *builder, size_t offset) {
    uint8_t *block = builder->file.data + offset;
    uint32_t stored;
    struct bytes covered = {0};
    uint64_t checksum;

    memcpy(&stored, block + 16, sizeof(stored));
    bytes_add(&covered, block, 48);
    bytes_add(&covered, block + 56, stored);
    checksum = XXH3_64bits(covered.data, covered.size);
    memcpy(block + 48, &checksum, sizeof(checksum));
    bytes_free(&covered);
}

void builder_block(struct builder *builder, struct mt_block_header header,
                   const struct bytes *payload) {
    size_t offset = builder->file.size;
    size_t bound = ZSTD_compressBound(payload->size);
    void *packed = NULL;

    header.magic = 0x314b424d;
    header.stored_size = (uint32_t)payload->size;
    header.raw_size = (uint32_t)payload->size;
    if (builder->compress) {
        packed = malloc(bound);
        if (!packed)
            abort();
        header.flags |= 1;
        header.stored_size =
            (uint32_t)ZSTD_compress(packed, bound, payload->data, payload->size, 1);
    }
    bytes_add(&builder->file, &header, sizeof(header));
    bytes_add(&builder->file, packed ? packed : payload->data, header.stored_size);
    free(packed);
    builder_reseal_block(builder, offset);
}

static void add_site(struct builder *builder, uint32_t id, uint64_t hash, uint8_t api,
                     uint8_t flags, const char *module, const char *type,
                     const struct built_frame *frames, size_t count) {
    struct bytes payload = {0};

    bytes_varint(&payload, 2 + 2 * count);
    bytes_string(&payload, module);
    bytes_string(&payload, type ? type : "");
    for (size_t i = 0; i < count; i++) {
        bytes_string(&payload, frames[i].function);
        bytes_string(&payload, frames[i].file ? frames[i].file : "");
    }
    bytes_varint(&payload, id);
    bytes_add(&payload, &hash, sizeof(hash));
    add_byte(&payload, api);
    add_byte(&payload, flags);
    bytes_varint(&payload, 1);
    bytes_varint(&payload, type ? 2 : 0);
    if (builder->version >= 3) {
        bytes_varint(&payload, 0);
        bytes_varint(&payload, 0);
    }
    bytes_varint(&payload, count);
    for (size_t i = 0; i < count; i++) {
        bytes_varint(&payload, 3 + 2 * i);
        bytes_varint(&payload, frames[i].file ? 4 + 2 * i : 0);
        bytes_varint(&payload, frames[i].line);
        bytes_varint(&payload, frames[i].column);
        if (builder->version >= 2)
            bytes_varint(&payload, frames[i].flags);
    }
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_SITES, .count = 1}, &payload);
    bytes_free(&payload);
}

void builder_site(struct builder *builder, uint32_t id, uint64_t hash, uint8_t api, uint8_t flags,
                  const char *type, const struct built_frame *frames, size_t count) {
    add_site(builder, id, hash, api, flags, "/usr/bin/program", type, frames, count);
}

void builder_site_of(struct builder *builder, uint32_t id, uint64_t hash, uint8_t api,
                     uint8_t flags, const char *module, const struct built_frame *frames,
                     size_t count) {
    add_site(builder, id, hash, api, flags, module, NULL, frames, count);
}

void builder_foreign_site(struct builder *builder, uint32_t id, uint64_t hash, uint8_t api,
                          const char *module, uint64_t offset) {
    struct bytes payload = {0};

    bytes_varint(&payload, 1);
    bytes_string(&payload, module);
    bytes_varint(&payload, id);
    bytes_add(&payload, &hash, sizeof(hash));
    add_byte(&payload, api);
    add_byte(&payload, 4); /* FOREIGN */
    bytes_varint(&payload, 1);
    bytes_varint(&payload, 0);
    bytes_varint(&payload, 0);
    bytes_varint(&payload, offset);
    bytes_varint(&payload, 1);
    for (int i = 0; i < 5; i++)
        bytes_varint(&payload, 0);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_SITES, .count = 1}, &payload);
    bytes_free(&payload);
}

void builder_tags(struct builder *builder, uint32_t id, const char *const *tags, size_t count) {
    struct built_frame *frames = calloc(count, sizeof(*frames));

    if (!frames)
        abort();
    for (size_t i = 0; i < count; i++)
        frames[i].function = tags[i];
    builder_site(builder, id, 0, 0, 8 /* TAG */, NULL, frames, count);
    free(frames);
}

void builder_contexts(struct builder *builder, const struct built_context *contexts, size_t count) {
    struct mt_block_header header = {.kind = MT_BLOCK_CONTEXTS, .count = (uint32_t)count};
    struct bytes payload = {0};

    for (size_t i = 0; i < count; i++) {
        bytes_varint(&payload, contexts[i].id);
        bytes_varint(&payload, contexts[i].parent);
        bytes_varint(&payload, contexts[i].site);
    }
    builder_block(builder, header, &payload);
    bytes_free(&payload);
}

void builder_context(struct builder *builder, uint32_t id, uint32_t parent, uint32_t site) {
    const struct built_context context = {id, parent, site};

    builder_contexts(builder, &context, 1);
}

void builder_simple_context(struct builder *builder, uint32_t id) {
    char function[32];
    struct built_frame frame = {function, "file.c", id, 7, 0};

    snprintf(function, sizeof(function), "function%u", id);
    builder_site(builder, id, 1000 + id, 1, 0, NULL, &frame, 1);
    builder_context(builder, id, 0, id);
}

void builder_thread(struct builder *builder, uint32_t id, uint64_t tid, const char *name) {
    struct bytes payload = {0};

    bytes_varint(&payload, id);
    bytes_varint(&payload, tid);
    bytes_varint(&payload, 1000);
    bytes_varint(&payload, 0);
    bytes_string(&payload, name);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_THREADS, .count = 1},
                  &payload);
    bytes_free(&payload);
}

void builder_process(struct builder *builder, const char *key, const char *value, size_t size) {
    struct bytes payload = {0};

    bytes_string(&payload, key);
    bytes_varint(&payload, size);
    bytes_add(&payload, value, size);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_PROCESS, .count = 1},
                  &payload);
    bytes_free(&payload);
}

void builder_process_text(struct builder *builder, const char *key, const char *value) {
    builder_process(builder, key, value, strlen(value));
}

void builder_ids(struct builder *builder, uint64_t trace_id, uint64_t parent_trace_id) {
    memcpy(builder->file.data + offsetof(struct mt_file_header, trace_id), &trace_id,
           sizeof(trace_id));
    memcpy(builder->file.data + offsetof(struct mt_file_header, parent_trace_id), &parent_trace_id,
           sizeof(parent_trace_id));
    builder_reseal_file_header(builder);
}

void builder_clock(struct builder *builder, uint64_t ticks, uint64_t monotonic, uint64_t realtime) {
    struct bytes payload = {0};

    bytes_add(&payload, &ticks, 8);
    bytes_add(&payload, &monotonic, 8);
    bytes_add(&payload, &realtime, 8);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_CLOCK, .count = 1}, &payload);
    bytes_free(&payload);
}

void builder_loss(struct builder *builder, uint32_t thread, uint64_t events, uint8_t reason) {
    struct bytes payload = {0};

    bytes_varint(&payload, thread);
    bytes_varint(&payload, events);
    add_byte(&payload, reason);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_LOSS, .count = 1}, &payload);
    bytes_free(&payload);
}

void builder_mark(struct builder *builder, uint64_t ticks, uint32_t thread, uint8_t kind,
                  const char *name) {
    struct bytes payload = {0};

    bytes_varint(&payload, ticks);
    bytes_varint(&payload, thread);
    add_byte(&payload, kind);
    bytes_string(&payload, name);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_MARKS, .count = 1}, &payload);
    bytes_free(&payload);
}

void builder_references(struct builder *builder, uint32_t count, const struct bytes *payload) {
    builder_block(builder, (struct mt_block_header){.kind = 12, .count = count}, payload);
}

void builder_regions(struct builder *builder, const struct built_region *regions, size_t count) {
    struct bytes payload = {0};

    add_byte(&payload, 1);
    for (size_t i = 0; i < count; i++) {
        add_byte(&payload, regions[i].kind);
        bytes_varint(&payload, regions[i].start);
        bytes_varint(&payload, regions[i].size);
        bytes_varint(&payload, 77);
        bytes_string(&payload, regions[i].name);
    }
    builder_references(builder, (uint32_t)count, &payload);
    bytes_free(&payload);
}

/* Every value relative to its place, where that is even, else to the value before it. */
static void add_value(struct bytes *values, const struct built_word *word, uint64_t last) {
    unsigned own = word->address / 8 % 2 == 0, odd = (word->value & 15) != 0;
    uint64_t base = own ? word->address : last;
    int64_t step = (int64_t)(word->value >> 4) - (int64_t)(base >> 4);
    uint64_t folded = step < 0 ? 2 * (uint64_t)-step - 1 : 2 * (uint64_t)step;

    bytes_varint(values, folded << 2 | own << 1 | odd);
    if (odd)
        add_byte(values, word->value & 15);
}

void builder_words(struct builder *builder, const struct built_word *words, size_t count) {
    struct bytes heads = {0}, places = {0}, values = {0}, payload = {0};
    uint64_t page = 0, last = 0;
    uint32_t pages = 0;

    for (size_t i = 0; i < count; pages++) {
        uint64_t here = words[i].address / 4096, next = 0;
        size_t on_page = 0;

        while (i + on_page < count && words[i + on_page].address / 4096 == here)
            on_page++;
        bytes_varint(&heads, here - page);
        bytes_varint(&heads, on_page);
        for (; on_page; on_page--, i++) {
            uint64_t place = words[i].address % 4096 / 8;

            bytes_varint(&places, place - next);
            next = place + 1;
            add_value(&values, &words[i], last);
            last = words[i].value;
        }
        page = here;
    }
    add_byte(&payload, 2);
    bytes_varint(&payload, heads.size);
    bytes_varint(&payload, places.size);
    bytes_add(&payload, heads.data, heads.size);
    bytes_add(&payload, places.data, places.size);
    bytes_add(&payload, values.data, values.size);
    builder_references(builder, pages, &payload);
    bytes_free(&heads);
    bytes_free(&places);
    bytes_free(&values);
    bytes_free(&payload);
}

void builder_registers(struct builder *builder, const uint64_t *values, size_t count) {
    struct bytes payload = {0};

    add_byte(&payload, 3);
    for (size_t i = 0; i < count; i++)
        bytes_varint(&payload, values[i]);
    builder_references(builder, (uint32_t)count, &payload);
    bytes_free(&payload);
}

void builder_scan(struct builder *builder, uint8_t result, uint64_t flags, uint64_t words) {
    const uint64_t numbers[] = {flags, 1500000, 1 << 20, words, 2, 1};
    struct bytes payload = {0};

    add_byte(&payload, 0);
    add_byte(&payload, result);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        bytes_varint(&payload, numbers[i]);
    builder_references(builder, 1, &payload);
    bytes_free(&payload);
}

void builder_end(struct builder *builder, uint64_t ticks) {
    struct bytes payload = {0};

    add_byte(&payload, 1);
    bytes_varint(&payload, ticks);
    bytes_varint(&payload, builder->events);
    bytes_varint(&payload, 0);
    bytes_varint(&payload, 0);
    bytes_varint(&payload, 0);
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_END, .count = 1}, &payload);
    bytes_free(&payload);
}

int builder_weighted(const struct built_event *events, size_t count) {
    int weighted = 0;

    for (size_t i = 0; i < count; i++)
        weighted |= (events[i].op & 1) == 0 && events[i].size >> 48;
    return weighted;
}

void builder_events_payload(struct bytes *payload, const struct built_event *events, size_t count) {
    struct bytes columns[6] = {{0}};
    int used = builder_weighted(events, count) ? 6 : 5;
    uint64_t address = 0;
    uint64_t ticks = events[0].ticks;

    for (size_t i = 0; i < count; i++) {
        add_byte(&columns[0], (uint8_t)(events[i].op | (events[i].address & 15) << 4));
        bytes_varint(&columns[1], events[i].context);
        bytes_zigzag(&columns[2], (int64_t)((events[i].address >> 4) - address));
        address = events[i].address >> 4;
        if ((events[i].op & 1) == 0) {
            bytes_varint(&columns[3], events[i].size << 16 >> 16);
            bytes_varint(&columns[5], events[i].size >> 48);
        }
        bytes_varint(&columns[4], events[i].ticks - ticks);
        ticks = events[i].ticks;
    }
    for (int i = 0; i < used; i++) {
        uint32_t size = (uint32_t)columns[i].size;

        bytes_add(payload, &size, sizeof(size));
    }
    for (int i = 0; i < 6; i++) {
        if (i < used)
            bytes_add(payload, columns[i].data, columns[i].size);
        bytes_free(&columns[i]);
    }
}

static void add_address(struct bytes *column, uint64_t address, uint64_t base) {
    int64_t units = (int64_t)((address >> 4) - (base >> 4));
    uint64_t zigzag = (uint64_t)units << 1 ^ (uint64_t)(units >> 63);
    int differs = (address & 15) != (base & 15);

    bytes_varint(column, zigzag << 1 | (uint64_t)differs);
    if (differs)
        add_byte(column, address & 15);
}

void builder_predicted_payload(struct bytes *payload, const struct built_event *events,
                               size_t count, unsigned shift) {
    enum { TAGS, SYMBOLS, SIZES, STEPS, SLOTS, ADDRESSES, ENDS, TICKS, COLUMNS };
    struct bytes columns[COLUMNS] = {{0}};
    uint64_t ticks = events[0].ticks >> shift, pool = 0;
    uint64_t bump[2] = {0}, ended[2] = {0};

    for (size_t i = 0; i < count; i++) {
        const struct built_event *event = &events[i];
        int of_pool = event->op >= 4;

        add_byte(&columns[TAGS], (uint8_t)(2 << 5 | (event->op & 1 ? 0 : 2) << 3 | 7));
        bytes_varint(&columns[SYMBOLS], (uint64_t)event->context << 3 | event->op);
        if ((event->op & 1) == 0)
            bytes_varint(&columns[SIZES], event->size);
        if (event->op & 1) {
            add_address(&columns[ENDS], event->address, ended[of_pool]);
            ended[of_pool] = event->address;
        } else if (event->op == 6) {
            add_address(&columns[ADDRESSES], event->address, pool);
            pool = event->address;
        } else {
            uint64_t room = of_pool           ? (event->size + 7) / 8 * 8
                            : event->size > 8 ? (event->size + 23) / 16 * 16
                                              : 32;

            add_address(&columns[ADDRESSES], event->address, bump[of_pool]);
            bump[of_pool] = event->address + room;
        }
        bytes_varint(&columns[TICKS], (event->ticks >> shift) - ticks);
        ticks = event->ticks >> shift;
    }
    bytes_varint(payload, 0);
    add_byte(payload, (uint8_t)shift);
    add_byte(payload, 9);
    add_byte(payload, 8);
    for (int i = SYMBOLS; i < COLUMNS; i++)
        bytes_varint(payload, columns[i].size);
    for (int i = 0; i < COLUMNS; i++) {
        bytes_add(payload, columns[i].data, columns[i].size);
        bytes_free(&columns[i]);
    }
}

/* A block of the thread's next events. */
static void add_events(struct builder *builder, uint32_t thread, uint16_t flags,
                       const struct built_event *events, size_t count, unsigned shift,
                       const struct bytes *payload) {
    const struct mt_block_header header = {
        .kind = MT_BLOCK_EVENTS,
        .flags = flags,
        .thread = thread,
        .count = (uint32_t)count,
        .first_ticks = events[0].ticks >> shift << shift,
        .last_ticks = events[count - 1].ticks >> shift << shift,
        .first_event = builder->events_of[thread],
    };

    builder_block(builder, header, payload);
    builder->events_of[thread] += count;
    builder->events += count;
}

void builder_predicted_events(struct builder *builder, uint32_t thread,
                              const struct built_event *events, size_t count, unsigned shift) {
    struct bytes payload = {0};

    builder_predicted_payload(&payload, events, count, shift);
    add_events(builder, thread, 2 | 8, events, count, shift, &payload);
    bytes_free(&payload);
}

void builder_events(struct builder *builder, uint32_t thread, const struct built_event *events,
                    size_t count) {
    struct bytes payload = {0};

    builder_events_payload(&payload, events, count);
    add_events(builder, thread, builder_weighted(events, count) ? MT_BLOCK_WEIGHTED : 0, events,
               count, 0, &payload);
    bytes_free(&payload);
}
