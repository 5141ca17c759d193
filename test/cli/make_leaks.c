#include "make_leaks.h"

#include <string.h>

enum { REGIONS = 3, WORDS = 6, BLOCKS = 6 };

static const struct built_region regions[REGIONS] = {
    {MT_REGION_OBJECT, 0x555500000000, 8192, "/opt/demo/bin/demo"},
    {MT_REGION_STACK, 0x7ffc00000100, 65280, "[stack]"},
    {MT_REGION_ENDED, 0x7f8800000000, 1 << 20, ""},
};

/* The first three are reachable: by a variable, by the first one, by the stack. Of the others the
 * first holds the second, and a stack that has ended the third. */
static const struct built_event blocks[BLOCKS] = {
    {MT_OP_ALLOC, 1, 0x7f0000001010, 1000, 11000}, {MT_OP_ALLOC, 1, 0x7f0000002010, 100, 12000},
    {MT_OP_ALLOC, 2, 0x7f0000003010, 10, 13000},   {MT_OP_ALLOC, 2, 0x7f0000004010, 64, 14000},
    {MT_OP_ALLOC, 2, 0x7f0000005010, 32, 15000},   {MT_OP_ALLOC, 3, 0x7f0000006010, 4096, 16000},
};
static const struct built_word words[WORDS] = {
    {0x555500000ff8, 0x7f0000001010}, {0x555500001000, 0x7f0000009999},
    {0x7f0000001018, 0x7f0000002015}, {0x7f0000004018, 0x7f0000005010},
    {0x7f8800000f00, 0x7f0000006010}, {0x7ffc00000108, 0x7f0000003010},
};

int make_leaks(struct builder *builder, const char *kind) {
    const uint64_t registers[] = {0x1234};
    int partial = strcmp(kind, "leaks-partial") == 0;

    if (strcmp(kind, "leaks") != 0 && strcmp(kind, "leaks-none") != 0 && !partial)
        return 0;
    builder_begin(builder);
    builder_process_text(builder, "executable", "/opt/demo/bin/demo");
    builder_process_text(builder, "capture", "interposed");
    builder_clock(builder, 1000, 1000, 1700000000000000000);
    for (uint32_t i = 1; i <= 3; i++)
        builder_simple_context(builder, i);
    builder_events(builder, 1, blocks, BLOCKS);
    if (strcmp(kind, "leaks-none") == 0) {
        builder_scan(builder, MT_SCAN_TOO_LARGE, 0, 0);
    } else {
        builder_words(builder, words, partial ? WORDS - 1 : WORDS);
        builder_regions(builder, regions, REGIONS);
        builder_registers(builder, registers, 1);
        builder_scan(builder, MT_SCAN_DONE, MT_SCAN_ALL_STACKS, WORDS);
    }
    builder_clock(builder, 1000000, 1000000, 1700000000001000000);
    builder_end(builder, 1000000);
    return 1;
}
