/* What a live file adds to a trace. */
#include "trace/live.h"
#include "trace/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CONTENT = MT_LIVE_SEGMENT - MT_LIVE_HEAD, TAIL = 1000 };

static const uint8_t record[] = {7, MT_BLOCK_THREADS, 1, 2, 3, 0, 1, 'x'};

static uint8_t *add_definitions(struct live_image *image, uint64_t before, uint32_t used,
                                uint32_t first_record) {
    struct live_segment *segment = MT_LIST_ADD(image->segments);

    assert_non_null(segment);
    segment->head = (struct mt_live_head){.kind = MT_LIVE_DEFINITIONS,
                                          .first_event = before,
                                          .used = used,
                                          .first_record = first_record};
    segment->content = calloc(1, used);
    assert_non_null(segment->content);
    return segment->content;
}

/* The trace holds what began in a segment that is gone, went on through the whole next one, and
 * ends in a third. */
static void test_long_record(void **state) {
    const uint64_t before = UINT64_C(5) * CONTENT;
    struct live_image image = {.present = true};
    const struct reader reader = {0};
    struct mt_block_header header;
    struct error error;
    uint8_t *bytes;
    size_t size;

    (void)state;
    add_definitions(&image, before, CONTENT, UINT32_MAX);
    memcpy(add_definitions(&image, before + CONTENT, TAIL + sizeof(record), TAIL) + TAIL, record,
           sizeof(record));
    assert_true(live_blocks(&image, &reader, &bytes, &size, &error));
    assert_int_equal(size, sizeof(header) + sizeof(record));
    memcpy(&header, bytes, sizeof(header));
    assert_int_equal(header.kind, MT_BLOCK_DEFINITIONS);
    assert_int_equal(header.count, 1);
    assert_memory_equal(bytes + sizeof(header), record, sizeof(record));
    free(bytes);
    live_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_long_record)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
