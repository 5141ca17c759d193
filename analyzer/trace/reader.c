#define XXH_INLINE_ALL
#include "trace/reader.h"

#include "trace/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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

bool reader_open_bytes(struct reader *reader, const void *bytes, size_t size, struct error *error) {
    *reader = (struct reader){.map = bytes, .size = size};
    if (check_file_header(reader, error) && scan_blocks(reader, error))
        return true;
    reader_close(reader);
    return false;
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
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const void *map = NULL;
    size_t size = 0;
    bool mapped;

    *reader = (struct reader){0};
    if (fd < 0)
        return error_set(error, "%s", strerror(errno));
    mapped = map_file(fd, &map, &size, error);
    close(fd);
    if (!mapped)
        return false;
    if (reader_open_bytes(reader, map, size, error)) {
        reader->mapped = true;
        return true;
    }
    if (size)
        munmap((void *)map, size);
    return false;
}

void reader_close(struct reader *reader) {
    if (reader->mapped)
        munmap((void *)reader->map, reader->size);
    free(reader->blocks);
    free(reader->streams);
    id_map_free(&reader->stream_of_thread);
    *reader = (struct reader){0};
}

struct mt_block_header reader_block_header(const struct reader *reader, uint64_t offset) {
    struct mt_block_header header;

    memcpy(&header, reader->map + offset, sizeof(header));
    return header;
}

static bool reserve_payload(struct payload *payload, size_t size) {
    size_t capacity = size + MT_PAYLOAD_PADDING;

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
    const uint8_t *stored = reader->map + offset + sizeof(header);

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
    memset(payload->bytes + payload->size, 0, MT_PAYLOAD_PADDING);
    return true;
}

void payload_free(struct payload *payload) {
    free(payload->bytes);
    ZSTD_freeDCtx(payload->decompressor);
    *payload = (struct payload){0};
}
