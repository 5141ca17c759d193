#include "definitions.h"

#include "foreign.h"
#include "live.h"
#include "lock.h"
#include "memtrack/abi.h"
#include "object.h"
#include "options.h"
#include "os_memory.h"
#include "sites.h"
#include "tags.h"

#include <errno.h>
#include <string.h>

/* A function's name or a path longer than this is cut; a chain of inlined frames loses its middle
 * callers, never its ends. */
#define STRING_MAX 32768u
#define FRAMES_MAX 128u
#define STRINGS_MAX (3 + 2 * FRAMES_MAX)
#define SCRATCH_BYTES ((size_t)STRINGS_MAX * (STRING_MAX + MT_VARINT_MAX) + (64u << 10))
#define SEGMENT_BYTES (MT_BUFFER_WORDS * 8)
#define NO_RECORD UINT32_MAX
#define BLOCK_BYTES (MT_DEFINITIONS_MAX - MT_BLOCK_OVERHEAD)
_Static_assert(SCRATCH_BYTES + MT_VARINT_MAX < BLOCK_BYTES, "a record fits a block");

static struct mt_lock lock;
static struct mt_buffer *oldest, *newest;
static _Atomic uint64_t written; /* bytes of the stream */
static struct mt_bytes scratch;  /* under the lock, like all before it */
static struct mt_bytes block;    /* the writer's, like what follows */
static uint64_t taken;

/* Segments for `size` more bytes; without that many nothing is to be begun. */
static bool make_room(size_t size) {
    size_t room = newest ? SEGMENT_BYTES - newest->used : 0;
    struct mt_buffer *last = newest, *segment;

    /* An earlier attempt may have made some. */
    while (last && (segment = atomic_load_explicit(&last->next, memory_order_relaxed))) {
        last = segment;
        room += SEGMENT_BYTES;
    }
    while (room < size) {
        segment = mt_live_take();

        if (!segment)
            return false;
        segment->first_event = last ? last->first_event + SEGMENT_BYTES : written;
        segment->generation++;
        segment->first_record = NO_RECORD;
        atomic_store_explicit(&segment->used, 0, memory_order_release);
        atomic_store_explicit(&segment->kind, MT_LIVE_DEFINITIONS, memory_order_release);
        atomic_store_explicit(&segment->next, NULL, memory_order_relaxed);
        if (last)
            atomic_store_explicit(&last->next, segment, memory_order_release);
        else
            oldest = newest = segment;
        last = segment;
        room += SEGMENT_BYTES;
    }
    return true;
}

static void append(const uint8_t *data, size_t size) {
    written += size;
    while (size) {
        size_t used = newest->used;
        size_t part = SEGMENT_BYTES - used < size ? SEGMENT_BYTES - used : size;

        memcpy((uint8_t *)newest->words + used, data, part);
        atomic_store_explicit(&newest->used, (uint32_t)(used + part), memory_order_release);
        data += part;
        size -= part;
        if (size)
            newest = atomic_load_explicit(&newest->next, memory_order_relaxed);
    }
}

/* Where a reader that has lost what came before can begin. */
static void begin_record(void) {
    if (newest->used == SEGMENT_BYTES)
        newest = atomic_load_explicit(&newest->next, memory_order_relaxed);
    if (newest->first_record == NO_RECORD)
        newest->first_record = newest->used;
}

static bool add_locked(enum mt_block_kind kind, const struct mt_bytes *payload) {
    uint8_t head[MT_VARINT_MAX + 1];
    struct mt_bytes bytes = {head, 0};

    mt_bytes_add_varint(&bytes, payload->size + 1);
    mt_bytes_add_u8(&bytes, (uint8_t)kind);
    if (!make_room(bytes.size + payload->size))
        return false;
    begin_record();
    append(head, bytes.size);
    append(payload->data, payload->size);
    return true;
}

bool mt_definitions_add(enum mt_block_kind kind, const struct mt_bytes *payload) {
    int saved = errno;
    bool added;

    mt_lock_take(&lock);
    added = add_locked(kind, payload);
    mt_lock_release(&lock);
    errno = saved;
    return added;
}

bool mt_definitions_add_context(struct mt_context_id id, struct mt_context_id parent,
                                struct mt_context_id site) {
    uint8_t data[3 * MT_VARINT_MAX];
    struct mt_bytes payload = {data, 0};

    mt_bytes_add_varint(&payload, id.value);
    mt_bytes_add_varint(&payload, parent.value);
    mt_bytes_add_varint(&payload, site.value);
    return mt_definitions_add(MT_BLOCK_CONTEXTS, &payload);
}

void mt_definitions_add_thread(const struct mt_thread *thread) {
    uint8_t data[5 * MT_VARINT_MAX + MT_THREAD_NAME_SIZE];
    struct mt_bytes payload = {data, 0};

    /* The totals do not tell it apart, and the trace is not to grow for ever. */
    if (mt_options.mode == MT_MODE_PROFILE && thread->id >= MT_PROFILE_THREADS)
        return;
    mt_bytes_add_varint(&payload, thread->id);
    mt_bytes_add_varint(&payload, thread->tid);
    mt_bytes_add_varint(&payload, thread->first_ticks);
    mt_bytes_add_varint(&payload, thread->last_ticks);
    mt_bytes_add_string(&payload, thread->name, strnlen(thread->name, sizeof thread->name));
    mt_definitions_add(MT_BLOCK_THREADS, &payload);
}

/* Sites */

/* The strings of one site, by address: the linker has merged equal ones. */
struct strings {
    const char *items[STRINGS_MAX];
    unsigned count;
};

static unsigned number_of(struct strings *strings, const char *string) {
    unsigned i = 0;

    if (!string)
        return 0;
    while (i < strings->count && strings->items[i] != string)
        i++;
    if (i == strings->count)
        strings->items[strings->count++] = string;
    return i + 1;
}

/* The i-th of the `kept` frames of the site. */
static const struct memtrack_frame *frame_at(const struct memtrack_site *site, unsigned i,
                                             unsigned kept) {
    const struct memtrack_frame *frames = mt_sites_follow(&site->frames);

    return &frames[i + 1 < kept ? i : site->frame_count - 1u];
}

static void describe(struct mt_bytes *payload, struct mt_context_id id,
                     const struct memtrack_site *site, const char *path) {
    unsigned kept = site->frame_count < FRAMES_MAX ? site->frame_count : FRAMES_MAX;
    static struct strings strings; /* not on the stack, which may be a small one */
    unsigned module, type, pool;

    strings.count = 0;
    module = number_of(&strings, path);
    type = number_of(&strings, mt_sites_follow(&site->type));
    pool = number_of(&strings, mt_sites_follow(&site->pool));
    for (unsigned i = 0; i < kept; i++) {
        const struct memtrack_frame *frame = frame_at(site, i, kept);

        number_of(&strings, mt_sites_follow(&frame->function));
        number_of(&strings, mt_sites_follow(&frame->file));
    }
    mt_bytes_add_varint(payload, strings.count);
    for (unsigned i = 0; i < strings.count; i++)
        mt_bytes_add_string(payload, strings.items[i], strnlen(strings.items[i], STRING_MAX));
    mt_bytes_add_varint(payload, id.value);
    mt_bytes_add_u64(payload, site->hash);
    mt_bytes_add_u8(payload, site->api);
    mt_bytes_add_u8(payload, site->flags);
    mt_bytes_add_varint(payload, module);
    mt_bytes_add_varint(payload, type);
    mt_bytes_add_varint(payload, pool);
    mt_bytes_add_varint(payload, 0); /* offset */
    mt_bytes_add_varint(payload, kept);
    for (unsigned i = 0; i < kept; i++) {
        const struct memtrack_frame *frame = frame_at(site, i, kept);

        mt_bytes_add_varint(payload, number_of(&strings, mt_sites_follow(&frame->function)));
        mt_bytes_add_varint(payload, number_of(&strings, mt_sites_follow(&frame->file)));
        mt_bytes_add_varint(payload, frame->line);
        mt_bytes_add_varint(payload, frame->column);
        mt_bytes_add_varint(payload, frame->flags);
    }
}

static void describe_foreign(struct mt_bytes *payload, struct mt_context_id id,
                             const struct mt_foreign *foreign) {
    bool named = foreign->path[0];

    mt_bytes_add_varint(payload, named);
    if (named)
        mt_bytes_add_string(payload, foreign->path, strnlen(foreign->path, STRING_MAX));
    mt_bytes_add_varint(payload, id.value);
    mt_bytes_add_u64(payload, foreign->hash);
    mt_bytes_add_u8(payload, (uint8_t)foreign->api);
    mt_bytes_add_u8(payload, MT_SITE_FOREIGN);
    mt_bytes_add_varint(payload, named);
    mt_bytes_add_varint(payload, 0); /* type */
    mt_bytes_add_varint(payload, 0); /* pool */
    mt_bytes_add_varint(payload, foreign->offset);
    mt_bytes_add_varint(payload, 1);
    for (unsigned i = 0; i < 5; i++)
        mt_bytes_add_varint(payload, 0);
}

/* Tags: the innermost first. */
static void describe_tags(struct mt_bytes *payload, struct mt_context_id id, uint32_t set) {
    uint32_t depth = mt_tags_depth(set);

    mt_bytes_add_varint(payload, depth);
    for (uint32_t at = set; at; at = mt_tags_outer(at))
        mt_bytes_add_string(payload, mt_tags_text(at), strlen(mt_tags_text(at)));
    mt_bytes_add_varint(payload, id.value);
    mt_bytes_add_u64(payload, mt_tags_hash(set));
    mt_bytes_add_u8(payload, MT_API_UNKNOWN);
    mt_bytes_add_u8(payload, MT_SITE_TAG);
    for (int i = 0; i < 4; i++)
        mt_bytes_add_varint(payload, 0); /* module, type, pool, offset */
    mt_bytes_add_varint(payload, depth);
    for (uint32_t number = 1; number <= depth; number++) {
        mt_bytes_add_varint(payload, number);
        for (int i = 0; i < 4; i++)
            mt_bytes_add_varint(payload, 0); /* file, line, column, flags */
    }
}

bool mt_definitions_add_site(struct mt_context_id id, const struct memtrack_site *site) {
    bool is_tags = mt_tags_is_word((uintptr_t)site), is_foreign = mt_foreign_is(site);
    struct mt_object object = {0, 0, 0, ""};
    struct mt_foreign foreign;
    int saved = errno;
    bool added;

    /* Not under the lock, for what these take. */
    if (is_foreign)
        mt_foreign_find(site, &foreign);
    else if (!is_tags)
        mt_object_find((uintptr_t)site, &object);
    mt_lock_take(&lock);
    if (!scratch.data)
        scratch.data = mt_os_memory_map(SCRATCH_BYTES);
    scratch.size = 0;
    added = scratch.data != NULL;
    if (added && is_foreign)
        describe_foreign(&scratch, id, &foreign);
    else if (added && is_tags)
        describe_tags(&scratch, id, mt_tags_set_in((uintptr_t)site));
    else if (added)
        describe(&scratch, id, site, mt_object_path(&object));
    added = added && add_locked(MT_BLOCK_SITES, &scratch);
    mt_lock_release(&lock);
    errno = saved;
    return added;
}

/* The writer's side */

/* The stream from `taken` on, `size` bytes of it. */
static void copy(uint8_t *to, size_t size) {
    const struct mt_buffer *segment = oldest;
    uint64_t at = taken;

    while (size) {
        size_t skip, part;

        while (at - segment->first_event >= SEGMENT_BYTES)
            segment = atomic_load_explicit(&segment->next, memory_order_acquire);
        skip = (size_t)(at - segment->first_event);
        part = SEGMENT_BYTES - skip < size ? SEGMENT_BYTES - skip : size;
        memcpy(to, (const uint8_t *)segment->words + skip, part);
        to += part;
        at += part;
        size -= part;
    }
}

/* Cuts what has been copied after its last whole record; returns how many those are. */
static uint32_t count_records(void) {
    size_t at = 0;
    uint32_t count = 0;

    for (;;) {
        size_t start = at, length = 0;
        bool whole = false;

        for (unsigned shift = 0; at < block.size && !whole; shift += 7) {
            length |= (size_t)(block.data[at] & 0x7f) << shift;
            whole = block.data[at++] < 0x80;
        }
        if (!whole || length > block.size - at) {
            block.size = start;
            return count;
        }
        at += length;
        count++;
    }
}

bool mt_definitions_put(struct mt_bytes *out) {
    struct mt_block_header header = {.kind = MT_BLOCK_DEFINITIONS};
    uint64_t available;

    if (atomic_load_explicit(&written, memory_order_relaxed) == taken)
        return false;
    if (!block.data)
        block.data = mt_os_memory_map(BLOCK_BYTES);
    if (!block.data)
        return false;
    mt_lock_take(&lock);
    available = written - taken;
    block.size = available < BLOCK_BYTES ? (size_t)available : BLOCK_BYTES;
    copy(block.data, block.size);
    mt_lock_release(&lock);
    header.count = count_records();
    taken += block.size;
    mt_block_put(out, header, &block);
    return true;
}

void mt_definitions_release(void) {
    mt_lock_take(&lock);
    while (oldest && oldest != newest && taken - oldest->first_event >= SEGMENT_BYTES) {
        struct mt_buffer *segment = oldest;

        oldest = atomic_load_explicit(&segment->next, memory_order_relaxed);
        mt_live_give(segment);
    }
    mt_lock_release(&lock);
}

void mt_definitions_before_fork(void) {
    mt_lock_take(&lock);
}

void mt_definitions_after_fork(bool child) {
    if (child) {
        oldest = newest = NULL;
        written = taken = 0;
    }
    mt_lock_release(&lock);
}
