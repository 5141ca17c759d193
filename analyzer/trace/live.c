#define _GNU_SOURCE
#include "trace/live.h"

#include "trace/bytes.h"
#include "trace/live_output.h"
#include "trace/live_profile.h"
#include "trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a process cannot have: it bounds the work on a hostile file. */
static const off_t max_file = (off_t)1 << 40;
static const size_t max_copied = (size_t)8 << 30;

enum {
    FIRST_VERSION = 3, /* that had a live file */
    CONTENT = MT_LIVE_SEGMENT - MT_LIVE_HEAD,
    ATTEMPTS = 4,
    DEFINITIONS_AT_ONCE = 4 << 20,  /* bytes of a block of them, at the least */
    EVENT_MAX = 1 + 5 + 3 * 10 + 3, /* bytes of an event in all columns */
};

/* Reading */

static size_t content_size(const struct mt_live_head *head) {
    if (head->kind == MT_LIVE_EVENTS && head->used <= CONTENT / 8)
        return (size_t)head->used * 8;
    if ((head->kind == MT_LIVE_DEFINITIONS || head->kind == MT_LIVE_PROFILE) &&
        head->used <= CONTENT)
        return head->used;
    return 0;
}

static bool read_at(int fd, void *out, size_t size, off_t offset) {
    return pread(fd, out, size, offset) == (ssize_t)size;
}

/* The segment at the offset, unless it is not in use or changes its use each time it is read. */
static bool read_segment(int fd, off_t offset, struct live_segment *segment) {
    segment->content = NULL;
    for (int i = 0; i < ATTEMPTS; i++) {
        struct mt_live_head *head = &segment->head, after;
        size_t size;

        if (!read_at(fd, head, sizeof(*head), offset) || !(size = content_size(head)))
            return true;
        segment->content = malloc(size);
        if (!segment->content)
            return false;
        if (read_at(fd, segment->content, size, offset + MT_LIVE_HEAD) &&
            read_at(fd, &after, sizeof(after), offset) && after.generation == head->generation &&
            after.kind == head->kind && after.first_event == head->first_event)
            return true;
        free(segment->content);
        segment->content = NULL;
    }
    return true;
}

static bool read_segments(struct live_image *image, int fd, off_t end, struct error *error) {
    size_t copied = 0;

    for (off_t at = MT_LIVE_SEGMENT; at + MT_LIVE_SEGMENT <= end; at += MT_LIVE_SEGMENT) {
        off_t data = lseek(fd, at, SEEK_DATA);
        struct live_segment segment, *place;

        if (data < 0 && errno == ENXIO)
            break;
        if (data > at)
            at = data / MT_LIVE_SEGMENT * MT_LIVE_SEGMENT;
        if (at + MT_LIVE_SEGMENT > end)
            break;
        if (!read_segment(fd, at, &segment))
            return error_no_memory(error);
        if (!segment.content)
            continue;
        copied += content_size(&segment.head);
        place = MT_LIST_ADD(image->segments);
        if (!place || copied > max_copied) {
            free(segment.content);
            if (place)
                image->segments.count--;
            return error_no_memory(error);
        }
        *place = segment;
    }
    return true;
}

static const char *header_fault(const struct mt_live_header *header) {
    if (memcmp(header->magic, MT_LIVE_MAGIC, MT_FILE_MAGIC_SIZE) != 0)
        return "is no live file of MemTrack";
    if (header->version < FIRST_VERSION || header->version > MT_TRACE_VERSION)
        return "is of another version than this memtrack reads";
    return header->segment_size == MT_LIVE_SEGMENT ? NULL : "has segments of another size";
}

/* Its process may have been killed before it had written the header. */
static const char *open_fault(int fd, struct live_image *image, struct stat *status) {
    static const struct mt_live_header none;

    if (fstat(fd, status) != 0 || !S_ISREG(status->st_mode) || status->st_size > max_file)
        return "is no live file of MemTrack";
    if (status->st_size == 0)
        return NULL;
    if (!read_at(fd, &image->header, sizeof(image->header), 0))
        return "is cut off inside its header";
    if (!memcmp(&image->header, &none, MT_FILE_MAGIC_SIZE))
        return NULL;
    return header_fault(&image->header);
}

bool live_read(struct live_image *image, const char *path, struct error *error) {
    const char *fault;
    struct stat status;
    char *name;
    int fd;
    bool good;

    *image = (struct live_image){0};
    if (asprintf(&name, "%s%s", path, MT_LIVE_SUFFIX) < 0)
        return error_no_memory(error);
    fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        good = errno == ENOENT || error_set(error, "%s: %s", name, strerror(errno));
        free(name);
        return good;
    }
    fault = open_fault(fd, image, &status);
    good = fault ? error_set(error, "%s %s", name, fault)
                 : read_segments(image, fd, status.st_size, error);
    image->present = good && image->header.magic[0];
    close(fd);
    free(name);
    return good;
}

void live_free(struct live_image *image) {
    for (size_t i = 0; i < image->segments.count; i++)
        free(image->segments.items[i].content);
    free(image->segments.items);
    *image = (struct live_image){0};
}

/* Blocks */

struct record {
    uint64_t op;
    uint64_t address;
    uint64_t size;
    uint64_t context;
    uint64_t ticks;
    uint64_t probability;
};

static uint64_t bits(uint64_t word, unsigned from, unsigned count) {
    return word >> from & ((UINT64_C(1) << count) - 1);
}

/* The next record of `left` words, of which it takes the number returned; 0 if it breaks a rule. */
static size_t next_record(const uint8_t *at, size_t left, uint64_t ticks, struct record *record) {
    uint64_t words[MT_RECORD_EXTENDED_WORDS] = {0};
    size_t count = MT_RECORD_WORDS;

    if (left < count)
        return 0;
    memcpy(words, at, count * 8);
    record->op = bits(words[0], MT_RECORD_ADDRESS_BITS, 3);
    if (record->op == MT_RECORD_OP_EXTENDED) {
        count = MT_RECORD_EXTENDED_WORDS;
        if (left < count)
            return 0;
        memcpy(words, at, count * 8);
        *record = (struct record){bits(words[4], 0, 32), words[2], words[3], words[5], words[1],
                                  words[4] >> 32};
    } else {
        record->address = bits(words[0], 0, MT_RECORD_ADDRESS_BITS);
        record->size = words[0] >> 51 << 12 | words[1] >> 52;
        record->context = bits(words[1], MT_RECORD_TICK_BITS, MT_RECORD_CONTEXT_BITS);
        record->ticks = ticks + bits(words[1], 0, MT_RECORD_TICK_BITS);
        record->probability = 0;
    }
    if (record->op > MT_OP_IN_POOL || !record->address || record->size >> 48 ||
        record->probability > UINT16_MAX || record->context > UINT32_MAX || record->ticks < ticks ||
        record->ticks == UINT64_MAX)
        return 0;
    return count;
}

/* Columns side by side, each with all the room it could need. */
struct columns {
    struct output column[MT_COLUMNS_WEIGHTED];
    bool weighted; /* there is a probability below 1 */
};

static bool columns_init(struct columns *columns) {
    columns->weighted = false;
    for (int i = 0; i < MT_COLUMNS_WEIGHTED; i++) {
        columns->column[i].size = 0;
        if (!output_reserve(&columns->column[i], (size_t)CONTENT / 16 * 10))
            return false;
    }
    return true;
}

static void columns_free(struct columns *columns) {
    for (int i = 0; i < MT_COLUMNS_WEIGHTED; i++)
        free(columns->column[i].bytes);
}

static void add_record(struct columns *columns, const struct record *record, uint64_t granule,
                       uint64_t last_ticks) {
    uint8_t op = (uint8_t)(record->op | (record->address & 15) << 4);
    int64_t step = (int64_t)((record->address >> 4) - granule);

    output_put(&columns->column[MT_COLUMN_OPS], &op, 1);
    output_varint(&columns->column[MT_COLUMN_CONTEXTS], record->context);
    output_varint(&columns->column[MT_COLUMN_ADDRESSES],
                  (uint64_t)step << 1 ^ (uint64_t)(step >> 63));
    if (!(record->op & MT_OP_FREE)) {
        output_varint(&columns->column[MT_COLUMN_SIZES], record->size);
        output_varint(&columns->column[MT_COLUMN_PROBABILITIES], record->probability);
        columns->weighted |= record->probability != 0;
    }
    output_varint(&columns->column[MT_COLUMN_TICKS], record->ticks - last_ticks);
}

/* What is known already of a segment's events. */
struct known {
    uint64_t events; /* of the thread */
    size_t words;    /* of the segment */
};

/* The block of a segment's events that are not known, up to the first that breaks a rule. Their
 * first is given the number *number, unless that is NULL; then it follows them. */
static bool put_events(struct output *out, struct columns *columns,
                       const struct live_segment *segment, struct known known, uint64_t *number) {
    struct mt_block_header header = {.kind = MT_BLOCK_EVENTS,
                                     .thread = segment->head.thread,
                                     .first_event = segment->head.first_event};
    uint64_t granule = 0, ticks = segment->head.first_ticks;
    size_t start = out->size, left = segment->head.used, taken;
    const uint8_t *at = segment->content;
    struct record record;
    int count;

    if (!columns_init(columns) ||
        !output_reserve(out, sizeof(header) + 64 + (size_t)CONTENT / 16 * EVENT_MAX))
        return false;
    for (; (taken = next_record(at, left, ticks, &record)); at += 8 * taken, left -= taken) {
        ticks = record.ticks;
        if (header.first_event < known.events || segment->head.used - left < known.words) {
            header.first_event++;
            continue;
        }
        if (header.count++ == 0)
            header.first_ticks = header.last_ticks = ticks;
        add_record(columns, &record, granule, header.last_ticks);
        granule = record.address >> 4;
        header.last_ticks = ticks;
    }
    if (!header.count)
        return true;
    count = columns->weighted ? MT_COLUMNS_WEIGHTED : MT_COLUMN_COUNT;
    header.flags = columns->weighted ? MT_BLOCK_WEIGHTED : 0;
    if (number) {
        header.first_event = *number;
        *number += header.count;
    }
    out->size += sizeof(header);
    for (int i = 0; i < count; i++) {
        uint32_t length = (uint32_t)columns->column[i].size;

        output_put(out, &length, sizeof(length));
    }
    for (int i = 0; i < count; i++)
        output_put(out, columns->column[i].bytes, columns->column[i].size);
    output_finish_block(out, start, header);
    return true;
}

/* Definitions come first, then events. */
static unsigned rank(const struct mt_live_head *head) {
    return head->kind == MT_LIVE_DEFINITIONS ? 0 : head->kind == MT_LIVE_EVENTS ? 1 : 2;
}

/* By thread, or part, and number. */
static int compare(const void *a, const void *b) {
    const struct mt_live_head *x = &((const struct live_segment *)a)->head;
    const struct mt_live_head *y = &((const struct live_segment *)b)->head;

    if (x->kind != y->kind)
        return rank(x) < rank(y) ? -1 : 1;
    if (x->kind != MT_LIVE_DEFINITIONS && x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    return (x->first_event > y->first_event) - (x->first_event < y->first_event);
}

/* Blocks of the whole records in the stream; what is left is a record that was being written. */
static bool put_stream(struct output *out, const struct output *stream) {
    struct cursor in = {stream->bytes, stream->size ? stream->bytes + stream->size : stream->bytes};

    while (cursor_left(&in)) {
        struct mt_block_header header = {.kind = MT_BLOCK_DEFINITIONS};
        const uint8_t *first = in.at;
        size_t start = out->size;
        struct cursor record;

        while (in.at - first < DEFINITIONS_AT_ONCE &&
               cursor_string(&in, MT_BLOCK_MAX_RAW / 2, &record))
            header.count++;
        if (!header.count)
            break;
        if (!output_reserve(out, sizeof(header) + (size_t)(in.at - first)))
            return false;
        out->size += sizeof(header);
        output_put(out, first, (size_t)(in.at - first));
        output_finish_block(out, start, header);
    }
    return true;
}

/* Of the definitions in the first `count` segments, in the order of the stream. What came before
 * the first of them is in the trace, but for the start of a record there may be. */
static bool put_definitions(struct output *out, const struct live_segment *segments, size_t count) {
    struct output stream = {0};
    uint64_t next = UINT64_MAX;
    bool good = true;

    for (size_t i = 0; good && i < count; i++) {
        const struct live_segment *segment = &segments[i];
        size_t skip = 0;

        if (segment->head.first_event != next) {
            good = put_stream(out, &stream);
            stream.size = 0;
        }
        /* Perhaps not in the first one: a record may be longer than a segment. */
        if (!stream.size)
            skip = segment->head.first_record;
        if (skip > segment->head.used)
            skip = segment->head.used;
        good = good && output_reserve(&stream, CONTENT);
        if (good)
            output_put(&stream, segment->content + skip, segment->head.used - skip);
        next = segment->head.first_event + segment->head.used;
    }
    good = good && put_stream(out, &stream);
    free(stream.bytes);
    return good;
}

static bool put_clock(struct output *out, const struct mt_live_header *live) {
    struct mt_block_header header = {.kind = MT_BLOCK_CLOCK, .count = 1};
    const struct mt_live_clock *clock = &live->clocks[live->clock & 1];
    size_t start = out->size;

    if (!clock->ticks)
        return true;
    if (!output_reserve(out, sizeof(header) + sizeof(*clock)))
        return false;
    out->size += sizeof(header);
    output_put(out, clock, sizeof(*clock));
    output_finish_block(out, start, header);
    return true;
}

static uint64_t known_events(const struct reader *reader, uint32_t thread) {
    uint32_t index = id_map_get(&reader->stream_of_thread, thread);

    return index == MT_ID_MAP_NONE ? 0 : reader->streams[index].sound_end;
}

/* Segments of one kind. */
struct span {
    const struct live_segment *items;
    size_t count;
};

/* Of the sorted ones. */
static struct span span_of(const struct live_image *image, uint32_t kind) {
    struct span span = {0};

    for (size_t i = 0; i < image->segments.count; i++) {
        if (image->segments.items[i].head.kind != kind)
            continue;
        if (!span.count++)
            span.items = &image->segments.items[i];
    }
    return span;
}

/* `totals`: of a profile, or none. What that has left of a thread's events is numbered anew. */
static bool put_all_events(struct output *out, const struct span *events, const struct span *totals,
                           const struct reader *reader) {
    struct columns columns = {0};
    uint64_t number = 0;
    bool good = true;

    for (size_t i = 0; good && i < events->count; i++) {
        const struct mt_live_head *head = &events->items[i].head;
        bool same = i && head->thread == events->items[i - 1].head.thread;
        struct known known = {0};

        if (!head->thread || head->first_event > UINT64_MAX / 2 ||
            (same && head->first_event == events->items[i - 1].head.first_event))
            continue;
        if (!same)
            number = 0;
        if (!totals->count)
            known.events = known_events(reader, head->thread);
        else if (!live_profile_taken(totals->items, totals->count, head->thread, &known.events))
            known.words = head->taken;
        good = put_events(out, &columns, &events->items[i], known, totals->count ? &number : NULL);
    }
    columns_free(&columns);
    return good;
}

bool live_blocks(const struct live_image *image, const struct reader *reader, uint8_t **bytes,
                 size_t *size, struct error *error) {
    struct span definitions, events, totals;
    struct output out = {0};
    bool good;

    if (image->segments.count)
        qsort(image->segments.items, image->segments.count, sizeof(*image->segments.items),
              compare);
    definitions = span_of(image, MT_LIVE_DEFINITIONS);
    events = span_of(image, MT_LIVE_EVENTS);
    totals = span_of(image, MT_LIVE_PROFILE);
    good = put_definitions(&out, definitions.items, definitions.count) &&
           put_clock(&out, &image->header) && live_profile_put(&out, totals.items, totals.count) &&
           put_all_events(&out, &events, &totals, reader);
    if (!good) {
        free(out.bytes);
        return error_no_memory(error);
    }
    *bytes = out.bytes;
    *size = out.size;
    return true;
}
