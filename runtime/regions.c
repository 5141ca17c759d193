#define _GNU_SOURCE
#include "regions.h"

#include "live.h"
#include "os_memory.h"
#include "record.h"
#include "text.h"
#include "writer_thread.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE ((uintptr_t)4096)
#define ROUND_UP(address) (((address) + PAGE - 1) & ~(PAGE - 1))

/* glibc's struct pthread, which begins at the control block: 2,304 bytes and a little more. */
#define BLOCK_BYTES 2560u
#define HEADERS_MAX 32u

/* What a function may use below its stack pointer. */
#define RED_ZONE 128u

bool mt_regions_by_file;

/* By the thread: of a process whose main thread has ended, /proc/self tells nothing. */
size_t mt_regions_copy(void *to, uintptr_t from, size_t size) {
    const struct iovec local = {to, size}, remote = {(void *)from, size};
    ssize_t copied = -1;
    int file;

    if (!mt_regions_by_file)
        copied = process_vm_readv(gettid(), &local, 1, &remote, 1, 0);
    if (copied >= 0)
        return (size_t)copied;
    /* Not allowed here, or nothing is there. */
    file = open("/proc/thread-self/mem", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    copied = pread(file, to, size, (off_t)from);
    close(file);
    return copied > 0 ? (size_t)copied : 0;
}

static void leave_out(struct mt_regions *regions, uintptr_t start, uintptr_t end) {
    if (start >= end)
        return;
    if (regions->left_out_count == MT_SPANS_MAX)
        regions->full = true;
    else
        regions->left_out[regions->left_out_count++] = (struct mt_span){start, end};
}

static void leave_out_pages(uintptr_t start, uintptr_t end, void *data) {
    leave_out(data, start, ROUND_UP(end));
}

static void add_region(struct mt_regions *regions, struct mt_region region) {
    if (region.span.start >= region.span.end)
        return;
    if (regions->region_count == MT_REGIONS_MAX)
        regions->full = true;
    else
        regions->regions[regions->region_count++] = region;
}

/* Lines of /proc/self/maps */

static bool read_text(struct mt_regions *regions, size_t *size) {
    int file = open("/proc/thread-self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t length = -1;

    *size = 0;
    while (file >= 0 && *size < MT_MAPS_BYTES &&
           (length = read(file, regions->text + *size, MT_MAPS_BYTES - *size)) > 0)
        *size += (size_t)length;
    if (file >= 0)
        close(file);
    return length == 0 && *size > 0;
}

bool mt_regions_path_is(const struct mt_mapping *mapping, const char *start) {
    size_t length = strlen(start);

    return mapping->path_length >= length && !memcmp(mapping->path, start, length);
}

/* Devices are left alone, whatever reading them does. */
static uint8_t kind_of(const struct mt_mapping *mapping) {
    if (!mapping->readable)
        return 0;
    if (!mapping->path_length || mt_regions_path_is(mapping, "[anon") ||
        mt_regions_path_is(mapping, "[stack"))
        return MT_REGION_ANONYMOUS;
    if (mt_regions_path_is(mapping, "[heap]"))
        return MT_REGION_HEAP;
    if (mapping->path[0] != '/' || !mapping->writable)
        return 0;
    if (mt_regions_path_is(mapping, "/dev/") && !mt_regions_path_is(mapping, "/dev/zero") &&
        !mt_regions_path_is(mapping, "/dev/shm/"))
        return 0;
    return MT_REGION_FILE;
}

static void parse_line(const char *at, const char *end, struct mt_mapping *mapping) {
    mapping->span.start = mt_text_take_hex(&at, end);
    at++;
    mapping->span.end = mt_text_take_hex(&at, end);
    at++;
    if (end - at < 5)
        return;
    mapping->readable = at[0] == 'r';
    mapping->writable = at[1] == 'w';
    mapping->executable = at[2] == 'x';
    mapping->private = at[3] == 'p';
    at += 5;
    mapping->offset = mt_text_take_hex(&at, end);
    /* device and inode */
    for (int fields = 0; fields < 2; fields++) {
        while (at < end && *at == ' ')
            at++;
        while (at < end && *at != ' ')
            at++;
    }
    while (at < end && *at == ' ')
        at++;
    mapping->path = at;
    mapping->path_length = (uint16_t)(end - at < 4096 ? end - at : 4096);
    mapping->is_stack = mt_regions_path_is(mapping, "[stack");
    mapping->kind = kind_of(mapping);
}

static void parse_text(struct mt_regions *regions, size_t size) {
    const char *at = regions->text, *end = at + size;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));

        if (!line_end)
            line_end = end;
        if (regions->mapping_count == MT_MAPPINGS_MAX) {
            regions->full = true;
            return;
        }
        parse_line(at, line_end, &regions->mappings[regions->mapping_count++]);
        at = line_end + 1;
    }
}

static const struct mt_mapping *find(const struct mt_regions *regions, uintptr_t address) {
    size_t low = 0, high = regions->mapping_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (regions->mappings[middle].span.end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == regions->mapping_count || regions->mappings[low].span.start > address)
        return NULL;
    return &regions->mappings[low];
}

/* A page that cannot be touched lies directly below, as below the stacks of threads. */
static bool is_guarded(const struct mt_regions *regions, const struct mt_mapping *mapping) {
    const struct mt_mapping *below = mapping - 1;

    return mapping > regions->mappings && below->span.end == mapping->span.start &&
           !below->readable && !below->writable && !below->executable;
}

/* Objects */

/* A file that is mapped from its beginning may be an object, or only look like one: an object's
 * code is where its headers say. */
static bool is_loaded(const struct mt_regions *regions, const struct mt_mapping *first,
                      uintptr_t bias, const ElfW(Phdr) * headers, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        const struct mt_mapping *mapping;

        if (headers[i].p_type != PT_LOAD || !(headers[i].p_flags & PF_X))
            continue;
        mapping = find(regions, bias + headers[i].p_vaddr);
        return mapping && mapping->executable && mapping->path_length == first->path_length &&
               !memcmp(mapping->path, first->path, first->path_length);
    }
    return false;
}

static uintptr_t own_variable(void) {
    return (uintptr_t)&mt_recording;
}

static bool is_runtime(const struct mt_mapping *mapping) {
    static const char name[] = "libmemtrack.so";
    size_t length = sizeof name - 1;

    for (size_t i = 0; i + length <= mapping->path_length; i++) {
        if (!memcmp(mapping->path + i, name, length))
            return true;
    }
    return false;
}

/* Returns how much the object's thread-local variables take. */
static size_t add_object(struct mt_regions *regions, const struct mt_mapping *first) {
    struct {
        ElfW(Ehdr) file;
        ElfW(Phdr) headers[HEADERS_MAX];
    } head;
    uintptr_t bias = first->span.start;
    size_t local = 0;
    unsigned count;

    if (mt_regions_copy(&head.file, first->span.start, sizeof head.file) != sizeof head.file ||
        memcmp(head.file.e_ident, ELFMAG, SELFMAG) || head.file.e_phentsize != sizeof *head.headers)
        return 0;
    count = head.file.e_phnum < HEADERS_MAX ? head.file.e_phnum : HEADERS_MAX;
    if (mt_regions_copy(head.headers, first->span.start + head.file.e_phoff,
                        count * sizeof *head.headers) != count * sizeof *head.headers)
        return 0;
    for (unsigned i = 0; i < count; i++) {
        if (head.headers[i].p_type == PT_LOAD && head.headers[i].p_offset == 0)
            bias -= head.headers[i].p_vaddr;
    }
    if (!is_loaded(regions, first, bias, head.headers, count))
        return 0;
    for (unsigned i = 0; i < count; i++) {
        const ElfW(Phdr) *header = &head.headers[i];
        uintptr_t start = bias + header->p_vaddr;
        struct mt_span span = {start & ~(PAGE - 1), ROUND_UP(start + header->p_memsz)};

        if (header->p_type == PT_TLS)
            local = header->p_memsz + header->p_align;
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_W))
            continue;
        if (is_runtime(first) && own_variable() - span.start < span.end - span.start)
            leave_out(regions, span.start, span.end);
        else
            add_region(regions, (struct mt_region){span, MT_REGION_OBJECT, 0, first});
    }
    return local;
}

/* What a library's relocations have changed and nothing can change any more is variables, too. */
static void add_sealed(struct mt_regions *regions) {
    for (size_t i = 0; i < regions->region_count; i++) {
        const struct mt_span *span = &regions->regions[i].span;

        for (uintptr_t at = span->start; at < span->end;) {
            struct mt_mapping *mapping = (struct mt_mapping *)find(regions, at);

            if (!mapping)
                break;
            if (mapping->readable && !mapping->writable && mapping->private &&
                !mapping->executable && !mapping->kind)
                mapping->kind = MT_REGION_FILE;
            at = mapping->span.end;
        }
    }
}

static size_t add_objects(struct mt_regions *regions) {
    size_t local = 0;

    for (size_t i = 0; i < regions->mapping_count; i++) {
        const struct mt_mapping *mapping = &regions->mappings[i];

        if (mapping->readable && mapping->offset == 0 && mapping->path_length &&
            mapping->path[0] == '/' && !mt_regions_path_is(mapping, "/dev/"))
            local += add_object(regions, mapping);
    }
    add_sealed(regions);
    return local;
}

/* Threads */

/* The variables that this runtime has in each thread. */
static void leave_out_local(struct mt_regions *regions, uintptr_t control_block) {
    uintptr_t own = control_block + ((uintptr_t)&mt_local - (uintptr_t)__builtin_thread_pointer());

    leave_out(regions, own, own + sizeof mt_local);
}

static void add_thread(struct mt_regions *regions, pid_t id, uintptr_t top, uintptr_t block,
                       size_t local) {
    const struct mt_mapping *on = top ? find(regions, top) : NULL;
    const struct mt_mapping *own = block ? find(regions, block) : NULL;
    struct mt_span stack = {top, 0};

    top &= ~(sizeof(uintptr_t) - 1);
    if (block)
        leave_out_local(regions, block);
    if (!on) {
        regions->all_stacks = true;
        return;
    }
    stack = (struct mt_span){top, on->span.end};
    if (on == own && block > top) {
        if (block + BLOCK_BYTES < stack.end)
            stack.end = block + BLOCK_BYTES;
    } else if (own) {
        /* Of the process's first thread, or of one that is on another stack just now. */
        if (is_guarded(regions, own) && !on->is_stack)
            add_region(regions,
                       (struct mt_region){
                           {own->span.start, block + BLOCK_BYTES}, MT_REGION_STACK, id, own});
        else
            add_region(regions, (struct mt_region){
                                    {block - local, block + BLOCK_BYTES}, MT_REGION_TLS, id, own});
    }
    if (on->is_stack || (is_guarded(regions, on) && (!block || on == own)))
        leave_out(regions, on->span.start, top);
    add_region(regions, (struct mt_region){stack, MT_REGION_STACK, id, on});
}

/* The stacks of the runtime's threads, which have the size that they were made with. */
static void leave_out_own(uintptr_t block, void *data) {
    uintptr_t end = ROUND_UP(block + BLOCK_BYTES);

    leave_out(data, end - MT_WRITER_THREAD_STACK, end);
}

void mt_regions_found_block(struct mt_regions *regions, const struct mt_mapping *mapping,
                            uintptr_t block, const struct mt_stop *stop,
                            const struct mt_exiting *exiting) {
    const struct mt_span stack = {mapping->span.start, block + BLOCK_BYTES};

    if (regions->all_stacks || !is_guarded(regions, mapping) || block == exiting->control_block)
        return;
    for (size_t i = 0; i < stop->count; i++) {
        const struct mt_stopped *thread = &stop->threads[i];

        if (thread->control_block == block ||
            (!thread->control_block && thread->stack_pointer - stack.start < block - stack.start))
            return;
    }
    add_region(regions, (struct mt_region){stack, MT_REGION_ENDED, 0, mapping});
}

static void sort(struct mt_span *spans, size_t count) {
    size_t gap = 1;

    while (gap < count / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (size_t i = gap; i < count; i++) {
            struct mt_span span = spans[i];
            size_t at = i;

            for (; at >= gap && spans[at - gap].start > span.start; at -= gap)
                spans[at] = spans[at - gap];
            spans[at] = span;
        }
    }
}

void mt_regions_prepare(struct mt_regions *regions) {
    mt_live_each(leave_out_pages, regions);
}

bool mt_regions_read(struct mt_regions *regions, const struct mt_stop *stop,
                     const struct mt_exiting *exiting) {
    size_t size, local;

    if (!read_text(regions, &size))
        return false;
    parse_text(regions, size);
    local = add_objects(regions);
    regions->all_stacks = !stop->all;
    add_thread(regions, exiting->id, exiting->stack_pointer, exiting->control_block, local);
    for (size_t i = 0; i < stop->count; i++) {
        const struct mt_stopped *thread = &stop->threads[i];

        if (!thread->gone)
            add_thread(regions, thread->id,
                       thread->stack_pointer ? thread->stack_pointer - RED_ZONE : 0,
                       thread->control_block, local);
    }
    mt_writer_thread_each(leave_out_own, regions);
    if (!mt_os_memory_each(leave_out_pages, regions))
        regions->full = true;
    sort(regions->left_out, regions->left_out_count);
    return true;
}
