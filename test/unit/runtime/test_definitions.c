/* The stream of definitions, cut into blocks. */
#include "definitions.h"
#include "os_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_BYTES (MT_DEFINITIONS_MAX - MT_BLOCK_OVERHEAD)

enum { LONG = 127, SHORT = (BLOCK_BYTES - 1) % (LONG + 3) - 2 };

static void add(size_t size) {
    static uint8_t data[LONG];
    struct mt_bytes payload = {data, size};

    assert_true(mt_definitions_add(MT_BLOCK_MARKS, &payload));
}

static struct mt_block_header put(struct mt_bytes *out) {
    struct mt_block_header header;

    out->size = 0;
    assert_true(mt_definitions_put(out));
    memcpy(&header, out->data, sizeof header);
    return header;
}

/* The first byte of a record's length, which has all bits but the topmost clear, is the last that
 * fits a block. */
static void test_cut_in_length(void **state) {
    struct mt_bytes out = {mt_os_memory_map(MT_DEFINITIONS_MAX), 0};
    const uint32_t records = 1 + (BLOCK_BYTES - 1) / (LONG + 3);
    struct mt_block_header header;

    (void)state;
    assert_non_null(out.data);
    assert_true(mt_block_start(1));
    add(SHORT);
    for (uint32_t i = 1; i < records + 10; i++)
        add(LONG);
    header = put(&out);
    assert_int_equal(header.count, records);
    assert_int_equal(header.raw_size, BLOCK_BYTES - 1);
    header = put(&out);
    assert_int_equal(header.count, 10);
    assert_int_equal(header.raw_size, 10 * (LONG + 3));
    assert_false(mt_definitions_put(&out));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut_in_length)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
