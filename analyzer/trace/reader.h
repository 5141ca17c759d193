/* The file as a list of sound blocks. Opening maps the file and checks every block's checksum once;
 * payloads are decompressed on demand. A damaged stretch is skipped up to the next sound block and
 * accounted for, so that reading never fails once the file header is good.
 */
#ifndef MT_TRACE_READER_H
#define MT_TRACE_READER_H

#include "memtrack/trace_format.h"
#include "trace/damage.h"
#include "trace/live.h"
#include "util/error.h"
#include "util/id_map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_NO_BLOCK UINT32_MAX
#define MT_KNOWN_KINDS (MT_BLOCK_REFERENCES + 1) /* index 0 counts the unknown ones */

/* Room after a decompressed payload for a decoder that checks its position once per chunk. */
#define MT_PAYLOAD_PADDING (16 + 10 * 1024)

/* Events carry their thread's index in 24 bits. */
#define MT_MAX_STREAMS ((1u << 24) - 1)

struct block_ref {
    uint64_t offset; /* of the block header */
    uint32_t next;   /* EVENTS: the thread's next block; else MT_NO_BLOCK */
    uint16_t kind;
    bool predicted; /* EVENTS: in predicted columns */
    bool apart;     /* EVENTS: nothing that its thread wrote before is needed to decode it */
};

/* The blocks of one thread, in file order. */
struct stream {
    uint32_t thread; /* id in the trace */
    uint32_t first_block;
    uint32_t last_block;
    uint64_t first_ticks; /* of the first block */
    uint64_t last_ticks;  /* the latest of all blocks */
    uint64_t events;      /* in sound blocks */
    uint64_t sound_end;   /* event number after the last sound block */
    uint64_t known_end;   /* the same, counting blocks whose loss is certain */
};

struct kind_totals {
    uint64_t blocks;
    uint64_t records;
    uint64_t stored; /* bytes */
    uint64_t raw;
};

/* What became of the live file beside the trace. */
enum reader_live {
    READER_LIVE_NONE,   /* there is none, or the trace has its end and needs none */
    READER_LIVE_JOINED, /* its events follow those of the trace */
    READER_LIVE_OTHER,  /* it belongs to another trace */
    READER_LIVE_FAULT,  /* it cannot be read */
};

struct reader {
    const uint8_t *map;
    size_t size;
    uint8_t *joined; /* blocks from the live file; their offsets begin at `size` */
    size_t joined_size;
    uint64_t joined_events;
    uint64_t live_lost[MT_LOSS_SIGNAL + 1]; /* by reason: what the live file says was lost */
    enum reader_live live;
    struct error live_fault;
    struct mt_file_header header;
    struct block_ref *blocks;
    size_t block_count;
    size_t block_capacity;
    struct stream *streams;
    size_t stream_count;
    size_t stream_capacity;
    struct id_map stream_of_thread;
    struct kind_totals kinds[MT_KNOWN_KINDS];
    struct damage damage;
    uint64_t events;      /* in sound blocks */
    uint64_t lost_events; /* that damage or a cut is known to have cost */
    uint64_t early_ticks; /* by which an event decoded so far may be later than its time says */
    uint64_t hash_budget; /* bytes that resynchronising may still hash */
    bool cut;             /* the file ends inside a block */
    char cut_rule[104];   /* what is wrong there */
    uint64_t cut_at;
    bool weighted; /* events have probabilities */
    bool running;  /* its process still writes it */
    bool mapped;   /* the bytes are ours to unmap */
};

/* Fails if the file cannot be read or is no trace of a known version; the text says what is wrong
 * and does not name the file. */
bool reader_open(struct reader *reader, const char *path, struct error *error);
void reader_close(struct reader *reader);

/* Like reader_open, on bytes that outlive the reader. */
bool reader_open_bytes(struct reader *reader, const void *bytes, size_t size, struct error *error);

/* The same with what a live file adds. */
bool reader_open_live(struct reader *reader, const void *bytes, size_t size,
                      const struct live_image *live, struct error *error);

/* Of a block or what follows in it. */
static inline const uint8_t *reader_at(const struct reader *reader, uint64_t offset) {
    return offset < reader->size ? reader->map + offset : reader->joined + (offset - reader->size);
}

/* Bytes of the file that may be read before its pages are dropped. */
enum { MT_PAGES_KEPT = 16 << 20 };

/* Gives back the memory that the pages read so far take: the kernel has them anyway, and reads them
 * again when they are needed. Any thread may, at any time. */
void reader_drop_pages(const struct reader *reader);

struct mt_block_header reader_block_header(const struct reader *reader, uint64_t offset);

/* A reusable buffer for payloads, and what decompressing needs. */
struct payload {
    uint8_t *bytes; /* size bytes and zero bytes: MT_PAYLOAD_PADDING, or `padding` if that is set */
    size_t size;
    size_t capacity;
    size_t padding;
    struct ZSTD_DCtx_s *decompressor;
};

/* Fills the payload of a block; the error names the rule that the block broke. */
bool reader_payload(const struct reader *reader, uint64_t offset, struct payload *payload,
                    struct error *error);
void payload_free(struct payload *payload);

#endif
