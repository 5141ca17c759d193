/* The live file beside a trace: what its process had recorded and not appended when it was killed,
 * or has not yet. It becomes further blocks behind those of the trace, so that nothing else has to
 * know of it. docs/trace-format.md specifies the file.
 */
#ifndef MT_TRACE_LIVE_H
#define MT_TRACE_LIVE_H

#include "memtrack/trace_format.h"
#include "util/error.h"
#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

struct live_segment {
    struct mt_live_head head;
    uint8_t *content; /* head.used words or bytes */
};

/* A copy, since the file changes while its process runs. */
struct live_image {
    bool present;
    struct mt_live_header header;
    MT_LIST(struct live_segment) segments;
};

/* Reads the live file of the trace at `path`. No such file is no failure. A file that is none, or
 * is damaged, is one; the text says what is wrong and names the file. The image is to be freed in
 * any case. */
bool live_read(struct live_image *image, const char *path, struct error *error);
void live_free(struct live_image *image);

/* The bytes of the blocks that the image adds to the reader's, of which only what the trace does
 * not hold yet; NULL with *size 0 if there are none. Fails only for lack of memory. */
bool live_blocks(const struct live_image *image, const struct reader *reader, uint8_t **bytes,
                 size_t *size, struct error *error);

#endif
