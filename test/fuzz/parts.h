/* An input of fuzz_commands taken apart, so that what is changed in it gets behind what protects a
 * trace from damage. */
#ifndef FUZZ_PARTS_H
#define FUZZ_PARTS_H

#include "fuzz_input.h"
#include "memtrack/trace_format.h"

#include <stdbool.h>
#include <stddef.h>

enum { MAX_BLOCKS = 128, MAX_PAYLOAD = 1 << 18, MAX_POOL = 1 << 20 };

struct part {
    struct mt_block_header header;
    uint8_t *payload; /* decompressed, in the pool */
    uint32_t size;
    bool broken; /* sizes and checksum stay as they are */
};

/* An input taken apart. What follows the last block that can be read is kept as it is. */
struct parts {
    struct fuzz_head head;
    struct mt_file_header file;
    struct part blocks[MAX_BLOCKS];
    unsigned count;
    const uint8_t *rest;
    size_t rest_size;
    const uint8_t *live;
    size_t live_size;
    uint8_t *pool;
    size_t pool_used;
};

/* False if it is too short to have parts. The data outlives them. */
bool parts_take(struct parts *parts, const uint8_t *data, size_t size);

/* Writes as much as there is room for, with the sizes and checksums that belong there, and returns
 * how much. */
size_t parts_join(struct parts *parts, uint8_t *out, size_t max_size);

/* Memory that lasts until parts are taken the next time; NULL if there is no more. */
uint8_t *parts_memory(struct parts *parts, size_t size);

/* The columns of an EVENTS payload, whose lengths stand in its head. */
enum { MAX_COLUMNS = 9 };
struct columns {
    size_t head; /* bytes of the head before the lengths; predicted ones only */
    uint32_t sizes[MAX_COLUMNS];
    const uint8_t *begins[MAX_COLUMNS];
    unsigned count;
};

bool columns_find(const struct part *part, struct columns *columns);

/* Writes the payload anew, of which only columns have changed: the number of events and the time
 * of the last one follow from them. `out` has room for the columns and 64 bytes more. */
void columns_join(struct part *part, const struct columns *columns, uint8_t *out);

/* Returns how many bytes it takes. */
size_t varint_put(uint8_t *bytes, uint64_t value);
uint64_t varint_take(const uint8_t *bytes, size_t size, size_t *at);

#endif
