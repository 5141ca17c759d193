#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include "trace/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

/* An event takes at least a byte in four of the five columns; in two of the predicted ones. */
enum { COLUMN_HEAD = 4 * MT_COLUMN_COUNT, MIN_EVENT_SIZE = 4 };
enum { PREDICTED_HEAD = 4 + MT_PREDICTED_COUNT - 1, MIN_PREDICTED_SIZE = 2 };

static uint64_t min_events_size(const struct mt_block_header *header) {
    if (header->flags & MT_BLOCK_PREDICTED)
        return PREDICTED_HEAD + (uint64_t)MIN_PREDICTED_SIZE * header->count;
    return COLUMN_HEAD + (uint64_t)MIN_EVENT_SIZE * header->count;
}

/* The rule that a header breaks by itself, or NULL. */
static const char *header_fault(const struct mt_block_header *header) {
    if (header->magic != MT_BLOCK_MAGIC)
        return "no block magic";
    if (header->raw_size > MT_BLOCK_MAX_RAW)
        return "raw_size above 16 MiB";
    if (header->flags & MT_BLOCK_ZSTD) {
        if (header->stored_size > ZSTD_compressBound(MT_BLOCK_MAX_RAW))
            return "stored_size too large";
    } else if (header->stored_size != header->raw_size) {
        return "stored_size differs from raw_size of an uncompressed block";
    }
    if (header->kind != MT_BLOCK_EVENTS)
        return NULL;
    if (header->thread == 0)
        return "events of thread 0";
    if (header->count > MT_BLOCK_MAX_EVENTS)
        return "more than 2^20 events";
    if (header->raw_size < min_events_size(header))
        return "raw_size too small for its events";
    if (header->first_ticks > header->last_ticks)
        return "first_ticks after last_ticks";
    if (header->last_ticks == UINT64_MAX)
        return "last_ticks out of range";
    if (header->first_event > UINT64_MAX / 2)
        return "first_event out of range";
    return NULL;
}

static bool checksum_right(const struct reader *reader, uint64_t offset,
                           const struct mt_block_header *header) {
#ifdef MEMTRACK_FUZZ_NO_CHECKSUM
    (void)reader;
    (void)offset;
    return header->checksum != 0;
#else
    const uint8_t *block = reader->map + offset;
    XXH3_state_t state;

    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, block, offsetof(struct mt_block_header, checksum));
    XXH3_64bits_update(&state, block + sizeof(*header), header->stored_size);
    return XXH3_64bits_digest(&state) == header->checksum;
#endif
}

static bool fits(const struct reader *reader, uint64_t offset, uint64_t size) {
    return offset <= reader->size && reader->size - offset >= size;
}

/* The rule that the block at offset breaks, or NULL; the header is zeroed if it is incomplete. */
static const char *block_fault(const struct reader *reader, uint64_t offset,
                               struct mt_block_header *header) {
    const char *fault;

    memset(header, 0, sizeof(*header));
    if (!fits(reader, offset, sizeof(*header)))
        return "the file ends inside a block header";
    *header = reader_block_header(reader, offset);
    fault = header_fault(header);
    if (fault)
        return fault;
    if (!fits(reader, offset + sizeof(*header), header->stored_size))
        return "the file ends inside a block";
    return checksum_right(reader, offset, header) ? NULL : "wrong checksum";
}

/* The next sound block at or after offset, or the end of the file. A file made of nothing but
 * magics would have every byte hashed thousands of times, hence the budget. */
static uint64_t find_block(struct reader *reader, uint64_t offset) {
    static const uint32_t magic = MT_BLOCK_MAGIC;
    struct mt_block_header header;

    while (offset < reader->size) {
        const uint8_t *found =
            memmem(reader->map + offset, reader->size - offset, &magic, sizeof(magic));

        if (!found)
            break;
        offset = (uint64_t)(found - reader->map);
        if (!block_fault(reader, offset, &header))
            return offset;
        if (header.stored_size > reader->hash_budget)
            break;
        reader->hash_budget -= header.stored_size;
        offset++;
    }
    return reader->size;
}

static struct stream *stream_of(struct reader *reader, uint32_t thread) {
    uint32_t index = id_map_get(&reader->stream_of_thread, thread);
    struct stream *stream;

    if (index != MT_ID_MAP_NONE)
        return &reader->streams[index];
    if (reader->stream_count == reader->stream_capacity) {
        size_t capacity = reader->stream_capacity ? reader->stream_capacity * 2 : 16;
        struct stream *grown = realloc(reader->streams, capacity * sizeof(*grown));

        if (!grown)
            return NULL;
        reader->streams = grown;
        reader->stream_capacity = capacity;
    }
    if (!id_map_put(&reader->stream_of_thread, thread, (uint32_t)reader->stream_count))
        return NULL;
    stream = &reader->streams[reader->stream_count++];
    *stream =
        (struct stream){.thread = thread, .first_block = MT_NO_BLOCK, .last_block = MT_NO_BLOCK};
    return stream;
}

/* The headers inside a damaged stretch [offset, end) cannot be trusted, except for one that
 * continues its thread's numbering exactly: its events are certainly lost. */
static void claim_losses(struct reader *reader, uint64_t offset, uint64_t end) {
    while (offset < end && fits(reader, offset, sizeof(struct mt_block_header))) {
        struct mt_block_header header = reader_block_header(reader, offset);

        if (header_fault(&header))
            return;
        if (header.kind == MT_BLOCK_EVENTS) {
            uint32_t index = id_map_get(&reader->stream_of_thread, header.thread);

            if (index != MT_ID_MAP_NONE) {
                struct stream *stream = &reader->streams[index];

                if (stream->known_end == header.first_event)
                    stream->known_end += header.count;
            } else if (header.first_event == 0 && header.thread <= reader->stream_count + 1) {
                struct stream *stream = stream_of(reader, header.thread);

                if (stream)
                    stream->known_end = header.count;
            }
        }
        offset += sizeof(header) + header.stored_size;
    }
}

static bool add_block(struct reader *reader, uint64_t offset, uint16_t kind, uint32_t *index) {
    if (reader->block_count == reader->block_capacity) {
        size_t capacity = reader->block_capacity ? reader->block_capacity * 2 : 256;
        struct block_ref *grown = realloc(reader->blocks, capacity * sizeof(*grown));

        if (!grown || capacity >= MT_NO_BLOCK)
            return false;
        reader->blocks = grown;
        reader->block_capacity = capacity;
    }
    *index = (uint32_t)reader->block_count++;
    reader->blocks[*index] =
        (struct block_ref){.offset = offset, .next = MT_NO_BLOCK, .kind = kind};
    return true;
}

/* Appends an EVENTS block to its thread's stream. */
static bool add_events(struct reader *reader, const struct mt_block_header *header,
                       uint32_t index) {
    struct stream *stream = stream_of(reader, header->thread);
    struct block_ref *block = &reader->blocks[index];
    uint64_t end = header->first_event + header->count;

    if (!stream)
        return false;
    block->predicted = header->flags & MT_BLOCK_PREDICTED;
    /* Times that go back are held at the last one decoded. */
    block->apart = (!block->predicted || header->flags & MT_BLOCK_KEY) &&
                   header->first_ticks >= stream->last_ticks;
    if (stream->last_ticks < header->last_ticks)
        stream->last_ticks = header->last_ticks;
    if (stream->last_block == MT_NO_BLOCK) {
        stream->first_block = index;
        stream->first_ticks = header->first_ticks;
    } else {
        reader->blocks[stream->last_block].next = index;
    }
    stream->last_block = index;
    stream->events += header->count;
    stream->sound_end = end;
    if (stream->known_end < end)
        stream->known_end = end;
    reader->events += header->count;
    return true;
}

/* A block whose events the thread has already given cannot follow: part of the file stands twice
 * in it. */
static bool repeats_events(const struct reader *reader, const struct mt_block_header *header) {
    uint32_t index = id_map_get(&reader->stream_of_thread, header->thread);

    return index != MT_ID_MAP_NONE && header->first_event < reader->streams[index].sound_end;
}

static bool take_block(struct reader *reader, uint64_t offset, const struct mt_block_header *header,
                       struct error *error) {
    unsigned kind = header->kind < MT_KNOWN_KINDS ? header->kind : 0;
    uint64_t size = sizeof(*header) + header->stored_size;
    uint32_t index;

    if (kind == MT_BLOCK_EVENTS && repeats_events(reader, header)) {
        damage_note(&reader->damage, offset, size, "repeats events of thread %u", header->thread);
        return true;
    }
    if (kind == MT_BLOCK_EVENTS && reader->stream_count >= MT_MAX_STREAMS) {
        damage_note(&reader->damage, offset, size, "more than 2^24 threads");
        return true;
    }
    if (header->kind == MT_BLOCK_EVENTS && header->flags & MT_BLOCK_WEIGHTED)
        reader->weighted = true;
    reader->kinds[kind].blocks++;
    reader->kinds[kind].records += header->count;
    reader->kinds[kind].stored += header->stored_size;
    reader->kinds[kind].raw += header->raw_size;
    if (kind == 0 || (kind == MT_BLOCK_EVENTS && header->count == 0))
        return true;
    if (!add_block(reader, offset, header->kind, &index) ||
        (kind == MT_BLOCK_EVENTS && !add_events(reader, header, index)))
        return error_no_memory(error);
    return true;
}

bool scan_blocks(struct reader *reader, struct error *error) {
    uint64_t offset = reader->header.header_size, dropped = 0;

    reader->hash_budget = (64u << 20) + 8 * (uint64_t)reader->size;
    if (offset > reader->size) {
        reader->cut = true;
        reader->cut_at = reader->size;
        snprintf(reader->cut_rule, sizeof(reader->cut_rule),
                 "the file ends inside the file header");
    }
    while (offset < reader->size) {
        struct mt_block_header header;
        const char *fault;

        if (offset - dropped >= MT_PAGES_KEPT) {
            reader_drop_pages(reader);
            dropped = offset;
        }
        fault = block_fault(reader, offset, &header);
        if (fault) {
            uint64_t next = find_block(reader, offset + 1);

            if (next == reader->size) {
                reader->cut = true;
                reader->cut_at = offset;
                snprintf(reader->cut_rule, sizeof(reader->cut_rule), "%s", fault);
                break;
            }
            damage_note(&reader->damage, offset, next - offset, "%s", fault);
            claim_losses(reader, offset, next);
            offset = next;
            continue;
        }
        if (!take_block(reader, offset, &header, error))
            return false;
        offset += sizeof(header) + header.stored_size;
    }
    return true;
}

bool scan_joined(struct reader *reader, struct error *error) {
    uint64_t offset = reader->size, end = offset + reader->joined_size;

    while (offset < end) {
        struct mt_block_header header = reader_block_header(reader, offset);

        if (!take_block(reader, offset, &header, error))
            return false;
        offset += sizeof(header) + header.stored_size;
    }
    return true;
}

void scan_finish(struct reader *reader) {
    /* What a process was appending when it was killed is in the live file as well. */
    if (reader->cut && reader->live == READER_LIVE_JOINED) {
        reader->cut = false;
    } else if (reader->cut) {
        damage_note(&reader->damage, reader->cut_at, reader->size - reader->cut_at, "%s",
                    reader->cut_rule);
        claim_losses(reader, reader->cut_at, reader->size);
    }
    for (size_t i = 0; i < reader->stream_count; i++)
        reader->lost_events += reader->streams[i].known_end - reader->streams[i].events;
}
