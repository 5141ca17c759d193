#define _GNU_SOURCE
#include "live.h"

#include "clock.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "os_memory.h"
#include "queue.h"
#include "record.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define FIRST_BYTES (256u << 10)

/* The disk is the trace's first. */
#define LEAVE_FREE (16 * MIB)

/* Each is a quarter of what there is, so these are enough for any buffer_mb. */
#define CHUNKS 128

struct chunk {
    void *memory;
    size_t size;
};

static struct mt_pool pool;
static struct mt_lock lock; /* guards what follows */
static struct chunk chunks[CHUNKS];
static unsigned chunk_count;
static char *unused, *unused_end; /* segments of the last chunk */
static uint64_t file_size;
static bool growing; /* there is a file, and it may grow */
static dev_t device;
static ino_t inode;
static char path[4 * MT_OPTION_STRING_SIZE];
static _Atomic(struct mt_live_header *) header; /* NULL: no file */
static _Atomic bool noting_clock;

static bool complain(const char *what, int error) {
    mt_log("a crash would lose the last events: ", what, path, NULL);
    if (error)
        mt_log("  ", mt_log_error_name(error), NULL, NULL);
    return false;
}

static bool write_zeros(int file, uint64_t offset, uint64_t size) {
    static const char zeros[4096];

    for (uint64_t end = offset + size; offset < end; offset += sizeof zeros)
        if (pwrite(file, zeros, sizeof zeros, (off_t)offset) != (ssize_t)sizeof zeros)
            return false;
    return true;
}

static bool reserve(int file, uint64_t offset, uint64_t size) {
    struct statvfs status;

    errno = ENOSPC;
    if (fstatvfs(file, &status) != 0 ||
        (uint64_t)status.f_bavail * status.f_frsize < size + LEAVE_FREE)
        return false;
    if (fallocate(file, 0, (off_t)offset, (off_t)size) == 0)
        return true;
    return errno == EOPNOTSUPP && write_zeros(file, offset, size);
}

/* Under the lock: a limit of the file's size, too, ends in an error here and in no signal. */
static bool map_chunk(int file, uint64_t size) {
    struct chunk *chunk = &chunks[chunk_count];

    if (chunk_count == CHUNKS || !reserve(file, file_size, size))
        return false;
    chunk->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)file_size);
    if (chunk->memory == MAP_FAILED)
        return false;
    chunk->size = size;
    chunk_count++;
    file_size += size;
    unused = chunk->memory;
    unused_end = unused + size;
    return true;
}

/* An earlier process's of that name, which nobody needs any more. One that was killed while it made
 * the file has left nothing in it, or zeros. */
static bool is_replaceable(void) {
    uint8_t magic[MT_FILE_MAGIC_SIZE] = {0};
    static const uint8_t none[MT_FILE_MAGIC_SIZE];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool ours = file >= 0 && read(file, magic, sizeof magic) >= 0 &&
                (!memcmp(magic, MT_LIVE_MAGIC, sizeof magic) || !memcmp(magic, none, sizeof none));

    if (file >= 0)
        close(file);
    return ours;
}

static int create(void) {
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
    int file = open(path, flags, 0600);

    if (file < 0 && errno == EEXIST && is_replaceable() && unlink(path) == 0)
        file = open(path, flags, 0600);
    return file;
}

static bool prepare_file(int file, uint64_t trace_id) {
    struct mt_live_header *head;
    struct stat status;

    if (fstat(file, &status) != 0 || !map_chunk(file, FIRST_BYTES))
        return false;
    device = status.st_dev;
    inode = status.st_ino;
    head = (void *)unused;
    unused += MT_LIVE_SEGMENT;
    head->version = MT_TRACE_VERSION;
    head->segment_size = MT_LIVE_SEGMENT;
    head->trace_id = trace_id;
    head->pid = (uint32_t)getpid();
    memcpy(head->magic, MT_LIVE_MAGIC, sizeof head->magic);
    atomic_store(&header, head);
    return true;
}

void mt_live_open(const char *trace_path, uint64_t trace_id) {
    struct mt_text text = MT_TEXT(path);
    int file;

    mt_text_add(&text, trace_path);
    mt_text_add(&text, MT_LIVE_SUFFIX);
    mt_lock_take(&lock);
    file_size = 0;
    file = create();
    growing = file >= 0 && prepare_file(file, trace_id);
    if (!growing)
        complain("cannot make ", errno);
    if (file >= 0) {
        if (!growing)
            unlink(path);
        close(file);
    }
    mt_lock_release(&lock);
    mt_live_note_clock();
}

/* By its name, since a descriptor would be the program's to close. */
static bool grow(void) {
    uint64_t quarter = file_size / 4 / MIB * MIB;
    struct stat status;
    int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
    bool ours =
        file >= 0 && fstat(file, &status) == 0 && status.st_dev == device && status.st_ino == inode;

    growing = ours && map_chunk(file, quarter > MIB ? quarter : MIB);
    if (!growing)
        complain("cannot enlarge ", ours || file < 0 ? errno : ENOENT);
    if (file >= 0)
        close(file);
    return growing;
}

static struct mt_buffer *carve(void) {
    struct mt_buffer *segment = NULL;

    mt_lock_take(&lock);
    if (unused < unused_end || (growing && grow())) {
        segment = (void *)unused;
        unused += MT_LIVE_SEGMENT;
    }
    mt_lock_release(&lock);
    return segment;
}

struct mt_buffer *mt_live_take(void) {
    struct mt_buffer *segment = mt_pool_take(&pool);

    if (!segment)
        segment = carve();
    return segment ? segment : mt_os_memory_map(sizeof *segment);
}

void mt_live_give(struct mt_buffer *segment) {
    atomic_store_explicit(&segment->kind, MT_LIVE_FREE, memory_order_release);
    mt_pool_put(&pool, segment);
}

bool mt_live_is_file(void) {
    return atomic_load(&header) != NULL;
}

void mt_live_note_loss(enum mt_loss_reason reason, uint64_t events) {
    struct mt_live_header *head = atomic_load(&header);

    if (head)
        __atomic_fetch_add(&head->lost[reason], events, __ATOMIC_RELAXED);
}

void mt_live_note_clock(void) {
    struct mt_live_header *head = atomic_load(&header);
    struct mt_live_clock *clock;
    uint32_t other;

    if (!head || atomic_exchange(&noting_clock, true))
        return;
    other = !head->clock;
    clock = &head->clocks[other];
    clock->ticks = mt_clock_ticks();
    clock->monotonic_ns = mt_clock_nanoseconds(CLOCK_MONOTONIC);
    clock->realtime_ns = mt_clock_nanoseconds(CLOCK_REALTIME);
    __atomic_store_n(&head->clock, other, __ATOMIC_RELEASE);
    atomic_store(&noting_clock, false);
}

void mt_live_each(void (*visit)(uintptr_t start, uintptr_t end, void *data), void *data) {
    mt_lock_take(&lock);
    for (unsigned i = 0; i < chunk_count; i++)
        visit((uintptr_t)chunks[i].memory, (uintptr_t)chunks[i].memory + chunks[i].size, data);
    mt_lock_release(&lock);
}

void mt_live_close(bool keep) {
    struct stat status;

    mt_lock_take(&lock);
    growing = false;
    if (atomic_exchange(&header, NULL) && !keep && lstat(path, &status) == 0 &&
        status.st_dev == device && status.st_ino == inode)
        unlink(path);
    mt_lock_release(&lock);
}

void mt_live_before_fork(void) {
    mt_lock_take(&lock);
}

/* The parent's segments are shared with it. */
static void let_go(bool keep) {
    for (unsigned i = 0; i < chunk_count; i++) {
        const struct chunk *chunk = &chunks[i];

        if (keep)
            mmap(chunk->memory, chunk->size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        else
            munmap(chunk->memory, chunk->size);
    }
    chunk_count = 0;
    unused = unused_end = NULL;
    growing = false;
    atomic_store(&header, NULL);
    atomic_store(&pool.head, 0);
}

void mt_live_after_fork(bool child, bool keep) {
    if (child)
        let_go(keep);
    mt_lock_release(&lock);
}
