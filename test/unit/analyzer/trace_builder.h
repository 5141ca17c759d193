/* Writes traces after docs/trace-format.md, independently of the runtime, so that a mistake that
 * writer and reader share is noticed. Aborts when memory is short. */
#ifndef TRACE_BUILDER_H
#define TRACE_BUILDER_H

#include "memtrack/trace_format.h"

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_varint(struct bytes *bytes, uint64_t value);
void bytes_zigzag(struct bytes *bytes, int64_t value);
void bytes_string(struct bytes *bytes, const char *text);
void bytes_free(struct bytes *bytes);

struct built_event {
    uint8_t op;
    uint32_t context;
    uint64_t address;
    uint64_t size; /* its upper 16 bits are a probability */
    uint64_t ticks;
};

/* Whether any event has a probability: its block then has flag WEIGHTED and a column of them. */
int builder_weighted(const struct built_event *events, size_t count);

struct built_frame {
    const char *function;
    const char *file;
    uint32_t line;
    uint32_t column;
    uint32_t flags; /* not in version 1 */
};

enum { BUILDER_THREADS = 320 };

struct builder {
    struct bytes file;
    uint64_t events_of[BUILDER_THREADS]; /* by thread id */
    uint64_t events;
    int version;  /* MT_TRACE_VERSION, or as builder_begin_version says */
    int compress; /* zstd on all blocks */
};

/* Starts a file of ticks that are nanoseconds, beginning at 1000. */
void builder_begin(struct builder *builder);
void builder_begin_version(struct builder *builder, int version);
void builder_free(struct builder *builder);

/* A block with right lengths and checksum. */
void builder_block(struct builder *builder, struct mt_block_header header,
                   const struct bytes *payload);

/* One site; one context below the parent context. */
void builder_site(struct builder *builder, uint32_t id, uint64_t hash, uint8_t api, uint8_t flags,
                  const char *type, const struct built_frame *frames, size_t count);
/* The same of a module other than /usr/bin/program. */
void builder_site_of(struct builder *builder, uint32_t id, uint64_t hash, uint8_t api,
                     uint8_t flags, const char *module, const struct built_frame *frames,
                     size_t count);
void builder_context(struct builder *builder, uint32_t id, uint32_t parent, uint32_t site);

/* A site of a call by code that is not instrumented; one of tags, innermost first. From version 3
 * on. */
void builder_foreign_site(struct builder *builder, uint32_t id, uint64_t hash, uint8_t api,
                          const char *module, uint64_t offset);
void builder_tags(struct builder *builder, uint32_t id, const char *const *tags, size_t count);

struct built_context {
    uint32_t id;
    uint32_t parent;
    uint32_t site;
};

/* In one block. */
void builder_contexts(struct builder *builder, const struct built_context *contexts, size_t count);

/* Site and context `id` with one frame "function<id>" at file.c:<id>, hash 1000 + id, malloc. */
void builder_simple_context(struct builder *builder, uint32_t id);
void builder_thread(struct builder *builder, uint32_t id, uint64_t tid, const char *name);

/* Who the trace is of, and by whom forked: 0 for nobody. */
void builder_ids(struct builder *builder, uint64_t trace_id, uint64_t parent_trace_id);

/* For a value that is text. */
void builder_process_text(struct builder *builder, const char *key, const char *value);
void builder_process(struct builder *builder, const char *key, const char *value, size_t size);
void builder_clock(struct builder *builder, uint64_t ticks, uint64_t monotonic, uint64_t realtime);
void builder_loss(struct builder *builder, uint32_t thread, uint64_t events, uint8_t reason);
void builder_mark(struct builder *builder, uint64_t ticks, uint32_t thread, uint8_t kind,
                  const char *name);

struct built_region {
    uint8_t kind; /* enum mt_region_kind */
    uint64_t start;
    uint64_t size;
    const char *name;
};
struct built_word {
    uint64_t address; /* rising */
    uint64_t value;
};

/* The parts of a scan; the summary, which says how many words there are, comes last. */
void builder_regions(struct builder *builder, const struct built_region *regions, size_t count);
void builder_words(struct builder *builder, const struct built_word *words, size_t count);
void builder_registers(struct builder *builder, const uint64_t *values, size_t count);
void builder_scan(struct builder *builder, uint8_t result, uint64_t flags, uint64_t words);
void builder_references(struct builder *builder, uint32_t count, const struct bytes *payload);

void builder_end(struct builder *builder, uint64_t ticks);
void builder_events(struct builder *builder, uint32_t thread, const struct built_event *events,
                    size_t count);

/* The same in predicted columns, as a key block whose guesses are all MT_GUESS_NONE, with times in
 * units of 2^shift ticks. From version 4 on. */
void builder_predicted_events(struct builder *builder, uint32_t thread,
                              const struct built_event *events, size_t count, unsigned shift);

/* The payloads alone. */
void builder_predicted_payload(struct bytes *payload, const struct built_event *events,
                               size_t count, unsigned shift);
void builder_events_payload(struct bytes *payload, const struct built_event *events, size_t count);

/* After changes to the block header at the offset. */
void builder_reseal_block(struct builder *builder, size_t offset);
void builder_reseal_file_header(struct builder *builder);

#endif
