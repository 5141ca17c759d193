#define _GNU_SOURCE
#include "describe.h"

#include "memtrack/abi.h"
#include "options.h"
#include "os_memory.h"
#include "sites.h"
#include "version.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A function's name or a path longer than this is cut; a chain of inlined frames loses its middle
 * callers, never its ends. */
#define STRING_MAX 32768u
#define FRAMES_MAX 128u
#define STRINGS_BYTES (9u << 20)
#define RECORDS_BYTES (512u << 10)
#define SITE_FIXED_MAX (7 * MT_VARINT_MAX + 10)
#define FRAME_MAX (5 * MT_VARINT_MAX)
#define CONTEXT_MAX (3 * MT_VARINT_MAX)
#define INTERNED 4096u /* a power of two */

static struct mt_bytes payload, strings, sites, contexts;
static uint32_t site_count, string_count, context_count;

/* Strings of the block being built, by address: the linker has merged equal ones. */
static struct {
    const char *string;
    uint32_t number;
} * interned;

bool mt_describe_start(void) {
    const size_t interned_bytes = INTERNED * sizeof *interned;
    uint8_t *memory;

    if (interned)
        return true;
    memory = mt_os_memory_map(MT_DESCRIBE_MAX + STRINGS_BYTES + 2 * RECORDS_BYTES + interned_bytes);
    if (!memory)
        return false;
    payload.data = memory;
    strings.data = payload.data + MT_DESCRIBE_MAX;
    sites.data = strings.data + STRINGS_BYTES;
    contexts.data = sites.data + RECORDS_BYTES;
    interned = (void *)(contexts.data + RECORDS_BYTES);
    return true;
}

static void put(struct mt_bytes *out, enum mt_block_kind kind, uint32_t count) {
    mt_block_put(out, (struct mt_block_header){.kind = kind, .count = count}, &payload);
    payload.size = 0;
}

/* The slot of the string; an empty one if the block does not have it yet. */
static uint32_t interned_slot(const char *string) {
    uint32_t slot = (uint32_t)((uintptr_t)string * UINT64_C(0x9e3779b97f4a7c15) >> 48);

    while (interned[slot % INTERNED].string && interned[slot % INTERNED].string != string)
        slot++;
    return slot % INTERNED;
}

static size_t new_string_bytes(const char *string) {
    if (!string || interned[interned_slot(string)].string)
        return 0;
    return strnlen(string, STRING_MAX) + MT_VARINT_MAX;
}

static uint32_t string_number(const char *string) {
    uint32_t slot;

    if (!string)
        return 0;
    slot = interned_slot(string);
    if (!interned[slot].string) {
        interned[slot].string = string;
        interned[slot].number = ++string_count;
        mt_bytes_add_string(&strings, string, strnlen(string, STRING_MAX));
    }
    return interned[slot].number;
}

/* The i-th of the `kept` frames of the site. */
static const struct memtrack_frame *frame_at(const struct memtrack_site *site, unsigned i,
                                             unsigned kept) {
    const struct memtrack_frame *frames = mt_sites_follow(&site->frames);

    return &frames[i + 1 < kept ? i : site->frame_count - 1u];
}

bool mt_describe_add_site(struct mt_context_id id, const struct memtrack_site *site) {
    unsigned kept = site->frame_count < FRAMES_MAX ? site->frame_count : FRAMES_MAX;
    const char *module = mt_sites_module(site);
    const char *type = mt_sites_follow(&site->type);
    size_t text = new_string_bytes(module) + new_string_bytes(type);

    for (unsigned i = 0; i < kept; i++) {
        const struct memtrack_frame *frame = frame_at(site, i, kept);

        text += new_string_bytes(mt_sites_follow(&frame->function));
        text += new_string_bytes(mt_sites_follow(&frame->file));
    }
    if (strings.size + text > STRINGS_BYTES ||
        sites.size + SITE_FIXED_MAX + kept * FRAME_MAX > RECORDS_BYTES ||
        string_count + 2 + 2 * kept > INTERNED * 3 / 4)
        return false;

    mt_bytes_add_varint(&sites, id.value);
    mt_bytes_add_u64(&sites, site->hash);
    mt_bytes_add_u8(&sites, site->api);
    mt_bytes_add_u8(&sites, site->flags);
    mt_bytes_add_varint(&sites, string_number(module));
    mt_bytes_add_varint(&sites, string_number(type));
    mt_bytes_add_varint(&sites, 0); /* pool */
    mt_bytes_add_varint(&sites, 0); /* offset */
    mt_bytes_add_varint(&sites, kept);
    for (unsigned i = 0; i < kept; i++) {
        const struct memtrack_frame *frame = frame_at(site, i, kept);

        mt_bytes_add_varint(&sites, string_number(mt_sites_follow(&frame->function)));
        mt_bytes_add_varint(&sites, string_number(mt_sites_follow(&frame->file)));
        mt_bytes_add_varint(&sites, frame->line);
        mt_bytes_add_varint(&sites, frame->column);
        mt_bytes_add_varint(&sites, frame->flags);
    }
    site_count++;
    return true;
}

bool mt_describe_add_context(struct mt_context_id id, struct mt_context_id parent,
                             struct mt_context_id site) {
    if (contexts.size + CONTEXT_MAX > RECORDS_BYTES)
        return false;
    mt_bytes_add_varint(&contexts, id.value);
    mt_bytes_add_varint(&contexts, parent.value);
    mt_bytes_add_varint(&contexts, site.value);
    context_count++;
    return true;
}

static void put_sites(struct mt_bytes *out) {
    if (!site_count)
        return;
    mt_bytes_add_varint(&payload, string_count);
    mt_bytes_add(&payload, strings.data, strings.size);
    mt_bytes_add(&payload, sites.data, sites.size);
    put(out, MT_BLOCK_SITES, site_count);
    strings.size = sites.size = 0;
    site_count = string_count = 0;
    memset(interned, 0, INTERNED * sizeof *interned);
}

void mt_describe_put_contexts(struct mt_bytes *out) {
    put_sites(out);
    if (!context_count)
        return;
    mt_bytes_add(&payload, contexts.data, contexts.size);
    put(out, MT_BLOCK_CONTEXTS, context_count);
    contexts.size = context_count = 0;
}

void mt_describe_put_thread(struct mt_bytes *out, const struct mt_thread *thread) {
    mt_bytes_add_varint(&payload, thread->id);
    mt_bytes_add_varint(&payload, thread->tid);
    mt_bytes_add_varint(&payload, thread->first_ticks);
    mt_bytes_add_varint(&payload, thread->last_ticks);
    mt_bytes_add_string(&payload, thread->name, strnlen(thread->name, sizeof thread->name));
    put(out, MT_BLOCK_THREADS, 1);
}

static void add_pair(const char *key, const char *value, size_t length) {
    mt_bytes_add_string(&payload, key, strlen(key));
    mt_bytes_add_string(&payload, value, length);
}

void mt_describe_put_process(struct mt_bytes *out) {
    static char buffer[65536];
    struct utsname system;
    ssize_t length;
    uint32_t count = 1;
    int file;

    add_pair("version", MT_VERSION, strlen(MT_VERSION));
    length = readlink("/proc/self/exe", buffer, sizeof buffer);
    if (length > 0) {
        add_pair("executable", buffer, (size_t)length);
        count++;
    }
    file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    length = file < 0 ? 0 : read(file, buffer, sizeof buffer);
    if (file >= 0)
        close(file);
    if (length > 0) {
        add_pair("command", buffer, (size_t)length - (buffer[length - 1] == 0));
        count++;
    }
    if (getcwd(buffer, sizeof buffer)) {
        add_pair("cwd", buffer, strlen(buffer));
        count++;
    }
    if (uname(&system) == 0) {
        add_pair("host", system.nodename, strlen(system.nodename));
        add_pair("arch", system.machine, strlen(system.machine));
        count += 2;
    }
    if (mt_options.given[0]) {
        add_pair("options", mt_options.given, strlen(mt_options.given));
        count++;
    }
    put(out, MT_BLOCK_PROCESS, count);
}

void mt_describe_put_clock(struct mt_bytes *out) {
    mt_bytes_add_u64(&payload, mt_clock_ticks());
    mt_bytes_add_u64(&payload, mt_clock_nanoseconds(CLOCK_MONOTONIC));
    mt_bytes_add_u64(&payload, mt_clock_nanoseconds(CLOCK_REALTIME));
    put(out, MT_BLOCK_CLOCK, 1);
}

void mt_describe_put_loss(struct mt_bytes *out, uint32_t thread, uint64_t events,
                          enum mt_loss_reason reason) {
    if (!events)
        return;
    mt_bytes_add_varint(&payload, thread);
    mt_bytes_add_varint(&payload, events);
    mt_bytes_add_u8(&payload, (uint8_t)reason);
    put(out, MT_BLOCK_LOSS, 1);
}

void mt_describe_put_end(struct mt_bytes *out, const struct mt_describe_end *end) {
    mt_bytes_add_u8(&payload, (uint8_t)end->reason);
    mt_bytes_add_varint(&payload, mt_clock_ticks());
    mt_bytes_add_varint(&payload, end->events);
    mt_bytes_add_varint(&payload, end->lost);
    mt_bytes_add_varint(&payload, end->writer_ns);
    mt_bytes_add_varint(&payload, mt_os_memory_mapped());
    put(out, MT_BLOCK_END, 1);
}
