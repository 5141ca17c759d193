#define _GNU_SOURCE
#include "references.h"

#include "block.h"
#include "clock.h"
#include "hidden.h"
#include "options.h"
#include "os_memory.h"
#include "output.h"
#include "seccomp.h"
#include "sink.h"
#include "text.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define PAGE ((uintptr_t)MT_REFERENCES_PAGE)
#define PAGE_WORDS (MT_REFERENCES_PAGE / 8)
#define CHUNK_PAGES 64u  /* that are read at a time, */
#define ASK_PAGES 16384u /* and asked for: most of a large mapping may never have been touched */

/* Asking for so much address space takes half a second; sanitizers have more. */
#define ADDRESS_SPACE_MAX ((uint64_t)1 << 40)

/* Of shared memory that is not in memory: reading a page that never was makes one. */
#define BLIND_BYTES_MAX (UINT64_C(64) << 20)

/* A block of words is written when one of its columns is this full. */
#define COLUMN_BYTES (256u << 10)
#define PAGE_HEAD_MAX (2u * MT_VARINT_MAX)
#define PAGE_PLACES_MAX (2u * PAGE_WORDS)
#define WORD_MAX (MT_VARINT_MAX + 1u)
#define REGION_MAX (5u * MT_VARINT_MAX + 4096u)
#define PAYLOAD_BYTES ((size_t)1 << 20)

/* Of /proc/self/pagemap */
#define PAGE_PRESENT (UINT64_C(1) << 63 | UINT64_C(1) << 62)
#define PAGE_OF_FILE (UINT64_C(1) << 61)

struct work {
    struct mt_stop stop;
    struct mt_regions regions;
    struct mt_span *targets; /* where blocks may lie; by address */
    size_t target_count;
    const struct mt_span *target; /* the last one that was found */
    uintptr_t lowest, highest;
    int pagemap;
    uint64_t bytes, words, limit, blind;
    bool swapped;                     /* something of the system's is */
    bool few_calls;                   /* MT_SECCOMP_FEW */
    uint64_t threads, stopped, flags; /* for the summary */
    enum mt_scan_result result;
    size_t left_out; /* the first that may matter for what is to come */

    /* The block that is being filled. */
    struct mt_bytes heads, places, values, payload, out;
    uint32_t pages;
    uintptr_t last_page, last_value;

    uint64_t chunk[CHUNK_PAGES * PAGE_WORDS];
    uint64_t entries[ASK_PAGES];
    unsigned char resident[ASK_PAGES];
};

static struct mt_exiting exiting;

/* What the options leave out, whatever the program is like at its end. */
static enum mt_scan_result left_out(void) {
    if (mt_options.leaks == MT_LEAKS_OFF)
        return MT_SCAN_OFF;
    if (mt_options.mode != MT_MODE_TRACE || mt_options.sample != MT_SAMPLE_ALL)
        return MT_SCAN_MODE;
    return MT_SCAN_DONE;
}

void mt_references_prepare(void) {
    if (left_out() == MT_SCAN_DONE)
        mt_seccomp_prepare();
}

void mt_references_exit(uintptr_t stack_pointer) {
    exiting = (struct mt_exiting){gettid(), stack_pointer, (uintptr_t)__builtin_thread_pointer()};
}

/* Blocks of the trace */

static void append(struct work *work, uint32_t count) {
    const struct mt_block_header header = {.kind = MT_BLOCK_REFERENCES, .count = count};

    if (work->result != MT_SCAN_DONE)
        return;
    work->out.size = 0;
    mt_block_put(&work->out, header, &work->payload);
    if ((mt_options.max_trace_mb &&
         (mt_sink_size() + work->out.size) >> 20 >= mt_options.max_trace_mb) ||
        !mt_output_append_more(work->out.data, work->out.size))
        work->result = MT_SCAN_NO_SPACE;
}

static void put_words(struct work *work) {
    if (work->pages) {
        work->payload.size = 0;
        mt_bytes_add_u8(&work->payload, MT_REFERENCES_WORDS);
        mt_bytes_add_varint(&work->payload, work->heads.size);
        mt_bytes_add_varint(&work->payload, work->places.size);
        mt_bytes_add(&work->payload, work->heads.data, work->heads.size);
        mt_bytes_add(&work->payload, work->places.data, work->places.size);
        mt_bytes_add(&work->payload, work->values.data, work->values.size);
        append(work, work->pages);
    }
    work->heads.size = work->places.size = work->values.size = 0;
    work->pages = 0;
    work->last_page = work->last_value = 0;
}

static void put_regions(struct work *work) {
    const struct mt_regions *regions = &work->regions;
    uint32_t count = 0;

    work->payload.size = 0;
    mt_bytes_add_u8(&work->payload, MT_REFERENCES_REGIONS);
    for (size_t i = 0; i < regions->region_count; i++) {
        const struct mt_region *region = &regions->regions[i];

        mt_bytes_add_u8(&work->payload, (uint8_t)region->kind);
        mt_bytes_add_varint(&work->payload, region->span.start);
        mt_bytes_add_varint(&work->payload, region->span.end - region->span.start);
        mt_bytes_add_varint(&work->payload, (uint64_t)region->thread);
        mt_bytes_add_string(&work->payload, region->mapping->path, region->mapping->path_length);
        count++;
        if (work->payload.size > PAYLOAD_BYTES - REGION_MAX) {
            append(work, count);
            work->payload.size = count = 0;
            mt_bytes_add_u8(&work->payload, MT_REFERENCES_REGIONS);
        }
    }
    append(work, count);
}

static void put_registers(struct work *work) {
    uint32_t count = 0;

    work->payload.size = 0;
    mt_bytes_add_u8(&work->payload, MT_REFERENCES_REGISTERS);
    for (size_t i = 0; i < work->stop.count; i++) {
        const struct mt_stopped *thread = &work->stop.threads[i];

        for (uint32_t k = 0; k < thread->register_count; k++) {
            uintptr_t value = thread->registers[k];

            if (value < work->lowest || value >= work->highest ||
                work->payload.size > PAYLOAD_BYTES - MT_VARINT_MAX)
                continue;
            mt_bytes_add_varint(&work->payload, value);
            count++;
        }
    }
    if (count)
        append(work, count);
}

/* Words */

/* Adjacent ones are one. */
static void find_targets(struct work *work) {
    const struct mt_regions *regions = &work->regions;
    uint64_t room = 0;

    for (size_t i = 0; i < regions->mapping_count; i++) {
        const struct mt_mapping *mapping = &regions->mappings[i];
        struct mt_span *last = work->targets + work->target_count - 1;

        if (!mapping->kind)
            continue;
        room += mapping->span.end - mapping->span.start;
        if (mapping->is_stack)
            continue;
        if (work->target_count && last->end == mapping->span.start)
            last->end = mapping->span.end;
        else
            work->targets[work->target_count++] = mapping->span;
    }
    if (room > ADDRESS_SPACE_MAX)
        work->result = MT_SCAN_TOO_LARGE;
    work->target = work->targets;
    work->lowest = work->target_count ? work->targets[0].start : 1;
    work->highest = work->target_count ? work->targets[work->target_count - 1].end : 0;
}

static bool is_target(struct work *work, uintptr_t value) {
    size_t low = 0, high = work->target_count;

    if (value - work->target->start < work->target->end - work->target->start)
        return true;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (work->targets[middle].end <= value)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == work->target_count || value < work->targets[low].start)
        return false;
    work->target = &work->targets[low];
    return true;
}

/* Relative to the value before it or to where it stands, whatever is closer. */
static void put_word(struct work *work, uintptr_t address, uintptr_t value) {
    uint64_t near_last = mt_zigzag((int64_t)(value >> 4) - (int64_t)(work->last_value >> 4));
    uint64_t near_own = mt_zigzag((int64_t)(value >> 4) - (int64_t)(address >> 4));
    bool own = near_own < near_last, odd = value & 15;

    mt_bytes_add_varint(&work->values, (own ? near_own : near_last) << 2 | own << 1 | odd);
    if (odd)
        mt_bytes_add_u8(&work->values, value & 15);
    work->last_value = value;
}

static void put_page(struct work *work, uintptr_t address, const uint64_t *page,
                     const uint16_t *places, unsigned count) {
    unsigned next = 0;

    mt_bytes_add_varint(&work->heads, (address - work->last_page) / PAGE);
    mt_bytes_add_varint(&work->heads, count);
    for (unsigned i = 0; i < count; i++) {
        mt_bytes_add_varint(&work->places, places[i] - next);
        next = places[i] + 1u;
        put_word(work, address + 8u * places[i], page[places[i]]);
    }
    work->last_page = address;
    work->pages++;
    work->words += count;
    if (work->heads.size > COLUMN_BYTES || work->places.size > COLUMN_BYTES ||
        work->values.size > COLUMN_BYTES)
        put_words(work);
}

/* The control block of a thread begins with its own address, and has it once more. */
static bool is_control_block(const uint64_t *page, unsigned place, uintptr_t address) {
    return page[place] == address && address % 64 == 0 && place + 2 < PAGE_WORDS &&
           page[place + 2] == address;
}

/* The words of a page from `first` on, up to `end`. */
static void look_at_page(struct work *work, const struct mt_mapping *mapping, uintptr_t address,
                         const uint64_t *page, unsigned first, unsigned end) {
    uintptr_t lowest = work->lowest, room = work->highest - lowest;
    uint16_t places[PAGE_WORDS];
    unsigned count = 0;

    for (unsigned i = first; i < end; i++) {
        if (MT_LIKELY(page[i] - lowest >= room) || !is_target(work, page[i]))
            continue;
        places[count++] = (uint16_t)i;
        if (MT_UNLIKELY(is_control_block(page, i, address + 8u * i)))
            mt_regions_found_block(&work->regions, mapping, page[i], &work->stop, &exiting);
    }
    if (count)
        put_page(work, address, page, places, count);
}

/* Whether there can be anything in a page. */
static bool is_worth(const struct work *work, const struct mt_mapping *mapping, unsigned page) {
    uint64_t entry = work->entries[page];

    return entry & PAGE_PRESENT &&
           (mapping->kind != MT_REGION_FILE || !mapping->private || !(entry & PAGE_OF_FILE));
}

static void ask_for_pages(struct work *work, uintptr_t first, unsigned pages) {
    size_t size = pages * sizeof *work->entries;

    if (work->pagemap >= 0 && pread(work->pagemap, work->entries, size,
                                    (off_t)(first / PAGE * sizeof *work->entries)) == (ssize_t)size)
        return;
    for (unsigned i = 0; i < pages; i++)
        work->entries[i] = PAGE_PRESENT;
}

static bool is_in_memory_only(const struct mt_mapping *mapping) {
    static const char *const starts[] = {"/dev/zero", "/SYSV", "/memfd:", "/dev/shm/", "[anon"};

    for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (mt_regions_path_is(mapping, starts[i]))
            return true;
    }
    return false;
}

/* Of shared memory pages may be there that this process has not mapped now: in memory, swapped, or
 * in a file. */
static void ask_for_shared(struct work *work, const struct mt_mapping *mapping, uintptr_t first,
                           unsigned pages) {
    bool known = !work->few_calls && syscall(SYS_mincore, first, pages * PAGE, work->resident) == 0;

    for (unsigned i = 0; i < pages; i++) {
        if (work->entries[i] & PAGE_PRESENT)
            continue;
        if (known && work->resident[i] & 1) {
            work->entries[i] = PAGE_PRESENT;
        } else if (!known || work->swapped || !is_in_memory_only(mapping)) {
            work->entries[i] = PAGE_PRESENT;
            work->blind += PAGE;
        }
    }
    if (work->blind > BLIND_BYTES_MAX)
        work->result = MT_SCAN_TOO_LARGE;
}

/* Pages that follow each other, of which the words of `span` count. */
static void look_at_pages(struct work *work, const struct mt_mapping *mapping, struct mt_span span,
                          uintptr_t from, unsigned pages) {
    for (unsigned done = 0; done < pages;) {
        uintptr_t start = from + done * PAGE;
        size_t copied = mt_regions_copy(work->chunk, start, (pages - done) * PAGE) / PAGE;

        work->bytes += copied * PAGE;
        for (unsigned i = 0; i < copied; i++) {
            uintptr_t address = start + i * PAGE;
            uintptr_t first = span.start > address ? span.start - address : 0;
            uintptr_t end = span.end < address + PAGE ? span.end - address : PAGE;

            look_at_page(work, mapping, address, work->chunk + i * PAGE_WORDS,
                         (unsigned)(first + 7) / 8, (unsigned)end / 8);
        }
        /* And one that cannot be read. */
        done += (unsigned)copied + (copied < pages - done);
    }
}

static void look_at_span(struct work *work, const struct mt_mapping *mapping, struct mt_span span) {
    uintptr_t address = span.start & ~(PAGE - 1);

    while (address < span.end && work->result == MT_SCAN_DONE) {
        uintptr_t left = (span.end - address + PAGE - 1) / PAGE;
        unsigned pages = left < ASK_PAGES ? (unsigned)left : ASK_PAGES;

        ask_for_pages(work, address, pages);
        if (!mapping->private)
            ask_for_shared(work, mapping, address, pages);
        for (unsigned i = 0;
             i < pages && work->bytes <= work->limit && work->result == MT_SCAN_DONE;) {
            unsigned run = 0;

            while (i + run < pages && run < CHUNK_PAGES && is_worth(work, mapping, i + run))
                run++;
            if (run)
                look_at_pages(work, mapping, span, address + i * PAGE, run);
            i += run ? run : 1;
        }
        if (work->bytes > work->limit)
            work->result = MT_SCAN_TOO_LARGE;
        address += pages * PAGE;
    }
}

/* All of it but for what is left out. */
static void look_at_mapping(struct work *work, const struct mt_mapping *mapping) {
    const struct mt_regions *regions = &work->regions;
    uintptr_t at = mapping->span.start;

    while (work->left_out < regions->left_out_count && regions->left_out[work->left_out].end <= at)
        work->left_out++;
    for (size_t i = work->left_out; at < mapping->span.end; i++) {
        bool any = i < regions->left_out_count && regions->left_out[i].start < mapping->span.end;
        uintptr_t end = any ? regions->left_out[i].start : mapping->span.end;

        if (end > at)
            look_at_span(work, mapping, (struct mt_span){at, end});
        if (!any)
            break;
        if (regions->left_out[i].end > at)
            at = regions->left_out[i].end;
    }
}

/* Whether to look at all */

/* Bytes of memory that are not only a file's. */
static uint64_t resident_bytes(void) {
    uint64_t numbers[3] = {0};
    char text[256];
    const char *at = text;

    if (!mt_text_read_file("/proc/thread-self/statm", text, sizeof text))
        return 0;
    for (int i = 0; i < 3; i++) {
        for (; *at >= '0' && *at <= '9'; at++)
            numbers[i] = numbers[i] * 10 + (uint64_t)(*at - '0');
        at += *at == ' ';
    }
    return numbers[1] > numbers[2] ? (numbers[1] - numbers[2]) * (uint64_t)sysconf(_SC_PAGESIZE)
                                   : 0;
}

static enum mt_scan_result decide(bool *few_calls) {
    enum mt_scan_result options = left_out();
    enum mt_seccomp filter;

    if (options != MT_SCAN_DONE)
        return options;
    if (mt_output.stopped)
        return MT_SCAN_NO_SPACE;
    if (resident_bytes() >> 20 > mt_options.leaks_max_mb)
        return MT_SCAN_TOO_LARGE;
    filter = mt_seccomp_ask();
    if (filter == MT_SECCOMP_REFUSES)
        return MT_SCAN_REFUSED;
    *few_calls = filter == MT_SECCOMP_FEW;
    return MT_SCAN_DONE;
}

/* The whole */

#define PIECE(type, count) ((count) * sizeof(type))
static const size_t work_bytes =
    sizeof(struct work) + PIECE(struct mt_mapping, MT_MAPPINGS_MAX) +
    PIECE(struct mt_region, MT_REGIONS_MAX) + PIECE(struct mt_span, MT_SPANS_MAX) +
    PIECE(struct mt_span, MT_MAPPINGS_MAX) + MT_MAPS_BYTES +
    2 * (COLUMN_BYTES + PAGE_WORDS * WORD_MAX) + COLUMN_BYTES + PAGE_PLACES_MAX +
    2 * PAYLOAD_BYTES + PAGE_HEAD_MAX + MT_BLOCK_OVERHEAD + 4096;

static void *take(char **memory, size_t size) {
    char *piece = *memory;

    *memory += (size + 15) & ~(size_t)15;
    return piece;
}

static struct work *prepare(void) {
    char *memory = mt_os_memory_map(work_bytes);
    struct work *work = (void *)memory;

    if (!memory)
        return NULL;
    take(&memory, sizeof *work);
    work->regions.mappings = take(&memory, PIECE(struct mt_mapping, MT_MAPPINGS_MAX));
    work->regions.regions = take(&memory, PIECE(struct mt_region, MT_REGIONS_MAX));
    work->regions.left_out = take(&memory, PIECE(struct mt_span, MT_SPANS_MAX));
    work->targets = take(&memory, PIECE(struct mt_span, MT_MAPPINGS_MAX));
    work->regions.text = take(&memory, MT_MAPS_BYTES);
    work->heads.data = take(&memory, COLUMN_BYTES + PAGE_HEAD_MAX);
    work->places.data = take(&memory, COLUMN_BYTES + PAGE_PLACES_MAX);
    work->values.data = take(&memory, COLUMN_BYTES + PAGE_WORDS * WORD_MAX);
    work->payload.data = take(&memory, PAYLOAD_BYTES);
    work->out.data = take(&memory, PAYLOAD_BYTES + MT_BLOCK_OVERHEAD);
    work->limit = mt_options.leaks_max_mb << 20;
    return work;
}

static bool is_swapped(void) {
    struct sysinfo info;

    return syscall(SYS_sysinfo, &info) != 0 || info.freeswap != info.totalswap;
}

static void look(struct work *work) {
    struct mt_regions *regions = &work->regions;
    uint64_t word;

    work->swapped = work->few_calls || is_swapped();
    if (mt_regions_copy(&word, (uintptr_t)&exiting, sizeof word) != sizeof word ||
        !mt_regions_read(regions, &work->stop, &exiting)) {
        work->result = MT_SCAN_NO_MAPS;
        return;
    }
    work->pagemap = sysconf(_SC_PAGESIZE) == MT_REFERENCES_PAGE
                        ? open("/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC)
                        : -1;
    find_targets(work);
    for (size_t i = 0; i < regions->mapping_count && work->result == MT_SCAN_DONE; i++) {
        if (regions->mappings[i].kind)
            look_at_mapping(work, &regions->mappings[i]);
    }
    if (work->pagemap >= 0)
        close(work->pagemap);
    if (regions->full && work->result == MT_SCAN_DONE)
        work->result = MT_SCAN_NO_MEMORY;
    put_words(work);
}

/* While they are known. */
static void count_threads(struct work *work) {
    for (size_t i = 0; i < work->stop.count; i++) {
        work->threads += !work->stop.threads[i].gone;
        work->stopped += work->stop.threads[i].register_count != 0;
    }
    if (work->stop.all_stopped)
        work->flags |= MT_SCAN_REGISTERS;
    if (work->regions.all_stacks)
        work->flags |= MT_SCAN_ALL_STACKS;
}

static void put_summary(const struct work *work, enum mt_scan_result result, uint64_t start) {
    uint8_t bytes[8 * MT_VARINT_MAX];
    uint8_t stored[sizeof bytes + MT_BLOCK_OVERHEAD];
    struct mt_bytes payload = {bytes, 0}, out = {stored, 0};
    uint64_t flags = work ? work->flags : 0;

    if (atomic_load(&mt_hidden_any))
        flags |= MT_SCAN_HIDDEN;
    mt_bytes_add_u8(&payload, MT_REFERENCES_SUMMARY);
    mt_bytes_add_u8(&payload, (uint8_t)result);
    mt_bytes_add_varint(&payload, flags);
    mt_bytes_add_varint(&payload, mt_clock_nanoseconds(CLOCK_MONOTONIC) - start);
    mt_bytes_add_varint(&payload, work ? work->bytes : 0);
    mt_bytes_add_varint(&payload, work ? work->words : 0);
    mt_bytes_add_varint(&payload, work ? work->threads : 0);
    mt_bytes_add_varint(&payload, work ? work->stopped : 0);
    mt_block_put(&out, (struct mt_block_header){.kind = MT_BLOCK_REFERENCES, .count = 1}, &payload);
    if (!mt_output.stopped)
        mt_output_append_more(out.data, out.size);
}

void mt_references_write(void) {
    uint64_t start = mt_clock_nanoseconds(CLOCK_MONOTONIC);
    bool few_calls = false;
    enum mt_scan_result result = decide(&few_calls);
    struct work *work = result == MT_SCAN_DONE ? prepare() : NULL;

    if (work) {
        work->few_calls = few_calls;
        mt_regions_by_file = few_calls;
        mt_regions_prepare(&work->regions);
        if (mt_stop_begin(&work->stop, exiting.id, few_calls))
            look(work);
        else
            work->result = MT_SCAN_NO_MEMORY;
        put_regions(work);
        put_registers(work);
        count_threads(work);
        mt_stop_end(&work->stop);
        result = work->result;
    } else if (result == MT_SCAN_DONE) {
        result = MT_SCAN_NO_MEMORY;
    }
    put_summary(work, result, start);
    mt_os_memory_unmap(work, work_bytes);
}
