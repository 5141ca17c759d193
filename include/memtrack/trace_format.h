/* What the runtime and the analyzer agree on: the bytes of a trace. docs/trace-format.md is the
 * specification; this header holds its constants and fixed-size headers, and no code.
 *
 * All integers are little-endian. Times are ticks of the process's clock (CLOCK blocks relate them
 * to nanoseconds).
 */
#ifndef MEMTRACK_TRACE_FORMAT_H
#define MEMTRACK_TRACE_FORMAT_H

#include <stdint.h>

/* The first byte is not ASCII and CR LF stand in it, so that a transfer that takes the file for
 * text is noticed. */
#define MT_FILE_MAGIC "\x89MTRK\r\n\x1a"
#define MT_FILE_MAGIC_SIZE 8
#define MT_TRACE_VERSION 4
#define MT_TRACE_VERSION_MIN 1 /* readers know how to read what is older */

struct mt_file_header {
    uint8_t magic[MT_FILE_MAGIC_SIZE];
    uint16_t version;         /* MT_TRACE_VERSION; a reader refuses what it does not know */
    uint16_t header_size;     /* offset of the first block */
    uint32_t flags;           /* enum mt_file_flags */
    uint64_t trace_id;        /* random */
    uint64_t parent_trace_id; /* of the nearest ancestor by fork that had one; 0 none */
    uint32_t pid;
    uint32_t parent_pid;
    uint64_t start_ticks;
    uint64_t start_realtime_ns; /* since 1970-01-01 UTC */
    uint64_t checksum;          /* XXH3-64 of the bytes before it */
};

enum mt_file_flags {
    MT_FILE_CLOCK_TSC = 1 << 0, /* ticks are the CPU's time stamp counter, else nanoseconds */
};

#define MT_BLOCK_MAGIC 0x314b424du /* the bytes "MBK1" */

/* A reader may refuse larger ones: they bound its memory against a hostile file. */
#define MT_BLOCK_MAX_RAW (16u << 20)
#define MT_BLOCK_MAX_EVENTS (1u << 20)

struct mt_block_header {
    uint32_t magic;
    uint16_t kind;        /* enum mt_block_kind; unknown kinds are skipped */
    uint16_t flags;       /* enum mt_block_flags */
    uint32_t thread;      /* EVENTS: id of the recording thread, from 1; else 0 */
    uint32_t count;       /* records in the block */
    uint32_t stored_size; /* bytes of payload after this header */
    uint32_t raw_size;    /* bytes of payload when decompressed */
    uint64_t first_ticks; /* EVENTS: time of the first event; else 0 */
    uint64_t last_ticks;  /* EVENTS: time of the last event; else 0 */
    uint64_t first_event; /* EVENTS: events this thread recorded before this block; else 0 */
    uint64_t checksum;    /* XXH3-64 of the header's bytes before it and the stored payload */
};

enum mt_block_kind {
    MT_BLOCK_EVENTS = 1,
    MT_BLOCK_SITES = 2,
    MT_BLOCK_CONTEXTS = 3,
    MT_BLOCK_THREADS = 4,
    MT_BLOCK_PROCESS = 5,
    MT_BLOCK_CLOCK = 6,
    MT_BLOCK_LOSS = 7,
    MT_BLOCK_END = 8,
    MT_BLOCK_DEFINITIONS =
        9, /* records of the kinds SITES, CONTEXTS, THREADS, MARKS, each framed */
    MT_BLOCK_MARKS = 10,
    MT_BLOCK_PROFILE = 11,    /* what the events of a process add up to, in their place */
    MT_BLOCK_REFERENCES = 12, /* what pointed into the heap at the end */
};

/* What a REFERENCES payload is, by its first byte. */
enum mt_references_part {
    MT_REFERENCES_SUMMARY = 0,
    MT_REFERENCES_REGIONS = 1,
    MT_REFERENCES_WORDS = 2,
    MT_REFERENCES_REGISTERS = 3,
};

/* Of a summary: whether there was a scan, or why there was none. */
enum mt_scan_result {
    MT_SCAN_DONE = 0,
    MT_SCAN_OFF = 1,       /* leaks=off */
    MT_SCAN_MODE = 2,      /* mode=profile, or a sample: blocks are not known */
    MT_SCAN_TOO_LARGE = 3, /* leaks_max_mb */
    MT_SCAN_NO_MAPS = 4,   /* /proc/self could not be read */
    MT_SCAN_REFUSED = 5,   /* by a seccomp filter, or one may kill for it */
    MT_SCAN_NO_MEMORY = 6, /* for the scan, or too many regions */
    MT_SCAN_NO_SPACE = 7,  /* the trace ended before: max_trace_mb, a full disk */
};

enum mt_scan_flags {
    MT_SCAN_REGISTERS = 1 << 0,  /* other threads were stopped, and their registers read */
    MT_SCAN_ALL_STACKS = 1 << 1, /* of some thread it is not known where its stack is: all of any
                                    stack counts, also of threads that have ended */
    MT_SCAN_HIDDEN = 1 << 2,     /* there may be live blocks that the trace does not know */
};

/* Of what memory is. Where regions overlap, the one of the lower number counts. */
enum mt_region_kind {
    MT_REGION_STACK = 1,  /* of a live thread, from where its stack ends */
    MT_REGION_TLS = 2,    /* its thread-local variables */
    MT_REGION_ENDED = 3,  /* stack and thread-local variables of a thread that has ended */
    MT_REGION_OBJECT = 4, /* variables of the program or of a library */
    MT_REGION_HEAP = 5,   /* what the kernel calls so */
    MT_REGION_ANONYMOUS = 6,
    MT_REGION_FILE = 7, /* a file that is mapped */
};
#define MT_REFERENCES_PAGE 4096 /* what words are counted in, whatever the pages of the machine */

/* Records of a PROFILE payload. */
enum mt_profile_record {
    MT_PROFILE_TOTALS = 1,
    MT_PROFILE_CONTEXT = 2,
    MT_PROFILE_THREAD = 3,
    MT_PROFILE_POINT = 4, /* of a course in time */
};

enum mt_profile_flags {
    MT_PROFILE_INCOMPLETE = 1 << 0, /* for want of memory some blocks were not followed */
};

enum mt_mark_kind {
    MT_MARK_PHASE = 1,
    MT_MARK_PAUSE = 2, /* from here on allocations are not recorded, deallocations are */
    MT_MARK_RESUME = 3,
    MT_MARK_SNAPSHOT = 4,
};

enum mt_block_flags {
    MT_BLOCK_ZSTD = 1 << 0,      /* the payload is one zstd frame */
    MT_BLOCK_PREDICTED = 1 << 1, /* EVENTS: in predicted columns; from version 4 on */
    MT_BLOCK_WEIGHTED = 1 << 2,  /* EVENTS: in the other ones, with MT_COLUMN_PROBABILITIES */
    MT_BLOCK_KEY = 1 << 3,       /* EVENTS: predicted from nothing that stands before it */
};

/* Columns of an EVENTS payload, in order; each is preceded in the payload's head by its length. */
enum mt_event_column {
    MT_COLUMN_OPS = 0,       /* one byte an event: operation | (address & 15) << 4 */
    MT_COLUMN_CONTEXTS = 1,  /* varint: context id */
    MT_COLUMN_ADDRESSES = 2, /* zigzag varint: (address >> 4) less that of the event before */
    MT_COLUMN_SIZES = 3,     /* varint, allocations only: bytes asked for */
    MT_COLUMN_TICKS = 4,     /* varint: ticks since the event before; first since first_ticks */
    MT_COLUMN_COUNT = 5,
    MT_COLUMN_PROBABILITIES = 5, /* varint, allocations only: of 65536, that it is recorded; 0: 1 */
    MT_COLUMNS_WEIGHTED = 6,
};

/* Columns of an EVENTS payload with flag PREDICTED, in order. */
enum mt_predicted_column {
    MT_PREDICTED_TAGS = 0,      /* one byte an event: enum mt_guess, MT_TAG_SIZE, MT_TAG_SYMBOL */
    MT_PREDICTED_SYMBOLS = 1,   /* varint: context id << 3 | operation */
    MT_PREDICTED_SIZES = 2,     /* varint */
    MT_PREDICTED_STEPS = 3,     /* one byte: a place in a list */
    MT_PREDICTED_SLOTS = 4,     /* zigzag varint: a slot less the one before */
    MT_PREDICTED_ADDRESSES = 5, /* of allocations and pools: varint, and a byte if it is odd */
    MT_PREDICTED_ENDS = 6,      /* the same, of deallocations */
    MT_PREDICTED_TICKS = 7,     /* varint: units of 2^shift ticks since the event before */
    MT_PREDICTED_COUNT = 8,
};

/* Where an address was found, in bits 0 to 2 of a tag. The list of an allocation is that of the
 * free blocks of its class, a deallocation's that of the live blocks. */
enum mt_guess {
    MT_GUESS_NEWEST = 0, /* the end of the list */
    MT_GUESS_OLDER = 1,  /* what was older than the last one taken from the list */
    MT_GUESS_NEWER = 2,  /* what was newer */
    MT_GUESS_BUMP = 3,   /* allocation: behind the last one that was placed so */
    MT_GUESS_OLDER_2 = 3,
    MT_GUESS_ENDED = 4, /* allocation: what was freed last */
    MT_GUESS_NEWER_2 = 4,
    MT_GUESS_CONTEXT = 5, /* allocation: what its context got last */
    MT_GUESS_SLOT = 5,    /* deallocation: column SLOTS says */
    MT_GUESS_STEPS = 6,   /* column STEPS says */
    MT_GUESS_NONE = 7,    /* column ADDRESSES or ENDS says */
};
#define MT_TAG_GUESS 0x07
#define MT_TAG_SIZE 0x18 /* 0 or 1: the candidate of this number; 2: column SIZES says */
#define MT_TAG_SIZE_SHIFT 3
#define MT_TAG_SYMBOL 0x60 /* the same of context and operation */
#define MT_TAG_SYMBOL_SHIFT 5

/* What a predictor holds: at most 2^slots blocks and 2^tables entries a table. */
#define MT_PREDICTED_SLOTS_MIN 9
#define MT_PREDICTED_SLOTS_MAX 18
#define MT_PREDICTED_TABLES_MIN 8
#define MT_PREDICTED_TABLES_MAX 12
#define MT_PREDICTED_SHIFT_MAX 16
#define MT_PREDICTED_CONTEXT_BITS 29
#define MT_PREDICTED_ADDRESS_BITS 48
#define MT_PREDICTED_NEAR 8      /* codes of STEPS from the newest; as many from the last taken */
#define MT_PREDICTED_CLASS_MIN 2 /* classes of sizes, up to and including */
#define MT_PREDICTED_CLASS_MAX 111
#define MT_PREDICTED_POOL_LISTS 110 /* lists of free pool blocks come so much later */
#define MT_PREDICTED_LISTS (MT_PREDICTED_CLASS_MAX + MT_PREDICTED_POOL_LISTS + 1)

enum mt_event_op {
    MT_OP_ALLOC = 0,
    MT_OP_FREE = 1,
    MT_OP_REALLOC_ALLOC = 2, /* the block a realloc returned */
    MT_OP_REALLOC_FREE = 3,  /* the block that realloc was given; directly before its other half */
    MT_OP_POOL_ALLOC = 4,    /* a block that an annotated allocator handed out, */
    MT_OP_POOL_FREE = 5,     /* or took back: never counted with the heap */
    MT_OP_IN_POOL = 6,       /* no event: the address is the pool of the thread's next one */
};
#define MT_OP_MASK 0x07

enum mt_loss_reason {
    MT_LOSS_BUFFERS_FULL = 1, /* overflow=drop, or no memory for a buffer */
    MT_LOSS_TRACE_LIMIT = 2,  /* max_trace_mb reached */
    MT_LOSS_WRITE_ERROR = 3,  /* the disk is full, the file went away */
    MT_LOSS_SIGNAL = 4,       /* too many events in signal handlers that interrupted recording */
};

enum mt_end_reason {
    MT_END_EXIT = 1, /* exit() or return from main */
};

/* The live file, TRACE.live: what a process has recorded and not yet appended to its trace.
 * Segments of MT_LIVE_SEGMENT bytes; the first is the header, the others begin with a head. All of
 * it can change while it is read, if the process still runs. */
#define MT_LIVE_MAGIC "\x89MTLV\r\n\x1a"
#define MT_LIVE_SUFFIX ".live"
#define MT_LIVE_SEGMENT 65536
#define MT_LIVE_HEAD 64

struct mt_live_clock {
    uint64_t ticks;
    uint64_t monotonic_ns;
    uint64_t realtime_ns;
};

struct mt_live_header {
    uint8_t magic[MT_FILE_MAGIC_SIZE];
    uint16_t version; /* MT_TRACE_VERSION */
    uint16_t reserved;
    uint32_t segment_size; /* MT_LIVE_SEGMENT */
    uint64_t trace_id;     /* of the trace it belongs to */
    uint32_t pid;
    uint32_t clock;                 /* the pair below that holds, 0 or 1 */
    struct mt_live_clock clocks[2]; /* times taken together, the latest there are */
    uint64_t lost[8];               /* events lost so far, by enum mt_loss_reason */
};

enum mt_live_kind {
    MT_LIVE_FREE = 0,
    MT_LIVE_EVENTS = 1,      /* records of one thread */
    MT_LIVE_DEFINITIONS = 2, /* a piece of the stream of definitions */
    MT_LIVE_PROFILE = 3,     /* totals that grow in place */
};

struct mt_live_head {
    uint64_t private_to_process[2];
    uint64_t first_ticks; /* EVENTS: what the first record's ticks count from */
    uint64_t first_event; /* EVENTS: events of the thread before these; DEFINITIONS: bytes before;
                             PROFILE: the id of the first entry */
    uint32_t used;        /* EVENTS: complete 8-byte words; DEFINITIONS, PROFILE: bytes */
    uint32_t kind;        /* enum mt_live_kind */
    uint32_t thread;      /* EVENTS: the thread's id; PROFILE: enum mt_live_profile_part */
    uint32_t generation;  /* changes when the segment gets another use */
    uint32_t private_too[2];
    uint32_t first_record; /* DEFINITIONS: where the first record starts that starts here */
    uint32_t
        taken; /* EVENTS: words that are taken, where the totals do not tell the thread apart */
};

/* PROFILE segments: one of totals, and as many of the others as there are ids. An entry's id is its
 * place after the segment's first_event. */
enum mt_live_profile_part {
    MT_LIVE_PROFILE_TOTALS = 0,
    MT_LIVE_PROFILE_CONTEXTS = 1,
    MT_LIVE_PROFILE_THREADS = 2,
};
#define MT_LIVE_PROFILE_ENTRIES 512 /* in a segment of the latter two */
#define MT_PROFILE_POINTS 512       /* at the most */
#define MT_PROFILE_THREADS 65536    /* told apart; those of higher ids are one, of id 0 */

struct mt_profile_context {
    uint64_t live; /* bytes */
    uint64_t live_blocks;
    uint64_t epoch;   /* of the last change; if that is not the totals': */
    uint64_t at_peak; /* bytes at the peak are `live`, else this; as are */
    uint64_t blocks_at_peak;
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees; /* of blocks allocated here */
    uint64_t temporary;
    uint64_t temporary_bytes;
    double lifetime_ticks; /* sum over the freed blocks */
    uint64_t reserved;
};

struct mt_profile_thread {
    uint64_t records; /* of its events, that the totals know: what follows is in EVENTS segments */
    uint64_t pool_records; /* of those, such as are not of the heap's events */
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees; /* made by it */
    uint64_t live;  /* bytes allocated by it */
    uint64_t live_blocks;
    uint64_t peak; /* the most that `live` ever was */
    uint64_t freed_by_others;
    uint64_t temporary;
    uint64_t last_allocation; /* address */
};

struct mt_profile_point {
    uint64_t ticks;
    uint64_t live;
    uint64_t live_blocks;
    uint64_t allocations; /* so far */
};

struct mt_profile_totals {
    uint64_t flags; /* enum mt_profile_flags */
    uint64_t events;
    uint64_t pool_events; /* of custom allocators: not in any other figure */
    uint64_t allocations;
    uint64_t live;
    uint64_t live_blocks;
    uint64_t peak;
    uint64_t peak_ticks;
    uint64_t epoch;           /* grows with each new peak */
    uint64_t unmatched_frees; /* of memory whose allocation was not recorded */
    uint64_t missed_frees;    /* blocks whose address was given out again without a free */
    uint64_t untracked_blocks;
    uint64_t untracked_bytes;
    uint64_t last_ticks; /* of the last event */
    uint64_t interval;   /* ticks between points, at least */
    uint64_t point_count;
    struct mt_profile_point points[MT_PROFILE_POINTS];
};

/* The records of an EVENTS segment.
 *
 *   word 0   bits  0-47  address        48-50  operation      51-63  size, bits 12-24
 *   word 1   bits  0-27  ticks since the event before         28-51  context id
 *            bits 52-63  size, bits 0-11
 *
 * What does not fit (a size of 32 MiB and more, a pause of 2^28 ticks, an address from 2^48 up)
 * takes three records: one with operation MT_RECORD_OP_EXTENDED and, as word 1, the absolute time;
 * {address, size}; {operation, context id}. So does an allocation with a probability, of which
 * 16 bits stand above the operation, in bits 32-47. */
#define MT_RECORD_WORDS 2
#define MT_RECORD_EXTENDED_WORDS (3 * MT_RECORD_WORDS)
#define MT_RECORD_OP_EXTENDED 7u
#define MT_RECORD_SIZE_BITS 25
#define MT_RECORD_TICK_BITS 28
#define MT_RECORD_ADDRESS_BITS 48
#define MT_RECORD_CONTEXT_BITS 24

#ifndef __cplusplus
_Static_assert(sizeof(struct mt_live_head) == MT_LIVE_HEAD, "documented size");
_Static_assert(sizeof(struct mt_live_header) <= 4096, "one page");
_Static_assert(sizeof(struct mt_profile_context) == 96, "documented size");
_Static_assert(sizeof(struct mt_profile_thread) == 88, "documented size");
_Static_assert(sizeof(struct mt_profile_totals) == 16 * 8 + MT_PROFILE_POINTS * 32,
               "documented size");
_Static_assert(sizeof(struct mt_file_header) == 64, "documented size");
_Static_assert(sizeof(struct mt_block_header) == 56, "documented size");
#endif

#endif
