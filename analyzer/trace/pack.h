/* Blocks in predicted columns as blocks in plain ones. To go on in the middle of a predicted block
 * takes its model, of up to megabytes; in the middle of a plain one, the bytes of its events. So
 * where thousands of streams are in the midst of blocks, these are packed. */
#ifndef MT_TRACE_PACK_H
#define MT_TRACE_PACK_H

#include "trace/decode.h"
#include "trace/reader.h"

/* Larger blocks are not worth the memory that packing takes in between. */
enum { MT_PACK_MOST = 1 << 16 };

/* How a packed block ends: whole, or with a fault in what it was packed from. */
struct pack_end {
    bool fault;
    uint32_t lost; /* events */
    struct error error;
};

/* Decodes a predicted block that was begun and leaves in its place, and in that of its payload, a
 * plain one of its sound events. False if memory is short; then all is as it was. */
bool pack_block(struct decoder *decoder, struct payload *payload, struct pack_end *end);

#endif
