#define XXH_INLINE_ALL
#include "trace/reader.h"

#include "trace/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the analyzer reads headers in place and needs a little-endian machine"
#endif

static bool check_file_header(struct reader *reader, struct error *error) {
    struct mt_file_header *header = &reader->header;

    if (reader->size == 0)
        return error_set(error, "is empty: the program wrote nothing, or was not built with "
                                "memtrack-cc");
    if (reader->size < MT_FILE_MAGIC_SIZE ||
        memcmp(reader->map, MT_FILE_MAGIC, MT_FILE_MAGIC_SIZE) != 0)
        return error_set(error, "is not a MemTrack trace (give a file named *.mtrace)");
    if (reader->size < sizeof(*header))
        return error_set(error,
                         "is cut off inside the file header (%zu of %zu bytes): nothing to "
                         "report",
                         reader->size, sizeof(*header));
    memcpy(header, reader->map, sizeof(*header));
    if (header->version < MT_TRACE_VERSION_MIN || header->version > MT_TRACE_VERSION)
        return error_set(error,
                         "trace version %u, this memtrack reads %u to %u: use the memtrack that "
                         "came with the runtime",
                         header->version, MT_TRACE_VERSION_MIN, MT_TRACE_VERSION);
#ifndef MEMTRACK_FUZZ_NO_CHECKSUM
    if (XXH3_64bits(reader->map, offsetof(struct mt_file_header, checksum)) != header->checksum)
        return error_set(error, "has a damaged file header (wrong checksum): nothing to report");
#endif
    if (header->header_size < sizeof(*header))
        return error_set(error, "has a file header of %u bytes, at least %zu are needed",
                         header->header_size, sizeof(*header));
    return true;
}

/* A process that ended in good order has left nothing but the trace. */
static bool join(struct reader *reader, const struct live_image *live, struct error *error) {
    if (reader->kinds[MT_BLOCK_END].blocks || !live->present)
        return true;
    if (live->header.trace_id != reader->header.trace_id) {
        reader->live = READER_LIVE_OTHER;
        return true;
    }
    reader->live = READER_LIVE_JOINED;
    memcpy(reader->live_lost, live->header.lost, sizeof(reader->live_lost));
    reader->joined_events = reader->events;
    if (!live_blocks(live, reader, &reader->joined, &reader->joined_size, error) ||
        !scan_joined(reader, error))
        return false;
    reader->joined_events = reader->events - reader->joined_events;
    return true;
}

static bool open_bytes(struct reader *reader, const void *bytes, size_t size, bool mapped,
                       const struct live_image *live, struct error *error) {
    *reader = (struct reader){.map = bytes, .size = size, .mapped = mapped};
    if (check_file_header(reader, error) && scan_blocks(reader, error) &&
        join(reader, live, error)) {
        scan_finish(reader);
        return true;
    }
    reader_close(reader);
    return false;
}

bool reader_open_live(struct reader *reader, const void *bytes, size_t size,
                      const struct live_image *live, struct error *error) {
    return open_bytes(reader, bytes, size, false, live, error);
}

bool reader_open_bytes(struct reader *reader, const void *bytes, size_t size, struct error *error) {
    const struct live_image none = {0};

    return reader_open_live(reader, bytes, size, &none, error);
}

static bool map_file(int fd, const void **map, size_t *size, struct error *error) {
    struct stat status;

    if (fstat(fd, &status) != 0)
        return error_set(error, "cannot be examined: %s", strerror(errno));
    if (S_ISDIR(status.st_mode))
        return error_set(error, "is a directory (give the trace files in it)");
    if (!S_ISREG(status.st_mode))
        return error_set(error, "is not a regular file (traces cannot be read from a pipe)");
    *size = (size_t)status.st_size;
    *map = "";
    if (*size == 0)
        return true;
    *map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (*map == MAP_FAILED)
        return error_set(error, "cannot be mapped: %s", strerror(errno));
    return true;
}

bool reader_open(struct reader *reader, const char *path, struct error *error) {
    struct error live_fault = {.text = ""};
    struct live_image live;
    const void *map = NULL;
    size_t size = 0;
    bool live_good, running, opened = false;
    int fd;

    *reader = (struct reader){0};
    /* The live file first: what leaves it after this is in the trace. */
    live_good = live_read(&live, path, &live_fault);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        live_free(&live);
        return error_set(error, "%s", strerror(errno));
    }
    if (map_file(fd, &map, &size, error))
        opened = open_bytes(reader, map, size, size != 0, &live, error);
    /* Its process holds a lock. */
    running = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    live_free(&live);
    if (!opened)
        return false;
    reader->running = running && !reader->kinds[MT_BLOCK_END].blocks;
    if (!live_good && !reader->kinds[MT_BLOCK_END].blocks) {
        reader->live = READER_LIVE_FAULT;
        reader->live_fault = live_fault;
    }
    return true;
}

void reader_close(struct reader *reader) {
    if (reader->mapped)
        munmap((void *)reader->map, reader->size);
    free(reader->joined);
    free(reader->blocks);
    free(reader->streams);
    id_map_free(&reader->stream_of_thread);
    *reader = (struct reader){0};
}

void reader_drop_pages(const struct reader *reader) {
    if (reader->mapped)
        madvise((void *)reader->map, reader->size, MADV_DONTNEED);
}

struct mt_block_header reader_block_header(const struct reader *reader, uint64_t offset) {
    struct mt_block_header header;

    memcpy(&header, reader_at(reader, offset), sizeof(header));
    return header;
}

static size_t padding_of(const struct payload *payload) {
    return payload->padding ? payload->padding : MT_PAYLOAD_PADDING;
}

static bool reserve_payload(struct payload *payload, size_t size) {
    size_t capacity = size + padding_of(payload);

    if (payload->capacity < capacity) {
        free(payload->bytes);
        payload->bytes = malloc(capacity);
        payload->capacity = payload->bytes ? capacity : 0;
    }
    if (!payload->decompressor)
        payload->decompressor = ZSTD_createDCtx();
    return payload->bytes && payload->decompressor;
}

bool reader_payload(const struct reader *reader, uint64_t offset, struct payload *payload,
                    struct error *error) {
    struct mt_block_header header = reader_block_header(reader, offset);
    const uint8_t *stored = reader_at(reader, offset) + sizeof(header);

    payload->size = 0;
    if (!reserve_payload(payload, header.raw_size))
        return error_no_memory(error);
    if (header.flags & MT_BLOCK_ZSTD) {
        size_t size = ZSTD_decompressDCtx(payload->decompressor, payload->bytes, header.raw_size,
                                          stored, header.stored_size);

        if (ZSTD_isError(size))
            return error_set(error, "payload is not a zstd frame of raw_size bytes: %s",
                             ZSTD_getErrorName(size));
        if (size != header.raw_size)
            return error_set(error, "payload has %zu bytes, raw_size says %u", size,
                             header.raw_size);
    } else {
        memcpy(payload->bytes, stored, header.raw_size);
    }
    payload->size = header.raw_size;
    memset(payload->bytes + payload->size, 0, padding_of(payload));
    return true;
}

void payload_free(struct payload *payload) {
    free(payload->bytes);
    ZSTD_freeDCtx(payload->decompressor);
    *payload = (struct payload){0};
}
