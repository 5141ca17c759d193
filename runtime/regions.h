/* What the process has mapped where, and what of it is the program's: for the scan at the end. The
 * runtime's own memory is left out, since it holds the addresses of recent events. By the caller of
 * mt_stop_begin(), while the program stands still; in memory of the caller's. */
#ifndef MT_REGIONS_H
#define MT_REGIONS_H

#include "memtrack/trace_format.h"
#include "stop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mt_span {
    uintptr_t start;
    uintptr_t end;
};

struct mt_mapping {
    struct mt_span span;
    uint64_t offset;
    const char *path; /* not terminated */
    uint16_t path_length;
    bool readable, writable, executable, private;
    uint8_t kind;  /* enum mt_region_kind of what is not told by a region; 0: not to be read */
    bool is_stack; /* the main thread's */
};

struct mt_region {
    struct mt_span span;
    enum mt_region_kind kind;
    pid_t thread; /* of a stack */
    const struct mt_mapping *mapping;
};

#define MT_MAPPINGS_MAX 131072u
#define MT_REGIONS_MAX 65536u
#define MT_SPANS_MAX 262144u
#define MT_MAPS_BYTES ((size_t)24 << 20)

struct mt_regions {
    struct mt_mapping *mappings; /* all, by address */
    size_t mapping_count;
    struct mt_region *regions; /* in no order, overlapping */
    size_t region_count;
    struct mt_span *left_out; /* by address, once mt_regions_read() has returned; may overlap */
    size_t left_out_count;
    bool all_stacks;
    bool full;  /* there was no room for all */
    char *text; /* MT_MAPS_BYTES */
};

/* The thread that exits: what lies below its stack pointer is of no function any more. */
struct mt_exiting {
    pid_t id;
    uintptr_t stack_pointer;
    uintptr_t control_block;
};

/* Before the program's threads are stopped: takes a lock. */
void mt_regions_prepare(struct mt_regions *regions);

/* False: /proc does not tell. */
bool mt_regions_read(struct mt_regions *regions, const struct mt_stop *stop,
                     const struct mt_exiting *exiting);

/* Something that looks like a thread control block: notes the stack of a thread that has ended,
 * unless a thread that lives has it. */
void mt_regions_found_block(struct mt_regions *regions, const struct mt_mapping *mapping,
                            uintptr_t block, const struct mt_stop *stop,
                            const struct mt_exiting *exiting);

/* Set where no other calls are to be made than those for files. By the caller. */
extern bool mt_regions_by_file;

/* Copies memory of this process without ever failing for what is not there: returns how much. */
size_t mt_regions_copy(void *to, uintptr_t from, size_t size);

/* Whether the path of what is mapped, or the kernel's name for it, begins so. */
bool mt_regions_path_is(const struct mt_mapping *mapping, const char *start);

#endif
