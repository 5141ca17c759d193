/* What REFERENCES blocks say: what the process had in its memory at its end that looked like
 * pointers to blocks. The summary is read with the definitions; the rest is large, and read only by
 * who follows it. */
#ifndef MT_TRACE_REFERENCES_H
#define MT_TRACE_REFERENCES_H

#include "trace/bytes.h"
#include "trace/reader.h"

/* Whether there was a scan, and what it took. */
struct scan_def {
    bool present;
    uint8_t result; /* enum mt_scan_result, or one of a later version */
    uint64_t flags; /* enum mt_scan_flags */
    uint64_t ns;
    uint64_t bytes;   /* that were looked at */
    uint64_t words;   /* that were kept */
    uint64_t threads; /* besides the one that ended the process */
    uint64_t stopped; /* of those, whose registers were read */
};

struct memory_region {
    uint64_t start;
    uint64_t end;
    uint8_t kind; /* enum mt_region_kind, or one of a later version */
    struct cursor name;
};

/* Each may be NULL; false ends the reading, with the error filled. */
struct references_visitor {
    bool (*region)(void *data, const struct memory_region *region, struct error *error);
    bool (*word)(void *data, uint64_t address, uint64_t value, struct error *error);
    bool (*in_register)(void *data, uint64_t value, struct error *error);
    void *data;
};

/* All blocks, in the order of the file: words come by rising address. False if one is malformed:
 * the error names the rule, *offset the block. */
bool references_read(const struct reader *reader, const struct references_visitor *visitor,
                     uint64_t *offset, struct error *error);

struct defs;

/* As the functions of parse.h: takes a summary, and passes over the rest. */
bool parse_references(struct defs *defs, struct cursor *in, uint32_t count, struct error *error);

/* Blocks that may be a summary are no larger. */
enum { MT_SUMMARY_MAX = 256 };

#endif
